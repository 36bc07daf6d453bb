"""How fast a message goes, and who is put off until when: what the running page and the API reckon with."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.core import clock
from apps.messaging import audience, services
from apps.messaging.models import Message, Recipient, RuleNote
from apps.messaging.selectors import (
    Standing,
    message_ledger,
    message_pace,
    recipient_checks,
    recipients_told,
)
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    DeliveryReportFactory,
    MessageFactory,
    QuietHoursFactory,
    RateLimitFactory,
    RecipientFactory,
)

pytestmark = pytest.mark.django_db
State = Recipient.State
EVENING = datetime(2026, 11, 27, 21, tzinfo=UTC)  # 22:00 in Paris, 16:00 in New York
MORNING = datetime(2026, 11, 28, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def sent(message, *times):
    for at in times:
        RecipientFactory(message=message, state=State.SENT, finished_at=at)


class TestPace:
    def test_a_pause_is_no_part_of_the_rate_after_it(self, noon):
        message = MessageFactory(launched=True)
        sent(message, noon - 50 * SECOND, noon - 49 * SECOND, noon - 4 * SECOND, noon - 2 * SECOND)
        RecipientFactory.create_batch(3, message=message)
        Message.objects.filter(pk=message.pk).update(resumed_at=noon - 5 * SECOND)
        message.refresh_from_db()

        pace = message_pace(message, message_ledger(message), now=noon)

        assert (pace.per_minute, pace.left) == (30, 6 * SECOND)

    def test_nothing_is_waited_for_longer_than_until_it_expires(self, noon):
        message = MessageFactory(launched=True, not_after=noon + 60 * SECOND)

        pace = message_pace(message, message_ledger(message), now=noon, held_until=noon + 90 * SECOND)

        assert pace.left == 60 * SECOND

    def test_right_after_a_resume_nothing_is_guessed(self, noon, lead):
        message = MessageFactory(launched=True)
        sent(message, noon - 50 * SECOND)
        RecipientFactory(message=message)
        message = services.message_pause(message=message, by=lead, now=noon - 40 * SECOND)
        message = services.message_resume(message=message, by=lead, now=noon - SECOND)

        pace = message_pace(message, message_ledger(message), now=noon)

        assert (pace.per_minute, pace.left) == (0, None)


@pytest.fixture
def put_off(lead):
    """A message launched in the evening: Ann is in Paris, where it is quiet; Bob is not."""
    QuietHoursFactory()
    ContactFactory(email="ann@example.com", timezone="Europe/Paris")
    ContactFactory(email="bob@example.com", timezone="America/New_York")
    message = MessageFactory()
    return services.message_launch(message=message, by=lead, now=EVENING, undo_seconds=60)


class TestPutOffAtLaunch:
    def test_has_the_rule_noted_as_it_was(self, put_off):
        note = RuleNote.objects.get()

        assert (note.recipient.address, note.rule, note.until) == ("ann@example.com", "quiet", MORNING)
        assert note.facts == {"starts": "21:00:00", "ends": "08:00:00", "zone": "Europe/Paris"}

    def test_an_undone_launch_leaves_no_note(self, put_off, lead):
        services.message_undo(message=put_off, by=lead, now=EVENING + SECOND)

        assert not RuleNote.objects.exists()

    def test_the_estimate_reckons_with_them(self, put_off, login, lead):
        delays = Standing.of(put_off).delays
        assert [(one.cause, one.people, one.until) for one in delays] == [
            ("hour", 1, EVENING + 60 * SECOND),
            ("quiet_hours", 1, MORNING),
        ]

        page = login(lead).get(reverse("messaging:detail", args=[put_off.pk])).content.decode()

        assert "1 person waits for the end of the quiet hours where they are:" in page

    def test_a_list_says_what_each_waits_for(self, put_off):
        told = {row.address: why for row, why in recipients_told(list(put_off.recipients.all()))}

        quiet = "Quiet hours from 21:00 to 08:00, by the clock of Europe/Paris"
        assert told["ann@example.com"] == f"{quiet} · waits until 28 November 2026, 08:00 (Europe/Paris)"
        assert told["bob@example.com"] == "waits until 27 November 2026, 16:01 (America/New_York)"

    def test_over_the_api(self, put_off, api, lead):
        program = api(lead, "messages:read")

        delays = program.get(reverse("api:message-ledger", args=[put_off.pk])).json()["delays"]
        rows = program.get(reverse("api:message-recipients", args=[put_off.pk])).json()["results"]

        assert {
            "cause": "quiet_hours",
            "people": 1,
            "until": "2026-11-28T07:00:00Z",
            "latest": "2026-11-28T07:00:00Z",
            "detail": "",
        } in delays
        assert {row["address"]: row["delay"]["cause"] for row in rows} == {
            "ann@example.com": "quiet_hours",
            "bob@example.com": "hour",
        }


class TestDelaysOverTheApi:
    @pytest.fixture
    def message(self, noon):
        """One put off by a server, one put aside for a limit."""
        message = MessageFactory(launched=True)
        RecipientFactory(message=message, state=State.PLANNED, attempts=1, answer="451 later", due_at=noon)
        limit = RateLimitFactory(sender=None, domain="example.com", most=10, per="hour")
        RecipientFactory(message=message, state=State.PLANNED, waits_for=limit)
        return message

    def told(self, program, message):
        found = program.get(reverse("api:message-ledger", args=[message.pk])).json()["delays"]
        return {one["cause"]: one for one in found}

    def test_says_who_told_whom_to_wait(self, api, lead, message):
        found = self.told(api(lead, "messages:read"), message)

        assert set(found) == {"mail_server", "rate_limit"}
        assert (found["mail_server"]["people"], found["mail_server"]["detail"]) == (1, "451 later")
        assert found["mail_server"]["until"] == "2030-03-01T12:00:00Z"
        assert found["rate_limit"]["people"] == 1
        assert found["rate_limit"]["detail"].startswith("Limited to 10")

    def test_of_a_paused_message_nobody(self, api, lead, message):
        Message.objects.filter(pk=message.pk).update(state="paused")

        assert self.told(api(lead, "messages:read"), message) == {}


def test_what_came_back_is_told_in_the_list_and_in_the_checks(login, lead):
    report = DeliveryReportFactory(answer="550 no such user")
    row = report.recipient

    [(_row, told)] = recipients_told([row])
    page = login(lead).get(reverse("messaging:recipient", args=[row.pk])).content.decode()

    assert told == "Came back: No such address · 5.1.1 · 550 no such user"
    assert "It did not come back" in page


def test_of_whom_there_is_nothing_to_tell_the_profile_tells_nothing(login, lead):
    row = RecipientFactory(state=State.QUEUED, attempts=1, answer="451 later")  # in line again

    page = login(lead).get(reverse("messaging:contact", args=[row.contact_id])).content.decode()

    assert f'<span class="table-sub">{row.message.campaign.name}</span>' in page


def test_who_was_put_aside_for_a_limit_is_not_said_to_have_met_a_cap(login, lead, noon):
    limit = RateLimitFactory(sender=None, domain="example.com", most=10, per="hour")
    row = RecipientFactory(state=State.PLANNED, waits_for=limit)
    facts = {"most": 10, "per": "hour", "domain": "example.com"}
    RuleNote.objects.create(
        recipient=row, contact=row.contact, rule=RuleNote.Rule.RATE, at=clock.now(), facts=facts
    )

    page = login(lead).get(reverse("messaging:recipient", args=[row.pk])).content.decode()

    assert "Put aside until its domain’s limit has room" in page
    assert "a cap allows" not in page


def test_whom_quiet_hours_hold_until_it_expires_is_told_before_the_launch_and_after(login, lead):
    QuietHoursFactory()
    ContactFactory(timezone="Europe/Paris")
    ContactFactory(timezone="America/New_York")
    message = MessageFactory(not_after=MORNING - SECOND)

    assert audience.promise(audience.choice_of(message), now=EVENING).expiring == 1
    services.message_launch(message=message, by=lead, now=EVENING)
    services.messages_send(now=MORNING)

    row = message.recipients.get(contact__timezone="Europe/Paris")
    checks = {check.rule: check for check in recipient_checks(row, now=MORNING)}
    assert checks["not_after"].detail == (
        "Until 28 November 2026, 06:59 (UTC) · Quiet hours from 21:00 to 08:00, by the clock of "
        "Europe/Paris · held until 28 November 2026, 08:00 (Europe/Paris)"
    )
