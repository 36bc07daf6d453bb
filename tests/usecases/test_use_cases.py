from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts.models import EventSchema
from apps.contacts.services import AttributeRefused, attribute_delete
from apps.reporting.models import CampaignResult
from apps.segments.selectors.uses import segment_uses
from apps.usecases import kinds, selectors, services
from apps.usecases.models import Part, UseCase
from apps.usecases.services import UseCaseRefused
from tests.accounts.scene import bearer
from tests.factories.accounts import ApiTokenFactory, UserFactory
from tests.factories.campaigns import CampaignFactory, KpiFactory
from tests.factories.contacts import AttributeFactory, CompanyFactory, ContactFactory, EventTypeFactory
from tests.factories.exports import ExportFactory, ScheduleFactory
from tests.factories.messaging import MessageFactory
from tests.factories.segments import SegmentFactory
from tests.factories.usecases import PartFactory, UseCaseFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def now_of(noon, kind, step="data", **named):
    """Return state and sentence of one part."""
    part = PartFactory(kind=kind, step=step, **({"key": ""} | named))
    told = kinds.parts_now([part], now=noon)[part.pk]
    return told.state, told.sentence


class TestAttribute:
    def test_that_the_dictionary_lacks_is_not_described(self, noon):
        assert now_of(noon, "attribute", key="nowhere")[0] == "undescribed"

    def test_that_nobody_has_does_not_arrive(self, noon):
        AttributeFactory(key="country")
        ContactFactory()

        assert now_of(noon, "attribute", key="country") == ("silent", "Nobody has a value.")

    def test_that_arrives_before_anybody_described_it_is_not_described(self, noon):
        AttributeFactory(key="country", is_defined=False)
        ContactFactory(attributes={"country": "CH"})

        assert now_of(noon, "attribute", key="country")[0] == "undescribed"

    @pytest.mark.parametrize(("enough", "state"), [(50, "low"), (25, "there")])
    def test_that_some_have_is_enough_or_too_little(self, noon, enough, state):
        AttributeFactory(key="country")
        ContactFactory(attributes={"country": "CH"})
        for _number in range(3):
            ContactFactory()

        assert now_of(noon, "attribute", key="country", enough_percent=enough)[0] == state

    def test_of_companies_is_another_one(self, noon):
        AttributeFactory(key="industry", applies_to="company")
        CompanyFactory(attributes={"industry": "Tools"})

        assert now_of(noon, "company_attribute", key="industry")[0] == "there"
        assert now_of(noon, "attribute", key="industry")[0] == "undescribed"


class TestEvent:
    def test_that_was_never_received_does_not_arrive(self, noon):
        assert now_of(noon, "event", key="order") == ("silent", "Never received.")

    @pytest.mark.parametrize(
        ("days", "label", "state"), [(29, "Order", "there"), (29, "", "undescribed"), (31, "Order", "silent")]
    )
    def test_arrives_while_the_last_is_young_and_somebody_described_it(self, noon, days, label, state):
        seen = EventTypeFactory(name="order", first_seen_at=noon, last_seen_at=noon - days * DAY)
        if label:
            EventSchema.objects.create(event_type=seen, label=label)

        assert now_of(noon, "event", key="order")[0] == state


class TestOthers:
    @pytest.mark.parametrize(
        ("fields", "state"),
        [
            ({"size": 3}, "there"),
            ({"size": 0}, "silent"),
            ({"size": None}, "waiting"),
            ({"size": 3, "fault": "No such attribute."}, "waiting"),
            ({"size": 3, "archived_at": "2030-01-01T00:00Z"}, "gone"),
        ],
    )
    def test_a_segment_is_there_with_people_in_it(self, noon, fields, state):
        segment = SegmentFactory(**fields)

        assert now_of(noon, "segment", "delivery", object_id=segment.pk)[0] == state

    @pytest.mark.parametrize(("companies", "state"), [(0, "silent"), (1, "there")])
    def test_companies_are_there_once_there_is_one(self, noon, companies, state):
        for _number in range(companies):
            CompanyFactory()

        assert now_of(noon, "companies")[0] == state

    @pytest.mark.parametrize(
        ("stage", "state"), [("building", "waiting"), ("live", "there"), ("closed", "there")]
    )
    def test_a_campaign_delivers_once_it_is_live(self, noon, stage, state):
        campaign = CampaignFactory(stage=stage)

        assert now_of(noon, "campaign", "delivery", object_id=campaign.pk)[0] == state

    def test_a_message_that_is_a_draft_delivers_nothing(self, noon):
        message = MessageFactory()

        assert now_of(noon, "message", "delivery", object_id=message.pk) == (
            "waiting",
            "It stands at “Draft”.",
        )

    @pytest.mark.parametrize(
        ("exports", "active", "state"),
        [(["done"], True, "there"), (["done", "failed"], True, "waiting"), ([], True, "waiting"),
         (["done"], False, "waiting")],
    )  # fmt: skip
    def test_a_schedule_delivers_while_it_is_on_and_its_last_export_came_out(
        self, noon, exports, active, state
    ):
        schedule = ScheduleFactory(is_active=active)
        for one in exports:
            ExportFactory(schedule=schedule, state=one, finished_at=noon)

        assert now_of(noon, "export_schedule", "delivery", object_id=schedule.pk)[0] == state

    @pytest.mark.parametrize(("counted", "state"), [(False, "waiting"), (True, "there")])
    def test_a_report_is_there_once_it_was_counted(self, noon, counted, state):
        kpi = KpiFactory()
        if counted:
            CampaignResult.objects.create(campaign=kpi.campaign, refreshed_at=noon)

        assert now_of(noon, "results", "report", object_id=kpi.campaign_id)[0] == state
        assert now_of(noon, "kpi", "report", object_id=kpi.pk)[0] == state

    def test_of_a_page_elsewhere_bookend_knows_nothing(self, noon):
        assert now_of(noon, "page", "report", url="https://bi.example/1")[0] == "outside"


class TestStage:
    def stage(self, use_case, noon, user=None):
        (told,) = selectors.use_cases_now([use_case], user=user, now=noon)
        return told.stage, told.stuck.why if told.stuck else ""

    def test_is_the_first_step_that_is_not_done(self, noon, lead):
        use_case = UseCaseFactory(outcome="")
        assert self.stage(use_case, noon) == ("why", "Nobody has said what it is for.")

        use_case.outcome = "More orders."
        assert self.stage(use_case, noon) == ("why", "Nobody owns it.")

        use_case.owner = lead
        assert self.stage(use_case, noon) == ("data", "Nobody has said which data it needs.")

        segment = SegmentFactory(size=3)
        PartFactory(use_case=use_case, kind="segment", key="", object_id=segment.pk)
        assert self.stage(use_case, noon)[0] == "delivery"

        PartFactory(use_case=use_case, step="delivery", kind="segment", key="", object_id=segment.pk)
        assert self.stage(use_case, noon)[0] == "report"

        PartFactory(use_case=use_case, step="report", kind="page", key="BI", url="https://bi.example/1")
        assert self.stage(use_case, noon) == ("complete", "")

    def test_says_which_part_it_is_stuck_at_and_why(self, noon, lead):
        use_case = PartFactory(use_case__owner=lead, key="cart_left").use_case

        assert self.stage(use_case, noon, lead) == ("data", "cart_left: Never received.")

    def test_who_may_not_see_a_part_is_told_its_state_alone(self, noon):
        sales, schedule = UserFactory(role="sales"), ScheduleFactory(name="Nightly")
        part = PartFactory(step="delivery", kind="export_schedule", key="", object_id=schedule.pk)

        (told,) = selectors.use_cases_now([part.use_case], user=sales, now=noon)

        assert told.steps[2].why == "Scheduled export: Not yet"
        assert told.steps[2].parts[0].label == "Scheduled export"

    def test_the_list_is_narrowed_by_it(self, noon, lead):
        stuck = PartFactory(use_case__owner=lead).use_case
        UseCaseFactory(outcome="")

        assert selectors.use_cases_at("data", now=noon) == [stuck.pk]


class TestUseCase:
    def test_is_kept_changed_deleted_and_audited(self, noon, lead):
        use_case = services.use_case_create(name="Win back", by=lead, now=noon)
        services.use_case_update(use_case=use_case, status="building", by=lead, now=noon)
        services.use_case_delete(use_case=use_case, by=lead, now=noon)

        assert [event.action for event in AuditEvent.objects.order_by("pk")] == [
            "usecase.created",
            "usecase.changed",
            "usecase.deleted",
        ]
        assert not UseCase.objects.exists()

    @pytest.mark.parametrize(
        ("given", "field"),
        [({"name": ""}, "name"), ({"name": "win BACK"}, "name"), ({"priority": "urgent"}, "priority")],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_kept(self, noon, given, field):
        UseCaseFactory(name="Win back")

        with pytest.raises(ValidationError) as refusal:
            services.use_case_create(**({"name": "x"} | given), by=None, now=noon)

        assert list(refusal.value.message_dict) == [field]
        assert UseCase.objects.get().name == "Win back"
        assert not AuditEvent.objects.exists()

    def test_there_are_not_more_than_are_looked_at(self, noon, monkeypatch):
        monkeypatch.setattr(services, "MOST", 1)
        UseCaseFactory()

        with pytest.raises(UseCaseRefused, match="too many"):
            services.use_case_create(name="x", by=None, now=noon)

        assert UseCase.objects.count() == 1


class TestPart:
    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"step": "report", "kind": "event", "key": "order"}, "kind"),
            ({"step": "data", "kind": "toaster"}, "kind"),
            ({"step": "data", "kind": "attribute", "key": "No Name"}, "key"),
            ({"step": "data", "kind": "event"}, "key"),
            ({"step": "data", "kind": "segment"}, "object_id"),
            ({"step": "data", "kind": "segment", "object_id": 999_999}, "object_id"),
            ({"step": "report", "kind": "page", "key": "BI"}, "url"),
        ],
    )
    def test_what_cannot_be_rested_on_is_refused(self, noon, given, field):
        with pytest.raises(UseCaseRefused) as refusal:
            services.part_add(use_case=UseCaseFactory(), **given, by=None, now=noon)

        assert refusal.value.field == field
        assert not Part.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_a_page_that_is_no_address_is_refused(self, noon):
        with pytest.raises(ValidationError):
            services.part_add(
                use_case=UseCaseFactory(), step="report", kind="page", url="javascript:1", by=None, now=noon
            )

        assert not Part.objects.exists()

    def test_the_same_stands_there_once(self, noon):
        part = PartFactory()

        with pytest.raises(UseCaseRefused, match="already"):
            services.part_add(
                use_case=part.use_case, step="data", kind="event", key="cart_left", by=None, now=noon
            )

        assert Part.objects.get() == part

    def test_keeps_an_attribute_and_a_segment_from_being_taken_away(self, noon, lead):
        attribute, segment = AttributeFactory(key="country"), SegmentFactory()
        use_case = PartFactory(kind="attribute", key="country", use_case__name="Win back").use_case
        PartFactory(use_case=use_case, kind="segment", key="", object_id=segment.pk)

        with pytest.raises(AttributeRefused, match="Use case “Win back”"):
            attribute_delete(attribute=attribute, by=lead, now=noon)
        seen = segment_uses([segment.pk], user=lead)[segment.pk]
        hidden = segment_uses([segment.pk], user=UserFactory(role="executive"))[segment.pk]

        assert seen == [("Win back", reverse("usecases:detail", args=[use_case.pk]))]
        assert hidden == [("A use case", "")]


class TestPages:
    def test_the_list_shows_four_steps_and_where_it_is_stuck(self, client, login, lead):
        login(lead)
        PartFactory(use_case__name="Win back", use_case__owner=lead)

        page = client.get(reverse("usecases:list"), {"stage": "data", "owner": lead.pk})

        (line,) = page.context["lines"]
        assert [step.state for step in line.steps] == ["done", "stuck", "open", "open"]
        assert "cart_left: Never received." in page.content.decode()
        assert not client.get(reverse("usecases:list"), {"stage": "report"}).context["lines"]

    def test_the_list_asks_as_much_for_twenty_as_for_one(
        self, client, login, lead, django_assert_max_num_queries
    ):
        login(lead)
        client.get(reverse("usecases:list"))
        for number in range(20):
            use_case = PartFactory(use_case__owner=lead, key=f"event_{number}").use_case
            campaign = CampaignFactory()
            PartFactory(use_case=use_case, step="delivery", kind="campaign", key="", object_id=campaign.pk)

        with django_assert_max_num_queries(16):
            client.get(reverse("usecases:list"))

    def test_a_use_case_is_made_and_told_what_it_rests_on(self, client, login, lead):
        login(lead)
        segment = SegmentFactory(size=12, name="Left us")
        form = {"name": "Win back", "outcome": "They order.", "priority": "high", "status": "idea"}
        client.post(reverse("usecases:create"), form | {"owner": lead.pk})
        use_case = UseCase.objects.get()
        add = reverse("usecases:part-add", args=[use_case.pk])

        client.post(add, {"step": "data", "thing": f"segment:{segment.pk}"})
        client.post(add, {"step": "data", "kind": "attribute", "key": "churn_risk"})
        client.post(add, {"step": "report", "url": "https://bi.example/1", "key": "Board"})
        page = client.get(reverse("usecases:detail", args=[use_case.pk])).content.decode()

        assert [part.kind for part in use_case.parts.all()] == ["segment", "attribute", "page"]
        assert "12 people." in page
        assert "The dictionary has no such attribute." in page

    def test_a_refusal_stands_in_the_form_that_was_sent(self, client, login, lead):
        login(lead)
        use_case = UseCaseFactory()
        add = reverse("usecases:part-add", args=[use_case.pk])

        page = client.post(add, {"step": "data", "kind": "attribute", "key": "No Name"})

        assert "Write the system name" in page.content.decode()
        assert not Part.objects.exists()

    def test_a_part_is_taken_out(self, client, login, lead):
        login(lead)
        part = PartFactory()

        client.post(reverse("usecases:part-remove", args=[part.pk]))

        assert not Part.objects.exists()
        assert AuditEvent.objects.get().action == "usecase.part_removed"

    def test_who_only_looks_changes_nothing(self, client, login):
        login(UserFactory(role="sales"))
        part = PartFactory()

        answer = client.post(reverse("usecases:part-remove", args=[part.pk]))

        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert Part.objects.get() == part


class TestApi:
    @pytest.fixture
    def api(self):
        ApiTokenFactory(secret="bkd_live_test", user__role="data_lead")
        return bearer("bkd_live_test")

    def test_a_use_case_is_made_filled_read_and_deleted(self, api, lead):
        told = {"name": "Win back", "outcome": "They order.", "owner": lead.pk}
        made = api.post("/api/v1/use-cases/", told, format="json")
        one = f"/api/v1/use-cases/{made.json()['id']}/"
        event = {"step": "data", "kind": "event", "key": "cart_left"}

        filled = api.post(f"{one}parts/", event, format="json").json()
        part = filled["steps"][1]["parts"][0]

        assert made.status_code == HTTPStatus.CREATED
        assert (made.json()["stage"], filled["stage"], part["state"]) == ("data", "data", "silent")
        assert api.post(f"{one}parts/", event, format="json").status_code == HTTPStatus.CONFLICT
        assert api.patch(one, {"status": "paused"}, format="json").json()["status"] == "paused"
        emptied = api.post(f"{one}parts/remove/", {"id": part["id"]}, format="json").json()
        assert emptied["steps"][1]["parts"] == []
        assert api.delete(one).status_code == HTTPStatus.NO_CONTENT

    def test_the_list_is_filtered_and_paged(self, api, lead):
        for number in range(3):
            PartFactory(use_case__owner=lead, key=f"event_{number}")
        UseCaseFactory()

        page = api.get("/api/v1/use-cases/?stage=data&limit=2&ordering=name").json()
        rest = api.get(page["next"]).json()

        assert [len(page["results"]), len(rest["results"])] == [2, 1]
