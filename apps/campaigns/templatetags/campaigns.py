"""
What rows and cards of campaigns show in few words: `{% load campaigns %}`.

Tags and not inclusions: a page has up to a hundred rows, and an inclusion costs as much as all that is in it.
"""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns.calendar import Bar, DayMarks
from apps.campaigns.dates import day_text
from apps.campaigns.models import Campaign
from apps.core import charts, display, icons
from apps.core.paths import path_to
from apps.core.templatetags.ui import avatar, status

register = template.Library()
Stage = Campaign.Stage
MARKS_DRAWN = 2  # of one day; the title names all
TONES = {Stage.LIVE: "good", Stage.READY: "info", Stage.REPORTING: "info", Stage.REVIEW: "warn"}
NOTHING = mark_safe('<span class="muted">–</span>')


@register.simple_tag
def stage_status(campaign: Campaign) -> SafeString:
    """Return the stage as a badge."""
    stage = Stage(campaign.stage)
    return status(stage.label, TONES.get(stage, "neutral"))


@register.simple_tag
def owners(campaign: Campaign) -> SafeString:
    """Return the channels with the faces of their owners; the channels are fetched already."""
    faces = format_html_join(
        "",
        '<span title="{0}">{1}<span class="visually-hidden">{0}</span></span>',
        (
            (
                f"{channel.get_kind_display()}: {channel.owner or _('nobody')}",
                avatar(channel.owner, "avatar-sm"),
            )
            for channel in campaign.channels.all()
        ),
    )
    return format_html('<span class="avatars">{}</span>', faces or NOTHING)


@register.simple_tag
def blockers(campaign: Campaign) -> SafeString | str:
    """Return how many required checks fail, as last looked at; nothing where none does."""
    count = campaign.blockers
    if not count:
        return ""
    return format_html(
        '<a class="blockers" href="{}">{}{}</a>',
        path_to("campaigns:readiness", campaign.pk),
        icons.icon("lock", "icon-sm"),
        ngettext("%(count)s check fails", "%(count)s checks fail", count) % {"count": count},
    )


@register.simple_tag
def goal_small(campaign: Campaign) -> SafeString:
    """Return the outcome's progress as last counted, or what is to be counted."""
    target, reached = campaign.goal_target, campaign.goal_reached
    if target and reached is not None:
        return format_html(
            '<span class="goal-small">{}<span class="tabular small muted">{} / {}</span></span>',
            charts.bar(reached, target, "good" if reached >= target else "accent"),
            _goal_amount(campaign, reached),
            _goal_amount(campaign, target),
        )
    if campaign.goal_event:
        return format_html('<span class="code small">{}</span>', campaign.goal_event)
    return NOTHING


def _goal_amount(campaign: Campaign, value: Decimal) -> str:
    if campaign.goal_measure == Campaign.GoalMeasure.VALUE:
        return display.money(value, campaign.currency)
    return display.number(value)


@register.simple_tag
def calendar_bar(bar: Bar) -> SafeString:
    """Return one campaign in its lane, its launch, and what is marked below."""
    campaign = bar.campaign
    detail = path_to("campaigns:detail", campaign.pk)
    parts = [
        format_html(
            '<a class="calendar-bar stage-{} at-{} for-{}{}" href="{}" draggable="false" title="{}"{}>'
            '<span class="truncate {}">{}</span></a>',
            campaign.stage,
            bar.column,
            bar.length,
            bar.css,
            detail,
            _told(campaign),
            _moved(campaign, "all"),
            bar.name_css,
            campaign.name,
        )
    ]
    if bar.launch:
        parts.append(
            format_html(
                '<a class="calendar-launch at-{}" href="{}" draggable="false"{}>{}'
                '<span class="visually-hidden">{}</span></a>',
                bar.launch,
                path_to("campaigns:move", campaign.pk) if campaign.may_move else detail,
                _moved(campaign, "launch"),
                icons.icon("rocket", "icon-sm"),
                _("Launch of %(name)s") % {"name": campaign.name},
            )
        )
    parts += [_day_marks(day) for day in bar.days]
    return mark_safe("".join(parts))  # noqa: S308  # each part is made by format_html


def _moved(campaign: Any, part: str) -> str:
    """Return the attributes by which a part of it is dragged, where this person may move it."""
    if not campaign.may_move:
        return ""
    return format_html(
        ' data-move="{}" data-version="{}" data-part="{}" aria-describedby="calendar-hint"',
        path_to("campaigns:move", campaign.pk),
        campaign.version,
        part,
    )


def _told(campaign: Any) -> str:
    span = f"{day_text(campaign.begins)} – {day_text(campaign.ends)}"
    return f"{campaign.name} · {campaign.get_stage_display()} · {span}"


def _day_marks(day: DayMarks) -> SafeString:
    drawings = (icons.icon(mark.icon, "icon-sm") for mark in day.marks[:MARKS_DRAWN])
    return format_html(
        '<a class="calendar-mark at-{}" href="{}" title="{}">{}<span class="visually-hidden">{}</span></a>',
        day.column,
        day.marks[0].url,
        day.text,
        format_html_join("", "{}", ((drawing,) for drawing in drawings)),
        day.text,
    )
