from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services
from apps.contacts.models import Attribute, ImportFile, System, SystemLink
from apps.contacts.services import SystemRefused
from apps.core import clock
from tests.accounts.scene import bearer
from tests.factories.accounts import ApiTokenFactory, UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    ContactFactory,
    IdentityFactory,
    ImportFileFactory,
    ImportMappingFactory,
    SystemFactory,
    SystemLinkFactory,
)
from tests.factories.exports import ExportFactory, ScheduleFactory
from tests.factories.integrations import SourceFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = {"name": "Shop", "kind": "shop", "direction": "in", "cadence": "daily"}


def told(system, now):
    """Return when it was last in step, whether the data says so, and whether that is too long ago."""
    found = selectors.systems(now=now).get(pk=system.pk)
    return found.sync_at, found.is_linked, found.is_overdue


def imported(mapping, at, **more):
    return ImportFileFactory(saved_mapping=mapping, state="done", finished_at=at, **more)


class TestLastSync:
    def test_of_a_system_that_is_linked_to_nothing_is_what_was_typed(self, noon):
        fresh = SystemFactory(synced_at=noon - DAY)
        late = SystemFactory(synced_at=noon - 2 * DAY)
        unknown = SystemFactory()

        assert told(fresh, noon) == (noon - DAY, False, False)
        assert told(late, noon) == (noon - 2 * DAY, False, True)
        assert told(unknown, noon) == (None, False, False)

    def test_is_that_of_the_last_file_with_the_saved_mapping_that_was_really_imported(self, noon):
        mapping = ImportMappingFactory()
        system = SystemFactory(synced_at=noon)
        SystemLinkFactory(system=system, object_id=mapping.pk, at=noon - 30 * DAY)
        imported(mapping, noon - 3 * DAY)
        imported(mapping, noon - DAY)
        imported(mapping, noon, is_dry_run=True)
        ImportFileFactory(saved_mapping=mapping, state="failed", finished_at=noon)
        imported(None, noon)

        assert told(system, noon) == (noon - DAY, True, False)

    def test_is_that_of_the_last_export_of_the_schedule(self, noon):
        schedule = ScheduleFactory()
        system = SystemFactory(direction="out")
        SystemLinkFactory(system=system, kind="export_schedule", object_id=schedule.pk, at=noon)
        ExportFactory(schedule=schedule, state="done", finished_at=noon - 2 * DAY)
        ExportFactory(schedule=schedule, state="failed", finished_at=noon)
        ExportFactory(state="done", finished_at=noon)

        assert told(system, noon) == (noon - 2 * DAY, True, True)

    def test_is_when_a_message_of_the_source_was_kept_and_not_when_it_was_heard(self, noon):
        source = SourceFactory(heard_at=noon)
        system = SystemFactory(cadence="live")
        SystemLinkFactory(system=system, kind="source", object_id=source.pk, at=noon - DAY)
        source.tallies.create(at=noon - 3 * HOUR, call="track", outcome="recorded", slot=0, count=2)
        source.tallies.create(at=noon, call="track", outcome="refused", slot=0, count=9)

        assert told(system, noon) == (noon - 3 * HOUR, True, True)

    def test_of_a_source_that_fell_silent_before_what_is_counted_is_when_it_was_heard(self, noon):
        source = SourceFactory(heard_at=noon - 20 * DAY)
        system = SystemFactory(cadence="monthly")
        SystemLinkFactory(system=system, kind="source", object_id=source.pk, at=noon - 90 * DAY)

        assert told(system, noon) == (noon - 20 * DAY, True, False)

    def test_of_several_links_the_latest_counts_and_one_that_is_late_makes_it_overdue(self, noon):
        mapping, schedule = ImportMappingFactory(), ScheduleFactory()
        system = SystemFactory(direction="both")
        SystemLinkFactory(system=system, object_id=mapping.pk, at=noon - 30 * DAY)
        SystemLinkFactory(system=system, kind="export_schedule", object_id=schedule.pk, at=noon - 30 * DAY)
        imported(mapping, noon - HOUR)
        ExportFactory(schedule=schedule, state="done", finished_at=noon - 9 * DAY)

        assert told(system, noon) == (noon - HOUR, True, True)

    def test_nothing_since_it_was_linked_is_overdue_only_after_its_time(self, noon):
        early = SystemLinkFactory(at=noon - DAY).system
        late = SystemLinkFactory(at=noon - 2 * DAY).system

        assert told(early, noon) == (None, True, False)
        assert told(late, noon) == (None, True, True)

    def test_the_views_for_bi_tools_say_nothing_of_it(self, noon):
        system = SystemFactory(synced_at=noon - HOUR)
        SystemLinkFactory(system=system, kind="bi_views", object_id=0)

        assert told(system, noon) == (noon - HOUR, False, False)

    def test_without_a_rhythm_nothing_is_overdue(self, noon):
        assert told(SystemFactory(cadence="none", synced_at=noon - 900 * DAY), noon)[2] is False

    def test_the_list_is_narrowed_by_it(self, noon):
        late = SystemFactory(synced_at=noon - 2 * DAY)
        fresh = SystemFactory(synced_at=noon)
        unknown = SystemFactory()

        for state, system in {"overdue": late, "in_step": fresh, "unknown": unknown}.items():
            assert selectors.systems(now=noon, state=state).get() == system


class TestSavedMapping:
    def test_an_import_remembers_which_one_it_was_said_by(self, noon, upload, lead):
        mapping = ImportMappingFactory(columns=["email"], mapping={"email": "email"})
        draft = upload("email\nann@example.com\n")

        services.import_mapping_use(mapping=mapping, import_file=draft)

        assert ImportFile.objects.get().saved_mapping == mapping

    def test_an_import_that_one_was_saved_from_is_the_first_of_its_kind(self, noon, run, lead):
        done = run("email\nann@example.com\n", mapping={"email": "email"})

        kept = services.import_mapping_save(import_file=done, name="Shop file", by=lead, now=noon)

        assert ImportFile.objects.get().saved_mapping == kept


class TestSystemCreate:
    def test_is_kept_and_audited(self, lead, noon):
        system = services.system_create(**TOLD, owner=lead, synced_at=noon, by=lead, now=noon)

        assert (system.sensitivity, system.is_personal) == ("personal", True)
        assert AuditEvent.objects.get().action == "system.created"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "tHe crm"}, "name"),
            ({"kind": "toaster"}, "kind"),
            ({"url": "javascript:alert(1)"}, "url"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_kept(self, noon, given, field):
        SystemFactory(name="The CRM")

        with pytest.raises(ValidationError) as refusal:
            services.system_create(**(TOLD | given), by=None, now=noon)

        assert list(refusal.value.message_dict) == [field]
        assert System.objects.get().name == "The CRM"
        assert not AuditEvent.objects.exists()

    def test_a_sync_that_is_yet_to_come_is_refused(self, noon):
        with pytest.raises(ValidationError, match="yet to come"):
            services.system_create(**TOLD, synced_at=noon + HOUR, by=None, now=noon)

        assert not System.objects.exists()


class TestSystemUpdate:
    def test_attributes_follow_it_to_its_new_name(self, noon, lead):
        system = SystemFactory(name="Old CRM")
        mine = AttributeFactory(source="old crm")
        other = AttributeFactory(source="Shop")

        services.system_update(system=system, name="New CRM", by=lead, now=noon)

        assert Attribute.objects.get(pk=mine.pk).source == "New CRM"
        assert Attribute.objects.get(pk=other.pk).source == "Shop"
        assert AuditEvent.objects.get().details == {"fields": ["name"]}

    def test_nobody_types_the_sync_of_one_that_is_linked(self, noon):
        system = SystemLinkFactory().system

        with pytest.raises(SystemRefused, match="not typed"):
            services.system_update(system=system, synced_at=noon, by=None, now=noon)

        system.refresh_from_db()
        assert system.synced_at is None
        assert not AuditEvent.objects.exists()


class TestSystemDelete:
    def test_goes_with_its_links_and_leaves_what_they_led_to(self, noon, lead):
        link = SystemLinkFactory()

        services.system_delete(system=link.system, by=lead, now=noon)

        assert not SystemLink.objects.exists()
        assert AuditEvent.objects.get().details == {"name": link.system.name}

    def test_one_that_attributes_name_stays(self, noon, lead):
        system = SystemFactory(name="CRM")
        AttributeFactory(source="crm", label="Country")

        with pytest.raises(SystemRefused, match="source of “Country”"):
            services.system_delete(system=system, by=lead, now=noon)

        assert System.objects.get() == system
        assert not AuditEvent.objects.exists()


class TestSystemLink:
    @pytest.mark.parametrize(("kind", "object_id"), [("toaster", 1), ("source", 999_999), ("bi_views", 1)])
    def test_what_is_not_there_is_not_linked(self, noon, kind, object_id):
        with pytest.raises(SystemRefused, match="not there"):
            services.system_link(system=SystemFactory(), kind=kind, object_id=object_id, by=None, now=noon)

        assert not SystemLink.objects.exists()

    def test_nothing_is_linked_twice(self, noon):
        link = SystemLinkFactory()

        with pytest.raises(SystemRefused, match="already"):
            services.system_link(
                system=link.system, kind=link.kind, object_id=link.object_id, by=None, now=noon
            )

        assert SystemLink.objects.get() == link

    def test_is_taken_away_again_and_both_are_audited(self, noon, lead):
        source = SourceFactory()
        link = services.system_link(
            system=SystemFactory(), kind="source", object_id=source.pk, by=lead, now=noon
        )

        services.system_unlink(link=link, by=lead, now=noon)

        assert not SystemLink.objects.exists()
        assert [event.action for event in AuditEvent.objects.order_by("pk")] == [
            "system.linked",
            "system.unlinked",
        ]


def test_what_is_gone_is_told_so_and_what_the_reader_may_not_see_has_no_name(noon):
    schedule, source = ScheduleFactory(name="Nightly"), SourceFactory()
    system = SystemFactory()
    SystemLinkFactory(system=system, kind="export_schedule", object_id=schedule.pk)
    SystemLinkFactory(system=system, kind="source", object_id=source.pk)
    source.delete()
    sales = UserFactory(role="sales")

    scheduled, gone = selectors.system_links(system, user=sales, now=noon)

    assert (scheduled.is_seen, scheduled.thing.label) == (False, "Nightly")
    assert gone.thing is None


def test_a_namespace_is_one_when_somebody_is_known_by_it():
    IdentityFactory(contact=ContactFactory(), namespace="crm", value="4711")

    assert selectors.identifier_is_namespace("crm")
    assert not selectors.identifier_is_namespace("Customer number")
    assert not selectors.identifier_is_namespace("")


class TestPages:
    def test_the_list_says_what_is_overdue_and_who_says_so(self, client, login, lead):
        login(lead)
        now = clock.now()
        SystemFactory(name="The shop", synced_at=now - 3 * DAY)
        SystemLinkFactory(system__name="The warehouse")

        page = client.get(reverse("contacts:system-list")).content.decode()

        assert "Overdue" in page
        assert "typed" in page
        assert "from the data" in page

    def test_the_list_asks_as_much_for_twenty_as_for_one(
        self, client, login, lead, django_assert_max_num_queries
    ):
        login(lead)
        client.get(reverse("contacts:system-list"))
        for _number in range(20):
            SystemLinkFactory(system__owner=lead)

        with django_assert_max_num_queries(12):
            client.get(reverse("contacts:system-list"))

    def test_a_system_is_made_and_linked_and_then_says_itself_when_it_was_in_step(self, client, login, lead):
        login(lead)
        source = SourceFactory(name="Web shop")
        client.post(reverse("contacts:system-create"), TOLD | {"sensitivity": "personal"})
        system = System.objects.get()
        page = reverse("contacts:system-detail", args=[system.pk])

        client.post(reverse("contacts:system-link", args=[system.pk]), {"thing": f"source:{source.pk}"})

        assert "Web shop" in client.get(page).content.decode()
        form = client.get(reverse("contacts:system-edit", args=[system.pk])).content.decode()
        assert 'name="synced_at"' not in form

    def test_a_refusal_stands_beside_its_field(self, client, login, lead):
        login(lead)
        SystemFactory(name="Shop")

        page = client.post(reverse("contacts:system-create"), TOLD | {"sensitivity": "none"})

        assert page.context["form"].errors["name"] == ["There is a system of this name already."]
        assert System.objects.count() == 1

    def test_to_delete_what_attributes_name_is_refused_on_the_page(self, client, login, lead):
        login(lead)
        system = SystemFactory(name="CRM")
        AttributeFactory(source="CRM", label="Country")

        page = client.post(reverse("contacts:system-delete", args=[system.pk])).content.decode()

        assert "is the source of “Country”" in page
        assert System.objects.get() == system

    @pytest.mark.parametrize(
        ("kind", "factory", "url"),
        [
            ("source", SourceFactory, "integrations:source-detail"),
            ("export_schedule", ScheduleFactory, "exports:schedule-detail"),
            ("import_mapping", ImportMappingFactory, "contacts:import-mapping-edit"),
        ],
    )
    def test_what_it_is_linked_to_leads_back_to_it(self, client, login, lead, kind, factory, url):
        login(lead)
        thing = factory()
        address = reverse(url, args=[thing.pk])
        assert "Link one in the register" in client.get(address).content.decode()
        system = SystemFactory(name="Web shop")
        SystemLinkFactory(system=system, kind=kind, object_id=thing.pk)
        SystemLinkFactory(system=SystemFactory(name="Other"), kind=kind, object_id=thing.pk + 1)

        page = client.get(address).content.decode()

        assert f'href="{reverse("contacts:system-detail", args=[system.pk])}">Web shop</a>' in page
        assert "Other</a>" not in page
        assert "Link one in the register" not in page

    def test_an_attribute_leads_to_the_system_that_it_names(self, client, login, lead):
        login(lead)
        system = SystemFactory(name="CRM")
        attribute = AttributeFactory(source="crm")

        page = client.get(reverse("contacts:attribute-detail", args=[attribute.pk])).content.decode()

        assert reverse("contacts:system-detail", args=[system.pk]) in page


class TestApi:
    @pytest.fixture
    def api(self):
        ApiTokenFactory(secret="bkd_live_test", user__role="data_lead")
        return bearer("bkd_live_test")

    def test_a_system_is_made_changed_linked_read_and_deleted(self, api):
        source = SourceFactory()
        synced = (clock.now() - HOUR).replace(microsecond=0)
        made = api.post("/api/v1/systems/", TOLD | {"synced_at": synced.isoformat()}, format="json")
        one = f"/api/v1/systems/{made.json()['id']}/"
        link = {"kind": "source", "object_id": source.pk}

        assert made.status_code == HTTPStatus.CREATED
        assert made.json()["last_sync_from"] == "typed"
        assert api.patch(one, {"cadence": "hourly"}, format="json").json()["overdue"] is False
        assert api.post(f"{one}link/", link, format="json").json()["links"] == [link | {"last_at": None}]
        refused = api.patch(one, {"synced_at": (synced - HOUR).isoformat()}, format="json")
        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert "not typed" in str(refused.json())
        assert api.post(f"{one}link/", link, format="json").status_code == HTTPStatus.CONFLICT
        assert api.get(one).json()["last_sync_from"] is None
        assert api.post(f"{one}unlink/", link, format="json").json()["links"] == []
        assert api.delete(one).status_code == HTTPStatus.NO_CONTENT

    def test_the_list_is_filtered_by_what_is_overdue(self, api):
        late = SystemFactory(synced_at=clock.now() - 3 * DAY)
        SystemFactory(synced_at=clock.now())

        found = api.get("/api/v1/systems/?state=overdue&kind=crm").json()

        assert [one["id"] for one in found["results"]] == [late.pk]

    def test_a_bad_system_is_refused_by_field(self, api):
        SystemFactory(name="Shop")

        taken = api.post("/api/v1/systems/", TOLD, format="json")

        assert taken.status_code == HTTPStatus.BAD_REQUEST
        assert "name" in str(taken.json())
        assert System.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "factory", "kind"),
    [
        ("event-sources", SourceFactory, "source"),
        ("export-schedules", ScheduleFactory, "export_schedule"),
        ("import-mappings", ImportMappingFactory, "import_mapping"),
    ],
)
class TestSystemsOfAThing:
    def test_are_told_with_it_and_can_be_set_there(self, api, url, factory, kind):
        one = f"/api/v1/{url}/{factory().pk}/"
        shop, crm = SystemFactory(name="Shop"), SystemFactory(name="CRM")
        client = api(UserFactory(role="data_lead"))

        assert client.get(one).json()["systems"] == []
        put = client.patch(one, {"systems": [crm.pk, shop.pk]}, format="json")
        assert (put.status_code, put.json()["systems"]) == (HTTPStatus.OK, sorted([shop.pk, crm.pk]))
        assert client.patch(one, {"systems": [crm.pk]}, format="json").json()["systems"] == [crm.pk]
        assert client.get(f"/api/v1/{url}/").json()["results"][0]["systems"] == [crm.pk]

        assert SystemLink.objects.filter(kind=kind).values_list("system", flat=True).get() == crm.pk
        told = AuditEvent.objects.filter(action__startswith="system.").order_by("pk")
        assert list(told.values_list("action", flat=True)) == [
            "system.linked",
            "system.linked",
            "system.unlinked",
        ]

    def test_are_neither_told_nor_set_where_the_token_does_not_reach_them(self, api, url, factory, kind):
        thing, system = factory(), SystemFactory()
        SystemLinkFactory(system=system, kind=kind, object_id=thing.pk)
        scope = {"event-sources": "event-sources", "export-schedules": "exports"}.get(url, "imports")
        client = api(UserFactory(role="data_lead"), f"{scope}:read", f"{scope}:write")

        refused = client.patch(f"/api/v1/{url}/{thing.pk}/", {"systems": []}, format="json")

        assert refused.status_code == HTTPStatus.FORBIDDEN
        assert client.get(f"/api/v1/{url}/{thing.pk}/").json()["systems"] is None
        assert SystemLink.objects.count() == 1

    def test_that_are_not_in_the_register_are_refused(self, api, url, factory, kind):
        one = f"/api/v1/{url}/{factory().pk}/"

        refused = api(UserFactory(role="data_lead")).patch(one, {"systems": [404]}, format="json")

        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert "systems" in str(refused.json())
        assert SystemLink.objects.count() == 0
