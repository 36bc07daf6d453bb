"""Why a person got a message, or did not: each rule's answer, from stored facts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.contacts.models import ConsentStatus
from apps.core import clock
from apps.messaging import ledger, services
from apps.messaging.models import Recipient
from apps.messaging.selectors import contact_why, recipient_checks
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    QuietHoursFactory,
    RecipientFactory,
    SendingPolicyFactory,
)
from tests.messaging.test_caps import send, write
from tests.messaging.test_policy import seed_that_draws

pytestmark = pytest.mark.django_db
State = Recipient.State
NIGHT = datetime(2026, 11, 27, 22, tzinfo=UTC)


def results(row):
    row.refresh_from_db()
    return {check.rule: check.result for check in recipient_checks(row, now=clock.now())}


def detail(row, rule):
    return next(check.detail for check in recipient_checks(row, now=clock.now()) if check.rule == rule)


class TestRecipientChecks:
    def test_of_who_got_it_all_have_passed(self, noon):
        row = RecipientFactory()
        send(noon)

        assert set(results(row).values()) == {"passed"}
        assert detail(row, "server") == "250 ok"

    def test_of_who_waits_the_last_ones_are_not_asked_yet(self):
        asked = results(RecipientFactory())

        assert asked["hour"] == "passed"
        assert {rule for rule, result in asked.items() if result == "not_asked"} == {
            "not_cancelled",
            "reachable_still",
            "quiet_hours",
            "caps",
            "server",
        }

    def test_nothing_is_asked_after_a_no(self, noon, lead):
        contact = ContactFactory(consent=ConsentStatus.UNSUBSCRIBED)
        contact.consent_events.create(
            channel="email", status=ConsentStatus.UNSUBSCRIBED, at=noon - timedelta(hours=1)
        )
        ContactFactory()
        message = MessageFactory()
        services.message_launch(message=message, by=lead, now=noon)

        row = message.recipients.get(contact=contact)
        asked = results(row)

        assert (asked["audience"], asked["reachable"], asked["control_group"]) == (
            "passed",
            "stopped",
            "not_asked",
        )
        assert detail(row, "reachable") == "No consent · E-mail: Unsubscribed on 1 March 2030, 11:00 (UTC)"
        assert asked["server"] == "not_asked"

    def test_the_control_group(self, noon, lead):
        contact, other = ContactFactory.create_batch(2)
        seed = seed_that_draws(contact, leaves=[other])
        SendingPolicyFactory(control_percent=50, control_seed=seed)
        message = MessageFactory()
        services.message_launch(message=message, by=lead, now=noon)

        assert results(message.recipients.get(contact=contact))["control_group"] == "stopped"

    def test_a_cap_says_which(self, noon):
        FrequencyCapFactory(most=1, days=7)
        contact = ContactFactory()
        for _time in range(2):
            write(contact, noon)

        row = contact.recipients.get(state=State.SKIPPED)
        asked = results(row)

        assert (asked["reachable_still"], asked["quiet_hours"], asked["caps"]) == (
            "passed",
            "passed",
            "stopped",
        )
        had = contact.recipients.get(state=State.SENT).message.name
        assert detail(row, "caps") == f"At most 1 message in 7 calendar days · had by then: “{had}”"

    def test_quiet_hours_say_until_when_and_afterwards_that_they_held(self):
        QuietHoursFactory()
        row = RecipientFactory(contact__timezone="Europe/Paris")
        send(NIGHT)

        assert results(row)["quiet_hours"] == "held"
        told = "Quiet hours from 21:00 to 08:00, by the clock of Europe/Paris"
        held = f"{told} · held until 28 November 2026, 08:00 (Europe/Paris)"
        assert detail(row, "quiet_hours") == held
        assert contact_why(row.contact, row.message, now=NIGHT).sentence == f"Planned: {held}"

        morning = datetime(2026, 11, 28, 7, tzinfo=UTC)
        ledger.queue_due(now=morning)
        send(morning)
        assert results(row)["quiet_hours"] == "passed"
        assert detail(row, "quiet_hours") == held

    @pytest.mark.parametrize(
        ("state", "rule"), [(State.EXPIRED, "not_after"), (State.CANCELLED, "not_cancelled")]
    )
    def test_what_ended_in_line_says_why(self, noon, state, rule):
        row = RecipientFactory(state=state, message__not_after=noon, finished_at=noon)

        assert results(row)[rule] == "stopped"

    def test_a_mail_that_could_not_be_built_was_asked_of_no_server(self):
        row = RecipientFactory(state=State.FAILED, answer="The template fails on this contact's data: no")

        asked = results(row)

        assert (asked["mail"], asked["not_cancelled"], asked["server"]) == (
            "stopped",
            "not_asked",
            "not_asked",
        )
        assert detail(row, "mail").endswith("data: no")

    def test_who_waits_in_a_paused_message_is_told_why_it_is(self):
        row = RecipientFactory(message__state="paused", message__pause_reason="Too many refusals")

        assert (results(row)["not_paused"], detail(row, "not_paused")) == ("held", "Too many refusals")

    def test_a_refusal_is_the_servers(self, noon):
        row = RecipientFactory(state=State.FAILED, attempts=1, answer="550 no", finished_at=noon)

        assert (results(row)["server"], detail(row, "server")) == ("stopped", "550 no")


class TestPages:
    def test_the_recipients_page_shows_each_rule(self, login, lead, noon):
        FrequencyCapFactory(most=1)
        contact = ContactFactory()
        for _time in range(2):
            write(contact, noon)
        row = contact.recipients.get(state=State.SKIPPED)

        page = login(lead).get(reverse("messaging:recipient", args=[row.pk])).content.decode()

        for told in ("Within the frequency caps", "At most 1 message a calendar day", "not asked"):
            assert told in page
        assert "Had as many messages as a cap allows" in page

    def test_the_profile_says_until_when_a_message_waits(self, login, lead, noon):
        row = RecipientFactory(state=State.PLANNED, due_at=noon + timedelta(days=1))

        page = login(lead).get(reverse("messaging:contact", args=[row.contact_id])).content.decode()

        assert "waits until" in page

    def test_over_the_api(self, api, lead, noon):
        row = RecipientFactory()
        send(noon)

        url = reverse("api:contact-why-why", args=[row.contact_id])
        told = api(lead, "messages:read").get(url, {"message": row.message_id}).json()

        checks = told["rows"][0]["checks"]
        assert checks[0] == {"rule": "audience", "result": "passed", "detail": ""}
        assert checks[-1] == {"rule": "server", "result": "passed", "detail": "250 ok"}
