"""What messaging tells the rooms below it."""

import pytest
from django.urls import reverse

from apps.contacts.selectors import timeline_page
from apps.messaging.models import Recipient
from apps.segments.selectors import segment_uses
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db


class TestSegmentUses:
    """A segment is everybody's; the drafts that are for it are not."""

    def test_a_draft_that_the_reader_may_not_know_is_told_without_its_name(self, owner, lead):
        segment, hidden = SegmentFactory(), MessageFactory(name="Hidden")
        hidden.segments.add(segment)

        told = {user: segment_uses([segment.pk], user=user)[segment.pk] for user in (owner, lead, None)}

        assert told[lead] == [("Hidden", reverse("messaging:detail", args=[hidden.pk]))]
        assert told[owner] == told[None] == [("A message of others", "")]


class TestTemplateUses:
    """A template is everybody's; which campaigns use it is not."""

    def test_messages_of_campaigns_that_one_may_not_know_are_only_counted(self, login, owner):
        own = MessageFactory(name="Own", campaign__channel__owner=owner)
        MessageFactory(name="Hidden", template=own.template)
        MessageFactory(name="Secret", template=own.template)

        page = login(owner).get(reverse("content:detail", args=[own.template_id])).content.decode()
        listed = login(owner).get(reverse("content:list")).content.decode()

        assert reverse("messaging:detail", args=[own.pk]) in page
        assert "and 2 others, in campaigns that you are not part of" in page
        for shown in (page, listed):
            assert "Hidden" not in shown
            assert "Secret" not in shown

    def test_who_may_know_them_all_sees_them_all(self, login, lead):
        own = MessageFactory(name="Own")
        MessageFactory(name="Other", template=own.template)

        page = login(lead).get(reverse("content:detail", args=[own.template_id])).content.decode()

        assert "Other" in page
        assert "not part of" not in page


class TestTimeline:
    def test_pages_of_one_moment_have_everything_once(self, noon):
        contact = ContactFactory()
        Recipient.objects.bulk_create(  # ids of two lengths
            RecipientFactory.build(
                pk=pk, message=MessageFactory(launched=True, name=f"M{pk}"), contact=contact, state="sent",
                finished_at=noon,
            )
            for pk in range(96, 104)
        )  # fmt: skip

        seen, cursor = [], ""
        while True:
            page = timeline_page(contact, now=noon, cursor=cursor, size=3)
            seen += [entry.text for entry in page.entries if entry.kind == "message"]
            if not (cursor := page.older):
                break

        assert seen == [f"Got “M{pk}”" for pk in range(103, 95, -1)]
