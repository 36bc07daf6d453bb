from datetime import timedelta

import pytest

from apps.accounts import tokens
from apps.accounts.models import IdempotentAnswer, User
from apps.collaboration.models import AuditEvent
from apps.integrations import selectors, services
from apps.integrations.models import Source, Tally
from apps.integrations.segment.faults import Fault
from apps.integrations.services import SourceExists
from tests.factories.integrations import SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_lead(lead):
    lead.role = User.Role.DATA_LEAD
    lead.save()
    return lead


def tally(source, at, outcome="recorded", call="track", count=1, slot=0):
    Tally.objects.create(source=source, at=at, outcome=outcome, call=call, count=count, slot=slot)


class TestSourceCreate:
    def test_gives_a_key_of_which_only_the_digest_is_kept(self, lead, noon):
        source, key = services.source_create(name="Web shop", by=lead, now=noon)

        assert (source.digest, source.prefix) == (tokens.digest(key), key[:10])
        assert AuditEvent.objects.get().action == "source.created"

    def test_refuses_a_name_that_is_taken(self, lead, noon):
        services.source_create(name="Web shop", by=lead, now=noon)

        with pytest.raises(SourceExists, match="There is a source of this name already"):
            services.source_create(name="web SHOP", by=lead, now=noon)

        assert Source.objects.count() == AuditEvent.objects.count() == 1

    def test_a_name_is_free_again_once_its_key_is_revoked(self, lead, noon):
        source, _key = services.source_create(name="Web shop", by=lead, now=noon)
        services.source_revoke(source=source, by=lead, now=noon)

        services.source_create(name="Web shop", by=lead, now=noon)

        assert Source.objects.filter(revoked_at=None).count() == 1


class TestSourceRevoke:
    def test_makes_the_key_worthless_at_once(self, lead, noon):
        source = SourceFactory(key="bkw_x")

        services.source_revoke(source=source, by=lead, now=noon)
        services.source_revoke(source=source, by=lead, now=noon + timedelta(days=1))

        source.refresh_from_db()
        assert services.source_hear("bkw_x") is None
        assert source.revoked_at == noon
        assert AuditEvent.objects.get().action == "source.revoked"


class TestArrivals:
    def test_sums_up_the_last_hour_day_and_week(self, noon):
        source = SourceFactory()
        for hours, count in ((0.5, 1), (5, 10), (50, 100), (500, 1000)):
            tally(source, noon - timedelta(hours=hours), count=count)
        tally(source, noon - timedelta(hours=0.5), count=2, slot=7)
        tally(source, noon - timedelta(hours=0.5), outcome="duplicate", count=4)
        tally(source, noon - timedelta(hours=0.5), outcome=Fault.NO_EVENT, count=5)

        told = selectors.arrivals([source], now=noon)[source.pk]

        assert (told.kept.hour, told.kept.day, told.kept.week) == (3, 13, 113)
        assert (told.repeated.hour, told.refused.week) == (4, 0)
        assert [(fault, is_lost, window.hour) for fault, is_lost, window in told.fault_lines] == [
            (Fault.NO_EVENT, True, 5)
        ]

    def test_what_no_page_shows_any_more_is_cleared(self, noon):
        source = SourceFactory()
        tally(source, noon - timedelta(days=16))
        tally(source, noon - timedelta(days=8))

        assert services.tallies_forget(now=noon) == 1


class TestPages:
    def test_the_list_is_a_page_and_a_fragment(self, login, lead, noon):
        source = SourceFactory(name="Web shop")

        page = login(lead).get("/sources/")
        fragment = login(lead).get("/sources/", headers={"HX-Request": "true"})

        assert "Web shop" in page.text
        assert source.prefix in fragment.text
        assert "<html" not in fragment.text

    def test_costs_the_same_number_of_queries_with_twenty_sources(
        self, login, lead, django_assert_max_num_queries
    ):
        SourceFactory.create_batch(20)
        client = login(lead)
        client.get("/sources/")

        with django_assert_max_num_queries(10):
            client.get("/sources/")

    def test_the_key_is_shown_once(self, login, data_lead):
        client = login(data_lead)

        made = client.post("/sources/new/", {"name": "Web shop"})
        shown, again = client.get(made.url).text, client.get(made.url).text

        assert "Copy it now" in shown
        assert "Copy it now" not in again

    def test_a_name_that_is_taken_is_refused_beside_its_field(self, login, data_lead):
        SourceFactory(name="Web shop")

        response = login(data_lead).post("/sources/new/", {"name": "Web shop"})

        assert response.status_code == 200
        assert "There is a source of this name already" in response.text
        assert Source.objects.count() == 1

    def test_who_may_only_look_cannot_revoke(self, login, lead):
        lead.role = User.Role.MARKETER
        lead.save()
        source = SourceFactory()

        response = login(lead).post(f"/sources/{source.pk}/revoke/")

        source.refresh_from_db()
        assert response.status_code == 403
        assert source.revoked_at is None

    def test_stops_asking_when_it_has_asked_long_enough(self, login, lead):
        source = SourceFactory()

        live = login(lead).get(f"/sources/{source.pk}/?watched=119").text
        over = login(lead).get(f"/sources/{source.pk}/?watched=120").text

        assert f'hx-get="/sources/{source.pk}/?watched=120"' in live
        assert 'hx-trigger="every 5s"' not in over


class TestEventsPage:
    @pytest.mark.parametrize("query", ["?watched=off", "?watched=120", "?watched=x"])
    def test_holds_when_told_or_when_nobody_looks_any_more(self, login, lead, query):
        assert 'hx-trigger="every 5s"' not in login(lead).get(f"/events/{query}").text
        assert 'hx-trigger="every 5s"' in login(lead).get("/events/").text


class TestApi:
    def test_makes_a_source_and_shows_its_key_this_once(self, api, data_lead):
        client = api(data_lead, "event-sources:write", "event-sources:read")

        made = client.post("/api/v1/event-sources/", {"name": "Web shop"}, format="json").json()
        seen = client.get(f"/api/v1/event-sources/{made['id']}/").json()

        assert services.source_hear(made["write_key"]).source.pk == made["id"]
        assert seen == {key: value for key, value in made.items() if key != "write_key"}

    def test_an_answer_that_is_kept_for_its_repetition_is_sealed(self, api, data_lead):
        client, headers = api(data_lead), {"idempotency-key": "k1"}

        first, again = (
            client.post("/api/v1/event-sources/", {"name": "Web shop"}, format="json", headers=headers)
            for _each in range(2)
        )

        assert first.json() == again.json()
        assert first.json()["write_key"].encode() not in bytes(IdempotentAnswer.objects.get().body)

    def test_tells_what_arrived(self, api, data_lead):
        source = SourceFactory()

        told = api(data_lead).get(f"/api/v1/event-sources/{source.pk}/arrivals/").json()

        nothing = {"hour": 0, "day": 0, "week": 0}
        assert told == {
            "kept": nothing,
            "quarantined": nothing,
            "repeated": nothing,
            "refused": nothing,
            "by_call": {},
            "faults": {},
        }

    def test_a_name_that_is_taken_is_refused_at_its_field(self, api, data_lead):
        SourceFactory(name="Web shop")

        response = api(data_lead).post("/api/v1/event-sources/", {"name": "Web shop"}, format="json")

        assert (response.status_code, Source.objects.count()) == (400, 1)
        assert "There is a source of this name already." in response.text
