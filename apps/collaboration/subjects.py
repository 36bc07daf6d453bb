"""
What people talk about and what has a history: each app registers its things from `AppConfig.ready`.

    subjects.register("campaigns.campaign", Subject(
        model=Campaign,
        view_permission="campaigns.view_campaign",
        comment_permission="campaigns.comment_campaign",
        url=lambda campaign: reverse("campaigns:detail", args=[campaign.pk]),
        watchers=lambda campaign: [campaign.captain],
    ))

Then `{% include "collaboration/_comments.html" with kind="campaigns.campaign" pk=campaign.pk %}` shows the
comments below it, and `{% include "collaboration/_activity.html" with kind=… pk=… %}` its history; both are
loaded by htmx. The words of the log are registered too: `actions["message.launched"] = _("launched it")`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.registry import Registry


def _nobody(_subject: Any) -> Iterable[User]:
    return ()


def _nobody_of(_subject: Any, people: QuerySet[User]) -> QuerySet[User]:
    return people.none()


@dataclass(frozen=True)
class Subject:
    """
    One kind of thing. An empty `comment_permission`: it has a history but no comments; the same of files.

    `viewers` narrows people to those who may see the thing: they can be named in comments. `watchers` are
    told of every new comment, beside those who wrote before.
    """

    model: type[Model]
    view_permission: str
    url: Callable[[Any], str]
    comment_permission: str = ""
    attach_permission: str = ""
    viewers: Callable[[Any, QuerySet[User]], QuerySet[User]] = _nobody_of
    watchers: Callable[[Any], Iterable[User]] = _nobody


class Subjects(Registry[Subject]):
    def of(self, label: str) -> Subject | None:
        """Return the kind named `campaigns.campaign`; None: nobody registered it."""
        return self._entries.get(label)


subjects = Subjects()

# What the log says of an act, after who did it. Unknown acts are spelt out.
actions: dict[str, Any] = {
    "attachment.added": _("attached a file"),
    "attachment.removed": _("removed a file"),
    "comment.added": _("commented"),
    "comment.changed": _("changed a comment"),
    "comment.deleted": _("took back a comment"),
    "invitation.created": _("invited someone"),
    "invitation.renewed": _("sent an invitation again"),
    "invitation.revoked": _("took back an invitation"),
    "password.changed": _("changed the own password"),
    "password.reset": _("set a new password through the mailed link"),
    "second_factor.added": _("added a second factor"),
    "second_factor.removed": _("removed the own second factor"),
    "token.created": _("made an API token"),
    "token.revoked": _("revoked an API token"),
    "user.deactivated": _("deactivated someone"),
    "user.handed_back": _("gave someone back what they had left"),
    "user.joined": _("accepted the invitation"),
    "user.profile_changed": _("changed the own profile"),
    "user.reactivated": _("let someone in again"),
    "user.role_changed": _("changed someone’s role"),
    "user.second_factor_removed": _("removed someone’s second factor"),
}


def action_label(action: str) -> str:
    known = actions.get(action)
    return str(known) if known else action.replace(".", " ").replace("_", " ").replace("-", " ").capitalize()
