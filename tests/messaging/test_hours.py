"""Quiet hours and hours where people are: what they hold, until when, and where clocks change."""

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.messaging import hours, ledger, services, sql
from apps.messaging.audience import choice_of, promise
from apps.messaging.models import CapTally, QuietHours, Recipient, RuleNote
from apps.messaging.services import MessageNotLaunchable, MessageRefused
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    QuietHoursFactory,
    RecipientFactory,
    SendingPolicyFactory,
)
from tests.messaging.test_caps import addressed

pytestmark = pytest.mark.django_db
State = Recipient.State
PARIS, LORD_HOWE, KIRITIMATI = "Europe/Paris", "Australia/Lord_Howe", "Pacific/Kiritimati"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def quiet_end(zone, now, starts, ends):
    end = hours.quiet_end("clock", "%(zone)s", starts="%(starts)s::time", ends="%(ends)s::time")
    asked = {"now": now, "zone": zone, "starts": time.fromisoformat(starts), "ends": time.fromisoformat(ends)}
    [(found,)] = sql.rows(
        f"SELECT {end} FROM (SELECT {hours.local('%(now)s::timestamptz', '%(zone)s')} AS clock) AS here",
        asked,
    )
    return found


class TestQuietEnd:
    @pytest.mark.parametrize(
        ("zone", "now", "quiet", "end"),
        [
            (PARIS, "2026-11-27T22:30", ("21:00", "08:00"), "2026-11-28T07:00"),
            (PARIS, "2026-11-28T06:30", ("21:00", "08:00"), "2026-11-28T07:00"),
            (PARIS, "2026-11-28T07:00", ("21:00", "08:00"), None),  # 08:00: over
            (PARIS, "2026-11-28T20:00", ("21:00", "08:00"), "2026-11-29T07:00"),  # 21:00: begun
            (PARIS, "2026-11-28T13:00", ("13:00", "15:00"), "2026-11-28T14:00"),
            (PARIS, "2026-11-28T11:59", ("13:00", "15:00"), None),
            (KIRITIMATI, "2026-11-27T08:00", ("21:00", "08:00"), "2026-11-27T18:00"),  # UTC+14
            # 02:30 does not come: clocks go from 02:00 to 03:00
            (PARIS, "2026-03-29T00:30", ("22:00", "02:30"), "2026-03-29T01:30"),
            # 02:30 comes twice: the second is the end
            (PARIS, "2026-10-25T00:10", ("22:00", "02:30"), "2026-10-25T01:30"),
            (PARIS, "2026-10-25T01:10", ("22:00", "02:30"), "2026-10-25T01:30"),
            # Half an hour, from 02:00 to 02:30, and back from 02:00 to 01:30
            (LORD_HOWE, "2026-10-03T15:00", ("22:00", "02:15"), "2026-10-03T15:45"),
            (LORD_HOWE, "2026-04-04T14:35", ("22:00", "01:45"), "2026-04-04T15:15"),
            # A day that did not come: from the 29th to the 31st
            ("Pacific/Apia", "2011-12-30T08:00", ("21:00", "08:00"), "2011-12-30T18:00"),
        ],
    )
    def test_is_the_hour_on_the_persons_clock(self, zone, now, quiet, end):
        found = quiet_end(zone, utc(now), *quiet)

        assert found == (end and utc(end))
        assert found is None or found > utc(now)


class TestHold:
    EVENING = utc("2026-11-27T20:30")  # 21:30 in Paris

    def begun(self, row, now):
        """Claim and begin it; return it, and whether it may be handed over."""
        lease = ledger.claim(limit=1, now=now)
        going = ledger.advance(lease, outcomes={}, batch=addressed(lease, row.message_id), now=now)
        row.refresh_from_db()
        return row, going == {row.pk}

    def test_puts_a_row_back_until_they_end_and_then_lets_it_go(self):
        QuietHoursFactory()
        row = RecipientFactory(contact__timezone=PARIS)

        row, went = self.begun(row, self.EVENING)

        assert not went
        morning = utc("2026-11-28T07:00")
        assert (row.state, row.due_at, row.lease_token, row.attempts) == (State.PLANNED, morning, None, 0)
        note = RuleNote.objects.get()
        assert (note.recipient, note.rule, note.at, note.until) == (row, "quiet", self.EVENING, morning)
        assert note.facts == {"starts": "21:00:00", "ends": "08:00:00", "zone": PARIS}

        ledger.queue_due(now=morning - timedelta(seconds=1))
        assert ledger.claim(limit=1, now=morning) is None
        ledger.queue_due(now=morning)
        assert self.begun(row, morning)[1]

    @pytest.mark.parametrize(
        ("zone", "goes"), [("America/New_York", True), ("", False), ("Nowhere/Land", False)]
    )
    def test_asks_the_clock_where_the_person_is(self, zone, goes):
        SendingPolicyFactory(timezone=PARIS)
        QuietHoursFactory()

        assert self.begun(RecipientFactory(contact__timezone=zone), self.EVENING)[1] == goes

    def test_holds_nothing_while_it_is_not_in_force(self):
        QuietHoursFactory(is_active=False)

        assert self.begun(RecipientFactory(contact__timezone=PARIS), self.EVENING)[1]

    def test_does_not_count_for_a_cap(self):
        QuietHoursFactory()
        FrequencyCapFactory(most=1)
        row = RecipientFactory(contact__timezone=PARIS)

        row, _went = self.begun(row, self.EVENING)

        assert (row.state, CapTally.objects.count()) == (State.PLANNED, 0)

    def test_a_cap_is_asked_when_they_are_over(self):
        QuietHoursFactory()
        FrequencyCapFactory(most=1)
        morning = utc("2026-11-28T07:00")
        contact = ContactFactory(timezone=PARIS)
        first, second = (RecipientFactory(contact=contact) for _ in range(2))

        ends = [self.begun(row, morning) for row in (first, second)]

        assert [(row.state, went) for row, went in ends] == [(State.SENDING, True), (State.SKIPPED, False)]

    def test_what_would_come_too_late_expires(self):
        QuietHoursFactory()
        row = RecipientFactory(contact__timezone=PARIS, message__not_after=utc("2026-11-28T01:00"))
        self.begun(row, self.EVENING)

        ledger.expire(now=utc("2026-11-28T01:00"))

        row.refresh_from_db()
        assert row.state == State.EXPIRED

    def test_the_message_stays_open(self):
        QuietHoursFactory()
        row = RecipientFactory(contact__timezone=PARIS)
        self.begun(row, self.EVENING)

        assert ledger.finish(now=self.EVENING) == []


class TestLaunch:
    NOON = utc("2026-11-27T12:00")
    WALL = datetime.fromisoformat("2026-11-29T09:00")

    def local(self, **hours):
        wall = hours.pop("wall", self.WALL)
        return MessageFactory(local_date=wall.date(), local_time=wall.time(), **hours)

    def due(self, message):
        rows = message.recipients.select_related("contact")
        return {row.contact.timezone: (row.state, row.due_at) for row in rows}

    def test_gives_each_person_the_hour_of_their_own_clock(self, lead):
        SendingPolicyFactory(timezone=PARIS)
        for zone in (PARIS, KIRITIMATI, "America/New_York", "", "Nowhere/Land"):
            ContactFactory(timezone=zone)
        message = self.local()

        message = services.message_launch(message=message, by=lead, now=self.NOON)

        morning = (State.PLANNED, utc("2026-11-29T08:00"))
        first = utc("2026-11-28T19:00")
        assert self.due(message) == {
            PARIS: morning,
            "": morning,
            "Nowhere/Land": morning,
            KIRITIMATI: (State.PLANNED, first),
            "America/New_York": (State.PLANNED, utc("2026-11-29T14:00")),
        }
        assert message.scheduled_at == first

    def test_an_hour_that_a_clock_skips_is_the_one_after(self, lead):
        ContactFactory(timezone=LORD_HOWE)
        message = self.local(wall=datetime.fromisoformat("2027-10-03T02:10"))

        services.message_launch(message=message, by=lead, now=self.NOON)

        assert self.due(message)[LORD_HOWE][1] == utc("2027-10-02T15:40")  # 02:40

    def test_says_who_would_get_it_late_and_sends_it_to_them_at_once(self, lead):
        for zone in (PARIS, KIRITIMATI):
            ContactFactory(timezone=zone)
        message = self.local()
        now = utc("2026-11-28T20:00")  # 10:00 on the 29th where the day begins

        promised = promise(choice_of(message), now=now)
        services.message_launch(message=message, by=lead, now=now, promised=promised.recipients)

        assert (promised.recipients, promised.late, promised.held) == (2, 1, 0)
        assert self.due(message)[KIRITIMATI] == (State.QUEUED, now)
        assert self.due(message)[PARIS][0] == State.PLANNED

    def test_nobody_is_late_from_25_hours_ahead_on(self):
        for zone in (KIRITIMATI, "Pacific/Niue"):
            ContactFactory(timezone=zone)
        SendingPolicyFactory(
            timezone="Pacific/Niue"
        )  # UTC−11, so the beginning of the day is 25 hours before
        wall_in_niue = self.WALL.replace(tzinfo=UTC) + timedelta(hours=11)

        late = [
            promise(choice_of(self.local()), now=wall_in_niue - ahead).late
            for ahead in (timedelta(hours=25, minutes=1), timedelta(hours=24, minutes=59))
        ]

        assert late == [0, 1]

    def test_an_hour_that_has_passed_everywhere_is_refused(self, lead):
        ContactFactory()
        message = self.local()

        with pytest.raises(MessageNotLaunchable, match="Pick a time in the future"):
            services.message_launch(message=message, by=lead, now=utc("2026-11-29T21:00"))

        assert not message.recipients.exists()

    def test_a_moment_told_at_launch_is_one_for_all(self, lead):
        ContactFactory(timezone=KIRITIMATI)
        message = self.local()
        at = self.NOON + timedelta(hours=1)

        message = services.message_launch(message=message, by=lead, now=self.NOON, send_at=at)

        assert (self.due(message), message.local_at) == ({KIRITIMATI: (State.PLANNED, at)}, None)

    def test_plans_for_after_the_quiet_hours(self, lead):
        QuietHoursFactory()
        for zone in (PARIS, KIRITIMATI):
            ContactFactory(timezone=zone)
        message = MessageFactory()

        promised = promise(choice_of(message), now=self.NOON)  # 02:00 where the day begins
        services.message_launch(message=message, by=lead, now=self.NOON)

        assert (promised.late, promised.held) == (0, 1)
        assert self.due(message) == {
            PARIS: (State.QUEUED, self.NOON),
            KIRITIMATI: (State.PLANNED, utc("2026-11-27T18:00")),
        }


class TestDraft:
    def test_keeps_the_hour_as_it_was_typed(self, login, lead):
        lead.timezone = "America/New_York"
        lead.save()
        message = MessageFactory()
        told = {"name": "Autumn", "scheduled_at": "2026-11-29T09:00", "is_local": "on"}
        client = login(lead)

        client.post(reverse("messaging:settings-edit", args=[message.pk]), told)

        message.refresh_from_db()
        assert (message.local_at, message.scheduled_at) == (datetime.fromisoformat("2026-11-29T09:00"), None)
        page = client.get(reverse("messaging:settings-edit", args=[message.pk])).content.decode()
        assert 'value="2026-11-29T09:00"' in page
        review = client.get(reverse("messaging:detail", args=[message.pk])).content.decode()
        assert "Goes out at 09:00 on 29 November 2026, by the clock where each person is." in review

    def test_needs_an_hour(self, login, lead):
        message = MessageFactory()

        response = login(lead).post(
            reverse("messaging:settings-edit", args=[message.pk]), {"name": "Autumn", "is_local": "on"}
        )

        assert list(response.context["form"].errors) == ["scheduled_at"]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"scheduled_at": utc("2026-11-29T09:00")}, "scheduled_at"),
            ({"not_after": utc("2026-11-29T20:00")}, "not_after"),  # 08:00 at UTC−12
        ],
    )
    def test_refuses_hours_that_cannot_be(self, noon, lead, fields, field):
        message = MessageFactory()

        with pytest.raises(MessageRefused) as refusal:
            services.message_update(
                message=message,
                fields={"local_at": datetime.fromisoformat("2026-11-29T09:00"), **fields},
                by=lead,
                now=noon,
            )

        assert refusal.value.field == field
        message.refresh_from_db()
        assert message.local_at is None

    def test_over_the_api(self, api, lead):
        message = MessageFactory()
        client = api(lead, "messages:read", "messages:write")
        told = {"schedule": {"local_time": "2026-11-29T09:00"}}

        answer = client.patch(reverse("api:message-detail", args=[message.pk]), told, format="json").json()

        assert answer["schedule"] == {"send_at": None, "local_time": "2026-11-29T09:00", "not_after": None}


class TestPages:
    def fields(self, **changes):
        return {"channel": "email", "starts": "21:00", "ends": "08:00", "is_active": "on"} | changes

    def test_a_lead_adds_changes_and_deletes_them(self, login, lead):
        client = login(lead)

        made = client.post(reverse("messaging:quiet-create"), self.fields())
        quiet = QuietHours.objects.get()
        client.post(reverse("messaging:quiet", args=[quiet.pk]), self.fields(starts="20:30"))
        page = client.get(reverse("messaging:policy")).content.decode()
        client.post(reverse("messaging:quiet-delete", args=[quiet.pk]))

        assert made.headers["Location"] == reverse("messaging:policy")
        assert "From 20:30 to 08:00" in page
        assert not QuietHours.objects.exists()
        acts = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert list(acts) == [f"quiethours.{act}" for act in ("created", "changed", "deleted")]

    def test_hours_without_an_end_are_refused(self, login, lead):
        response = login(lead).post(reverse("messaging:quiet-create"), self.fields(ends="21:00"))

        assert "Quiet hours begin and end at different times." in response.content.decode()
        assert not QuietHours.objects.exists()

    def test_a_marketer_changes_nothing(self, login):
        quiet = QuietHoursFactory()

        response = login(UserFactory(role=User.Role.MARKETER)).post(
            reverse("messaging:quiet", args=[quiet.pk]), self.fields(starts="20:00")
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert QuietHours.objects.get().starts == time(21)

    def test_over_the_api(self, api, lead):
        client = api(lead, "sending-rules:read", "sending-rules:write")

        made = client.post(reverse("api:quiet-hours-list"), self.fields(is_active=True), format="json").json()
        changed = client.patch(
            reverse("api:quiet-hours-detail", args=[made["id"]]), {"ends": "21:00"}, format="json"
        )

        assert (made["starts"], made["ends"]) == ("21:00", "08:00")
        assert changed.status_code == HTTPStatus.BAD_REQUEST
        assert QuietHours.objects.get().ends == time(8)
