"""What a new template can begin with: four e-mails that need words, not a designer."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.content.rendering import EmailSource

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Starter:
    """One beginning. `subject` and `preheader` are Liquid too."""

    key: str
    label: Promise
    help: Promise
    subject: str
    preheader: str


STARTERS = {
    starter.key: starter
    for starter in (
        Starter(
            "announcement",
            _("Announcement"),
            _("One piece of news and one button."),
            "Something you have been asking for is here",
            "What is new, and what it changes for you.",
        ),
        Starter(
            "newsletter",
            _("Newsletter"),
            _("Several stories, a how-to and dates."),
            'Our letter for {{ now | date: "%B" }}',
            "One story, one thing to try, two dates.",
        ),
        Starter(
            "offer",
            _("Offer"),
            _("A discount with its code, its reasons and its terms."),
            '{{ contact.first_name | default: "For you" }}: 20% off until Sunday',
            "Your code is inside.",
        ),
        Starter(
            "plain",
            _("Plain note"),
            _("A letter from a person, without design."),
            "A question for you",
            "",
        ),
    )
}


@cache
def starter_source(key: str) -> EmailSource:
    """
    Return the e-mail that a starter begins with.

    :raises KeyError: there is no such starter
    """
    starter = STARTERS[key]
    mjml = (FOLDER / f"{key}.mjml").read_text()
    return EmailSource(starter.subject, starter.preheader, mjml, text="")


def starters() -> Iterable[Starter]:
    return STARTERS.values()
