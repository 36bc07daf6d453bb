from datetime import UTC, date, datetime

import pytest

from apps.messaging import calendar
from apps.segments.models import SegmentMember
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
TENTH = datetime(2030, 3, 10, 9, 0, tzinfo=UTC)
MARCH = (date(2030, 3, 1), date(2030, 3, 31))


def join(segment, contact, at):
    SegmentMember.objects.create(segment=segment, contact=contact, since_at=at)


class TestMarks:
    def test_tell_the_day_of_what_goes_out_and_not_of_what_was_cancelled(self, lead):
        message = MessageFactory(scheduled_at=TENTH, name="Offer")
        MessageFactory(
            campaign=message.campaign, channel=message.channel, local_date="2030-03-11", local_time="09:00"
        )
        MessageFactory(
            campaign=message.campaign,
            channel=message.channel,
            scheduled_at=TENTH,
            launched=True,
            state="cancelled",
        )

        found = list(calendar.marks(lead, [message.campaign_id], *MARCH))

        assert [mark.day for mark in found] == [date(2030, 3, 10), date(2030, 3, 11)]
        assert (found[0].text, found[0].channel) == ("Offer", "email")

    def test_tell_nothing_to_whom_messages_are_no_business(self):
        message = MessageFactory(scheduled_at=TENTH)

        assert list(calendar.marks(UserFactory(is_active=False), [message.campaign_id], *MARCH)) == []


class TestPressure:
    def test_counts_by_day_who_is_in_the_segment_and_still_to_be_written_to(self):
        segment = AudienceFactory()
        waiting = RecipientFactory(state="planned", due_at=TENTH)
        sent = RecipientFactory(message=waiting.message, state="sent", due_at=TENTH)
        outside = RecipientFactory(message=waiting.message, state="planned", due_at=TENTH)
        for recipient in (waiting, sent):
            join(segment, recipient.contact, TENTH)
        draft = MessageFactory(scheduled_at=TENTH, segments=[AudienceFactory()])
        join(draft.segments.get(), waiting.contact, TENTH)
        join(draft.segments.get(), outside.contact, TENTH)

        assert calendar.pressure(segment.pk, *MARCH) == {date(2030, 3, 10): 2}
        assert calendar.pressure(segment.pk, date(2030, 3, 11), date(2030, 3, 31)) == {}
