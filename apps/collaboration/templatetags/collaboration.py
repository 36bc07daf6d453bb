"""The words of the log: `{% load collaboration %}`."""

import re
from typing import Any

from django import template
from django.apps import apps
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from apps.collaboration.mentions import labels
from apps.collaboration.models import Comment
from apps.collaboration.subjects import action_label

register = template.Library()


@register.filter
def act(action: str) -> str:
    """Say what was done, as people put it."""
    return action_label(action)


@register.filter
def said(comment: Comment) -> SafeString:
    """Return what a comment says, with those whom it names set apart."""
    text: str = escape(comment.text)
    names = {escape(label) for mention in comment.mentions.all() for label in labels(mention.user)}
    if names:
        longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        text = re.sub(
            rf"@(?:{longest_first})(?!\w)", r'<strong class="mention">\g<0></strong>', text, flags=re.I
        )
    return mark_safe(linebreaks(text))  # noqa: S308  # escaped above


@register.filter
def kind(subject: str) -> str:
    """Say what `campaigns.campaign:12` is: “Campaign 12”."""
    label, _colon, pk = subject.partition(":")
    try:
        name = str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        name = label  # the app has gone since
    return f"{capfirst(name)} {pk}"


@register.filter
def spelt(details: dict[str, Any]) -> str:
    """Spell the details of an act out in one line; a change reads from left to right."""
    if set(details) == {"from", "to"}:
        return f"{_plain(details['from'])} → {_plain(details['to'])}"
    return " · ".join(f"{key.replace('_', ' ')}: {_plain(value)}" for key, value in details.items())


def _plain(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(str, value)) or "–"  # a dash for nothing, as everywhere
        case None | "":
            return "–"
        case _:
            return str(value)
