"""What integrations tell the rooms below; called from `AppConfig.ready`."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts.registries import user_spaces
from apps.core.navigation import Action, Found, Room, rooms, searches
from apps.core.navigation import actions as beginnings
from apps.integrations import feeds, selectors
from apps.integrations.models import IdentityScheme, Source


def register() -> None:
    rooms.register(
        "sources",
        Room(
            gettext_lazy("Sources"),
            "integrations:source-list",
            "plug-connected",
            "data",
            "integrations.view_source",
            40,
        ),
    )
    beginnings.register(
        "sources",
        Action(
            gettext_lazy("New source"),
            "integrations:source-create",
            "plug-connected",
            "integrations.add_source",
        ),
    )
    searches.register("sources", _search)
    feeds.register()
    user_spaces.register("scheme", _user_space)
    subjects.register(
        "integrations.source",
        Subject(
            model=Source,
            view_permission="integrations.view_source",
            url=lambda source: reverse("integrations:source-detail", args=[source.pk]),
        ),
    )
    subjects.register(
        "integrations.identityscheme",
        Subject(
            model=IdentityScheme,
            view_permission="integrations.view_identityscheme",
            url=lambda _scheme: reverse("integrations:source-list"),
        ),
    )
    actions.update(
        {
            "identityscheme.chosen": gettext_lazy("chose what tells people apart"),
            "source.created": gettext_lazy("connected a source"),
            "source.revoked": gettext_lazy("revoked a source's key"),
        }
    )


def _user_space() -> str:
    scheme = selectors.scheme()
    return scheme.namespace if scheme else ""


def _search(user: User, text: str) -> Found | None:
    if not user.has_perm("integrations.view_source"):
        return None
    return Found(_("Source"), selectors.sources(search=text).order_by("name"), "integrations:source-detail")
