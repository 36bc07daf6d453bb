from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from apps.campaigns import ical, services
from apps.campaigns.models import CalendarFeed
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, CalendarFeedFactory, TaskFactory
from tests.factories.collaboration import SavedViewFactory

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


def read(content):
    """Read a calendar as RFC 5545 says, by other means than it was written: unfold, split, unquote."""
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    events, event = [], None
    for line in content.decode().replace("\r\n ", "").split("\r\n"):
        name, _colon, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            event = {}
        elif line == "END:VEVENT":
            events.append(event)
            event = None
        elif event is not None:
            plain, letters = "", iter(value)
            for letter in letters:
                plain += {"n": "\n"}.get(quoted := next(letters), quoted) if letter == "\\" else letter
            event[name.partition(";")[0]] = plain
    return events


class TestWrite:
    def test_what_is_written_is_read_back_whatever_is_in_it(self):
        name = "Back\\slash; comma, two\nlines " + "🚀 حملة" * 40
        entry = ical.Entry(
            "a@bookend", date(2030, 3, 1), date(2030, 3, 31), name, "https://x.example/1", NOON, 3
        )

        (event,) = read(ical.calendar_write("Campaigns", [entry], now=NOON))

        assert event["SUMMARY"] == name
        assert (event["DTSTART"], event["DTEND"]) == ("20300301", "20300401")
        assert (event["DTSTAMP"], event["SEQUENCE"], event["TRANSP"]) == (
            "20300301T120000Z",
            "3",
            "TRANSPARENT",
        )

    def test_control_characters_and_line_breaks_of_others_cannot_end_a_line(self):
        assert ical.escaped("a\r\nEND:VCALENDAR\rb\x00\x07") == "a\\nEND:VCALENDAR\\nb"


@pytest.fixture
def soon():
    return clock.now().date() + timedelta(days=10)


def fetch(client, feed):
    return client.get(reverse("campaigns:ics", args=[services.feed_token(feed)]))


@pytest.mark.django_db
class TestFeed:
    def test_tells_the_own_campaigns_launches_and_tasks_without_signing_in(self, client, soon):
        me = UserFactory()
        mine = BareCampaignFactory(captain=me, name="Spring", launch_date=soon, goal_date=soon)
        BareCampaignFactory(name="Of others", launch_date=soon)
        TaskFactory(campaign=mine, assignee=me, title="Write", due_date=soon)

        answer = fetch(client, CalendarFeedFactory(user=me))

        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        told = [event["SUMMARY"] for event in read(answer.content)]
        assert told == ["Spring", "Launch: Spring", "Due: Write"]

    def test_tells_the_campaigns_of_the_chosen_view(self, client, soon):
        me = UserFactory()
        BareCampaignFactory(name="Live one", stage="live", idea="x", outcome="y", launch_date=soon)
        BareCampaignFactory(name="An idea", launch_date=soon)
        feed = CalendarFeedFactory(user=me, view=SavedViewFactory(owner=me, query="stage=live&view=board"))

        told = [event["SUMMARY"] for event in read(fetch(client, feed).content)]

        assert told == ["Live one", "Launch: Live one"]

    def test_an_address_opens_nothing_once_another_one_is_made_or_it_is_taken_back(self, client, login, lead):
        client = login(lead)
        client.post(reverse("campaigns:feed"), {"view": ""})
        first = CalendarFeed.objects.get()
        assert fetch(client, first).status_code == 200

        client.post(reverse("campaigns:feed"), {"is_new_address": "on"})
        second = CalendarFeed.objects.get()

        assert fetch(client, first).status_code == 404
        assert fetch(client, second).status_code == 200
        client.post(reverse("campaigns:feed_revoke"))
        assert fetch(client, second).status_code == 404

    def test_choosing_other_campaigns_keeps_the_address(self, login, lead):
        feed = CalendarFeedFactory(user=lead)
        view = SavedViewFactory(owner=lead)

        login(lead).post(reverse("campaigns:feed"), {"view": view.pk})

        changed = CalendarFeed.objects.get()
        assert (changed.key, changed.view) == (feed.key, view)

    def test_the_address_of_who_has_left_opens_nothing(self, client):
        assert fetch(client, CalendarFeedFactory(user__is_active=False)).status_code == 404

    @pytest.mark.parametrize("token", ["1-abc", "1-abc.sig", "x", "1-" + "0" * 32 + ".x"])
    def test_a_token_that_was_never_signed_opens_nothing(self, client, token):
        assert client.get(f"/calendar/{token}.ics").status_code == 404
