import re
from datetime import date
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import CalendarRefused, TemplateRefused
from apps.campaigns.models import Holiday, PlanTemplate, PlanTemplateItem, Task, TaskDependency, WorkWeek
from apps.campaigns.timeline import TICK_WIDTH
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    PlanTemplateFactory,
    PlanTemplateItemFactory,
    TaskDependencyFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
# A Monday, far enough for the clock of the views, which is the real one.
LAUNCH, GOAL = date(2098, 5, 5), date(2098, 6, 2)
LATER = date(2098, 6, 9)
EVIL = "<img src=x onerror=alert(1)>"


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def campaign():
    return CampaignFactory(start_date=date(2026, 1, 1), launch_date=LAUNCH, goal_date=GOAL)


@pytest.fixture
def task(campaign):
    day = date(2098, 5, 30)
    return TaskFactory(
        campaign=campaign,
        title="Ask buyers",
        anchor="outcome",
        offset_days=-1,
        start_date=day,
        due_date=day,
    )


def days(goal):
    return {"launch_date": LAUNCH.isoformat(), "goal_date": goal.isoformat()}


class TestReschedule:
    def test_shows_what_would_move_and_moves_only_that(self, login, campaign, task):
        client, here = login(campaign.captain), url("reschedule", campaign.pk)

        page = client.get(here, days(LATER))
        shown = page.context["preview"].fingerprint
        task.refresh_from_db()
        assert (task.due_date, "Ask buyers" in text(page)) == (date(2098, 5, 30), True)

        response = client.post(here, {**days(LATER), "version": campaign.version, "shown": shown})
        assert response.headers["Location"] == url("plan", campaign.pk)
        task.refresh_from_db()
        assert task.due_date == date(2098, 6, 6)

    def test_shows_anew_what_was_not_shown_and_moves_nothing(self, login, campaign, task):
        response = login(campaign.captain).post(
            url("reschedule", campaign.pk), {**days(LATER), "version": campaign.version, "shown": "other"}
        )

        assert "The plan has changed since you looked." in text(response)
        campaign.refresh_from_db()
        assert campaign.goal_date == GOAL

    @pytest.mark.parametrize(
        ("goal", "refusal"),
        [
            (date(2026, 2, 1), "The launch is after the outcome&#x27;s date."),
            (date(2020, 1, 1), "The outcome&#x27;s date is before the start."),
        ],
    )
    def test_refuses_beside_the_field_and_keeps_what_was_typed(self, login, campaign, task, goal, refusal):
        page = text(login(campaign.captain).get(url("reschedule", campaign.pk), days(goal)))

        assert refusal in page
        assert goal.isoformat() in page
        assert 'id="plan-preview"' not in page

    def test_tells_the_second_of_two_editors(self, login, campaign, lead, task):
        services.campaign_update(
            campaign=campaign,
            goal_date=date(2098, 6, 10),
            by=lead,
            now=campaign.created_at,
        )

        page = login(campaign.captain).post(
            url("reschedule", campaign.pk), {**days(LATER), "version": 1, "shown": ""}
        )

        assert "has changed this to" in text(page)
        campaign.refresh_from_db()
        assert campaign.goal_date == date(2098, 6, 10)

    def test_is_offered_back_and_taken_back(self, login, campaign, task):
        services.campaign_reschedule(
            campaign=campaign,
            launch_date=LAUNCH,
            goal_date=LATER,
            by=campaign.captain,
            now=campaign.created_at,
        )
        client = login(campaign.captain)
        assert 'id="plan-moved"' in text(client.get(url("plan", campaign.pk)))

        client.post(url("plan_move_undo", campaign.plan_moves.get().pk))

        task.refresh_from_db()
        assert task.due_date == date(2098, 5, 30)
        assert 'id="plan-moved"' not in text(client.get(url("plan", campaign.pk)))


class TestWizard:
    def test_asks_before_a_step_moves_tasks_and_loses_nothing(self, login, campaign, task):
        client, here = login(campaign.captain), url("wizard", campaign.pk, "goal")
        typed = {
            "goal_event": "order",
            "goal_measure": "people",
            "goal_target": "321",
            "goal_date": LATER.isoformat(),
            "currency": "USD",
            "conversion_window_days": "14",
            "version": "1",
        }

        page = client.post(here, typed)

        assert "This moves tasks of the plan" in text(page)
        campaign.refresh_from_db()
        assert (campaign.goal_date, campaign.goal_target) == (GOAL, 200)
        kept = dict(page.context["kept"])
        client.post(here, {**kept, "shown": page.context["preview"].fingerprint})
        campaign.refresh_from_db()
        task.refresh_from_db()
        assert (campaign.goal_date, campaign.goal_target, task.due_date) == (LATER, 321, date(2098, 6, 6))

    def test_plans_from_a_template_in_its_dates_step(self, login, campaign):
        item = PlanTemplateItemFactory(title="Write")

        login(campaign.captain).post(
            url("wizard", campaign.pk, "dates"),
            {"start_date": "2026-01-01", "launch_date": LAUNCH.isoformat(), "template": item.template_id},
        )

        assert campaign.tasks.get().template_item == item


class TestTemplateApply:
    def test_shows_its_tasks_and_adds_them(self, login, campaign):
        item = PlanTemplateItemFactory(title="Write", template__name=EVIL)
        client, here = login(campaign.captain), url("template_apply", campaign.pk)

        page = text(client.get(here, {"template": item.template_id}))
        assert EVIL not in page
        assert "Add 1 task to the plan" in page

        client.post(here, {"template": item.template_id})
        assert campaign.tasks.get().due_date == LAUNCH

    def test_asks_for_the_dates_first(self, login):
        campaign = CampaignFactory(launch_date=None)

        page = text(login(campaign.captain).get(url("template_apply", campaign.pk)))

        assert "Say first when they are." in page


class TestTimeline:
    def test_draws_what_has_days_and_lists_the_rest(self, login, campaign, task):
        second = TaskFactory(campaign=campaign, title=EVIL, due_date=GOAL, is_milestone=True)
        TaskDependencyFactory(predecessor=task, successor=second)
        TaskFactory(campaign=campaign, title="Some day")

        response = login(campaign.captain).get(url("timeline", campaign.pk))
        page, drawn = text(response), response.context["timeline"]

        assert [row.task for row in drawn.rows] == [task, second]
        assert [one.title for one in drawn.undated] == ["Some day"]
        # The outcome is the right end of the picture, and the last milestone stands on it.
        assert drawn.outcome.x == drawn.rows[1].x == "98.50%"
        assert (len(drawn.waits), EVIL in page, "waits for “Ask buyers”" in page) == (1, False, True)

    def test_leaves_out_a_day_that_the_line_of_launch_or_outcome_would_cross(self, login, campaign, task):
        drawn = login(campaign.captain).get(url("timeline", campaign.pk)).context["timeline"]

        lines = [float(mark.x.rstrip("%")) for mark in (drawn.launch, drawn.outcome)]
        days = [float(tick.x.rstrip("%")) for tick in drawn.ticks]
        assert days
        assert not [day for day in days if any(day <= line <= day + TICK_WIDTH for line in lines)]

    def test_is_there_for_a_plan_without_days(self, login, campaign):
        assert "Nothing has a day yet" in text(login(campaign.captain).get(url("timeline", campaign.pk)))

    def test_costs_the_same_for_many(self, login, campaign, django_assert_max_num_queries):
        for _each in range(20):
            TaskDependencyFactory(
                predecessor__campaign=campaign, predecessor__due_date=GOAL, successor__due_date=GOAL
            )
        client = login(campaign.captain)

        with django_assert_max_num_queries(12):
            client.get(url("timeline", campaign.pk))


class TestTaskPage:
    def test_lets_a_task_wait_and_wait_no_more_and_names_a_circle(self, login, campaign, task):
        other = TaskFactory(campaign=campaign, title="Print")
        client = login(campaign.captain)

        client.post(url("dependency_add", task.pk), {"task": other.pk})
        assert TaskDependency.objects.get().predecessor == other
        assert "Blocked by “Print”" in text(client.get(url("plan", campaign.pk)))

        circle = text(client.post(url("dependency_add", other.pk), {"task": task.pk}))
        assert "They would wait for each other in a circle:" in circle
        client.post(url("dependency_remove", task.pk), {"task": other.pk})
        assert not TaskDependency.objects.exists()

    def test_knows_no_tasks_of_other_campaigns(self, login, campaign, task):
        page = text(login(campaign.captain).post(url("dependency_add", task.pk), {"task": TaskFactory().pk}))

        assert "Select a valid choice" in page
        assert not TaskDependency.objects.exists()

    def test_pins_and_unpins(self, login, campaign, task):
        client = login(campaign.captain)

        client.post(url("task_pin", task.pk))
        assert Task.objects.get(pk=task.pk).is_pinned
        client.post(url("task_unpin", task.pk))
        assert not Task.objects.get(pk=task.pk).is_pinned

    def test_refuses_an_end_before_the_start_beside_the_field(self, login, campaign, task):
        page = text(
            login(campaign.captain).post(
                url("task_update", task.pk),
                {"title": "Ask", "start_date": "2098-05-30", "due_date": "2098-05-29"},
            )
        )

        assert "The task ends before it begins." in page
        assert 'value="2098-05-29"' in page


class TestTemplates:
    def test_are_made_filled_copied_and_deleted(self, login, lead):
        client = login(lead)
        client.post(url("plan_template_create"), {"name": "Fair"})
        template = PlanTemplate.objects.get(name="Fair")
        said = {"anchor": "launch", "offset_days": "-3", "duration_days": "2", "assign_to": "captain"}
        client.post(url("template_item_add", template.pk), {"title": "Book", **said})
        book = template.items.get()
        client.post(url("template_item_add", template.pk), {"title": "Build", "waits_for": [book.pk], **said})

        client.post(url("plan_template_copy", template.pk), {"name": "Fair in spring"})

        copy = PlanTemplate.objects.get(name="Fair in spring")
        assert [item.title for item in copy.items.get(title="Build").waits_for.all()] == ["Book"]
        client.post(url("template_item_remove", book.pk))
        client.post(url("plan_template_delete", template.pk))
        assert list(PlanTemplate.objects.filter(name__startswith="Fair")) == [copy]

    def test_refuse_a_taken_name_beside_the_field(self, login, lead):
        taken = PlanTemplateFactory()

        page = text(login(lead).post(url("plan_template_create"), {"name": taken.name}))

        assert "There is a template of this name already." in page
        assert PlanTemplate.objects.filter(name=taken.name).count() == 1

    def test_of_bookend_stay_as_they_are(self, noon, lead):
        template = PlanTemplateFactory(key="fair")
        item = PlanTemplateItemFactory(template=template)

        for act in (
            lambda: services.plan_template_update(template=template, name="Mine", by=lead, now=noon),
            lambda: services.plan_template_delete(template=template, by=lead, now=noon),
            lambda: services.template_item_update(item=item, title="Mine", by=lead, now=noon),
            lambda: services.template_item_remove(item=item, by=lead, now=noon),
        ):
            with pytest.raises(TemplateRefused, match="came with Bookend"):
                act()
        assert PlanTemplateItem.objects.get(pk=item.pk).title == item.title

    def test_name_the_circle(self, login, lead):
        first = PlanTemplateItemFactory(title="Write")
        second = PlanTemplateItemFactory(title="Send", template=first.template)
        second.waits_for.add(first)

        page = text(
            login(lead).post(
                url("template_item", first.pk),
                {
                    "title": "Write",
                    "anchor": "launch",
                    "offset_days": "0",
                    "duration_days": "1",
                    "assign_to": "nobody",
                    "waits_for": [second.pk],
                    "version": "1",
                },
            )
        )

        assert "They would wait for each other in a circle: “" in page
        assert not first.waits_for.exists()

    def test_are_set_as_a_whole_and_keep_the_rows_of_the_same_title(self, noon, lead):
        item = PlanTemplateItemFactory(title="Write")
        wanted = [
            services.ItemWanted(title="Think"),
            services.ItemWanted(title="Write", offset_days=-2, waits_for=[1]),
        ]

        services.plan_template_update(template=item.template, items=wanted, by=lead, now=noon)

        think, write = item.template.items.all()
        assert (write.pk, write.offset_days, list(write.waits_for.all())) == (item.pk, -2, [think])


class TestWorkingDays:
    def test_are_added_imported_and_removed(self, login, lead):
        client = login(lead)
        client.post(url("holiday_add"), {"date": "2030-12-25", "name": "Christmas Day"})
        client.post(
            url("holidays_import"),
            {"text": "Day;Name\n2030-12-25;Christmas\n2030-12-26\tBoxing Day\n\n2031-01-01"},
        )

        assert list(Holiday.objects.values_list("date", "name")) == [
            (date(2030, 12, 25), "Christmas Day"),
            (date(2030, 12, 26), "Boxing Day"),
            (date(2031, 1, 1), "Holiday"),
        ]
        client.post(url("holiday_remove", Holiday.objects.first().pk))
        assert Holiday.objects.count() == 2

    def test_refuse_a_list_with_the_lines_that_are_none(self, login, lead):
        page = text(login(lead).post(url("holidays_import"), {"text": "2030-12-25 x\n2030-02-31 y\nz"}))

        assert "No day as 2030-12-25 in line 2: 2030-02-31 y; 3: z." in page
        assert not Holiday.objects.exists()

    def test_leave_one_day_of_the_week_to_work_on(self, noon, lead):
        with pytest.raises(CalendarRefused, match="One day of the week must be worked"):
            services.work_week_set(weekend=list(range(7)), by=lead, now=noon)

        services.work_week_set(weekend=[4, 5], by=lead, now=noon)
        assert WorkWeek.objects.current().weekend == [4, 5]

    def test_are_for_everyone_to_see_and_for_the_leads_to_say(self, login):
        client = login(UserFactory(role=User.Role.CONTRIBUTOR))

        assert "Saturday, Sunday" in text(client.get(url("holidays")))
        response = client.post(url("holiday_add"), {"date": "2030-12-25", "name": "x"})
        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Holiday.objects.exists()


class TestApi:
    def test_applies_reschedules_and_says_how_the_plan_stands(self, api, campaign):
        client, here = (
            api(campaign.captain, "campaigns:read", "campaigns:write"),
            f"/api/v1/campaigns/{campaign.pk}/",
        )
        first = PlanTemplateItemFactory(title="Write", duration_days=2)
        last = PlanTemplateItemFactory(title="Go", template=first.template, is_milestone=True)
        last.waits_for.add(first)

        applied = client.post(f"{here}apply-template/", {"template": first.template_id}, format="json")
        assert applied.status_code == HTTPStatus.CREATED
        write, go = applied.data["tasks"]
        assert (go["waits_for"], go["due_date"]) == ([write["id"]], "2098-05-05")

        dry = client.post(f"{here}reschedule/", {"launch_date": "2098-05-06", "dry_run": True}, format="json")
        assert [move["due"] for move in dry.data["moves"]] == ["2098-05-05", "2098-05-06"]
        assert Task.objects.get(pk=go["id"]).due_date == LAUNCH
        client.post(f"{here}reschedule/", {"launch_date": "2098-05-06"}, format="json")
        assert Task.objects.get(pk=go["id"]).due_date == date(2098, 5, 6)

        assert client.get(f"{here}schedule/").data["critical_path"] == [write["id"], go["id"]]
        assert [one["id"] for one in client.get(f"{here}milestones/").data["results"]] == [go["id"]]

    def test_refuses_a_circle_and_tasks_of_others(self, api, campaign, task):
        client = api(campaign.captain, "campaigns:write")
        other = TaskFactory(campaign=campaign)
        client.post(f"/api/v1/tasks/{task.pk}/dependencies/", {"task": other.pk}, format="json")

        circle = client.post(f"/api/v1/tasks/{other.pk}/dependencies/", {"task": task.pk}, format="json")
        strange = client.post(
            f"/api/v1/tasks/{task.pk}/dependencies/", {"task": TaskFactory().pk}, format="json"
        )

        assert circle.status_code == HTTPStatus.BAD_REQUEST
        assert "in a circle" in circle.content.decode()
        assert strange.status_code == HTTPStatus.BAD_REQUEST
        assert TaskDependency.objects.count() == 1

    def test_makes_templates_and_holidays(self, api, lead):
        client = api(lead, "campaigns:write", "plan-templates:write", "holidays:write")

        made = client.post(
            "/api/v1/plan-templates/",
            {"name": "Fair", "items": [{"title": "Book"}, {"title": "Build", "waits_for": [1]}]},
            format="json",
        )
        days = client.post(
            "/api/v1/holidays/bulk/",
            {"holidays": [{"date": "2030-12-25", "name": "Christmas"}]},
            format="json",
        )

        book, build = made.data["items"]
        assert build["waits_for"] == [book["id"]]
        assert days.data == {"holidays": [{"date": "2030-12-25", "name": "Christmas"}]}
