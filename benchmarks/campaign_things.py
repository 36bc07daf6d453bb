"""What one campaign of the benchmark of pages has of everything, and what its pages are called."""

from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.models import (
    BudgetLine,
    BudgetUpload,
    Campaign,
    Challenge,
    ChallengeAnswer,
    ChecklistItem,
    Expectation,
    Kpi,
    KpiSet,
    Lesson,
    Metric,
    NotDoing,
    PlanTemplate,
    PlanTemplateItem,
    SignOff,
    Stakeholder,
    Task,
    TaskDependency,
    YearGoal,
)
from apps.campaigns.wizard import NAMES
from apps.collaboration.models import AuditEvent, Comment, Notification
from apps.content.models import Template, TemplateVersion
from apps.messaging.models import Message, Sender

MONTHS, LINES, COMMENTS, DRAFTS, LESSONS = 12, 120, 60, 8, 400


def things_make(one: Campaign, users: list[User], *, lead: User, now: datetime) -> None:
    """Give this campaign a budget, messages, questions and answers, and the rooms of all what they list."""
    day = now.date().replace(day=1)
    BudgetLine.objects.bulk_create(
        BudgetLine(
            campaign=one,
            month=(day + timedelta(days=31 * (number % MONTHS))).replace(day=1),
            label=f"Line {number}",
            planned=100 + number,
        )
        for number in range(LINES)
    )
    rows = [[number, {"month": "2030-04", "label": f"Row {number}", "planned": "5"}] for number in range(200)]
    BudgetUpload.objects.create(campaign=one, by=lead, at=now, file_name="plan.xlsx", rows=rows)
    Expectation.objects.create(campaign=one, points=[[f"{day:%Y-%m}", "200"]])
    Stakeholder.objects.bulk_create(Stakeholder(campaign=one, user=user, asked_at=now) for user in users[:10])
    KpiSet.objects.create(campaign=one)
    SignOff.objects.create(campaign=one, by=lead, at=now, snapshot=[], digest="0" * 64)
    _tasks_tie(one, lead, now)
    _talk(one, users, lead, now)
    _messages_make(one, now)
    _rooms_fill(one, lead, now)


def _tasks_tie(one: Campaign, lead: User, now: datetime) -> None:
    tasks = list(one.tasks.order_by("pk"))
    TaskDependency.objects.bulk_create(
        TaskDependency(predecessor=before, successor=after) for before, after in pairwise(tasks)
    )
    ChecklistItem.objects.bulk_create(ChecklistItem(task=tasks[0], text=f"Item {n}") for n in range(20))
    Challenge.objects.bulk_create(
        Challenge(
            campaign=one,
            content_type=ContentType.objects.get_for_model(Task),
            object_id=task.pk,
            about=task.title,
            question="Who says that readers want this?",
            asked_by=lead,
            asked_at=now,
            pursued_by=lead,
        )
        for task in tasks[:10]
    )
    asked = one.challenges.order_by("pk")[0]
    ChallengeAnswer.objects.bulk_create(
        ChallengeAnswer(challenge=asked, text="Forty did.", by=lead, at=now) for _each in range(10)
    )


def _talk(one: Campaign, users: list[User], lead: User, now: datetime) -> None:
    content_type = ContentType.objects.get_for_model(Campaign)
    Comment.objects.bulk_create(
        Comment(content_type=content_type, object_id=one.pk, by=user, at=now, text="So it is. " * 10)
        for user in (users * COMMENTS)[:COMMENTS]
    )
    Notification.objects.bulk_create(
        Notification(user=lead, text=f"News {number}", at=now) for number in range(500)
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            by=user,
            action="campaign.changed",
            subject=f"campaigns.campaign:{one.pk}",
            label=one.name,
            details={"changes": {"idea": ["", "x"]}},
        )
        for user in (users * 400)[:400]
    )


def _messages_make(one: Campaign, now: datetime) -> None:
    sender = Sender.objects.create(name="Bench", email="bench@shop.example")
    for number in range(DRAFTS):
        template = Template.objects.create(name=f"Mail {number}", edited_at=now)
        version = TemplateVersion.objects.create(
            template=template,
            number=1,
            subject="x",
            mjml="<mjml><mj-body></mj-body></mjml>",
            html="<p>x</p>",
            at=now,
        )
        Template.objects.filter(pk=template.pk).update(current=version)
        message = Message.objects.create(
            campaign=one,
            channel=one.channels.filter(kind="email")[0],
            name=f"Message {number}",
            sender=sender,
            template=template,
        )
        message.segments.set([one.segment_id])
    Campaign.objects.filter(pk=one.pk).update(asks_approvals=True, stage=Campaign.Stage.REVIEW)


def _rooms_fill(one: Campaign, lead: User, now: datetime) -> None:
    Metric.objects.bulk_create(Metric(name=f"Metric {n}", event="visit", unit="people") for n in range(100))
    YearGoal.objects.bulk_create(YearGoal(year=now.year, name=f"Goal {n}", position=n) for n in range(10))
    NotDoing.objects.bulk_create(
        NotDoing(year=now.year, practice=f"Practice {n}", reason="No.") for n in range(10)
    )
    Lesson.objects.bulk_create(
        Lesson(text=f"Lesson {n} " * 8, by=lead, campaign=one if n % 10 == 0 else None)
        for n in range(LESSONS)
    )
    templates = PlanTemplate.objects.bulk_create(PlanTemplate(name=f"Plan {n}") for n in range(40))
    PlanTemplateItem.objects.bulk_create(
        PlanTemplateItem(template=templates[0], title=f"Step {n}", offset_days=-n, position=n)
        for n in range(60)
    )


def things_pages(one: Campaign) -> dict[str, str]:
    """Return the address of each page about one of these things, by what it is called."""
    objects = {
        "task": one.tasks.order_by("pk"),
        "channel": one.channels.order_by("pk"),
        "challenge": one.challenges.order_by("pk"),
        "budget_line": one.budget_lines.order_by("pk"),
        "budget_line_update": one.budget_lines.order_by("pk"),
        "budget_upload": BudgetUpload.objects.order_by("pk"),
        "kpi_update": Kpi.objects.filter(campaign=one),
        "signoff": SignOff.objects.order_by("pk"),
        "metric": Metric.objects.order_by("pk"),
        "metric_update": Metric.objects.order_by("pk"),
        "lesson": Lesson.objects.order_by("pk"),
        "lesson_update": Lesson.objects.order_by("pk"),
        "year_goal": YearGoal.objects.order_by("pk"),
        "year_goal_update": YearGoal.objects.order_by("pk"),
        "not_doing_update": NotDoing.objects.order_by("pk"),
        "plan_template": PlanTemplate.objects.filter(name="Plan 0"),
        "template_item_add": PlanTemplate.objects.filter(name="Plan 0"),
        "template_item": PlanTemplateItem.objects.order_by("pk"),
    }
    shown = {
        f"one {name.replace('_', ' ')}": reverse(f"campaigns:{name}", args=[found[0].pk])
        for name, found in objects.items()
    }
    for name in ("create", "metric_create", "lesson_create", "year_goal_create", "not_doing_create"):
        shown[f"form, {name.replace('_', ' ')}"] = reverse(f"campaigns:{name}")
    shown["form, plan template create"] = reverse("campaigns:plan_template_create")
    for step in NAMES:
        shown[f"wizard, {step}"] = reverse("campaigns:wizard", args=[one.pk, step])
    for name in ("comments", "attachments", "activity"):
        shown[f"campaign, {name}"] = reverse(f"collaboration:{name}", args=["campaigns.campaign", one.pk])
    shown["people to mention"] = reverse("collaboration:mentionable", args=["campaigns.campaign", one.pk])
    return shown
