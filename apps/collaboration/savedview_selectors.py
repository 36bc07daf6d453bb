"""
Saved views: a list with its filters, under a name. Every list page has them and none knows of it.

A list is named by its URL (`campaigns:list`), and has no arguments in it. Who may open the list may keep
views of it; what a shared one shows is asked of whoever opens it.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from apps.accounts.models import User
from apps.collaboration.models import SavedView

# What belongs to one look at a list and not to the view of it.
PASSING = frozenset({"cursor", "all"})
SHOWN = 50


@dataclass(frozen=True)
class ListPage:
    """A list that views can be kept of. `query` is what was asked of it, without what passes."""

    key: str
    path: str
    permission: str
    query: str = ""


def list_page(address: str) -> ListPage | None:
    """Return the list at this address of ours, with its query; None where none is, or it has arguments."""
    parts = urlsplit(address)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    permission = getattr(match.func, "permission", "")
    if match.kwargs or not permission:
        return None
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in PASSING and value]
    return ListPage(match.view_name, parts.path, permission, urlencode(kept))


def list_named(key: str) -> ListPage | None:
    """Return the list that a saved view is of; None where no such page is any more."""
    try:
        return list_page(reverse(key))
    except NoReverseMatch:
        return None


def may_open(user: User, key: str) -> bool:
    """Test if this person may open the list of that name at all."""
    page = list_named(key)
    return page is not None and user.has_perm(page.permission)


def address_of(view: SavedView) -> str:
    """Return where a saved view leads."""
    return f"{reverse(view.list_key)}?{view.query or 'all=1'}"


def saved_views(user: User, *, list_key: str = "") -> QuerySet[SavedView]:
    """Return the person's own views and those shared of lists that the person may open, by name."""
    shared = SavedView.objects.filter(is_shared=True)
    if list_key:
        keys = [list_key] if may_open(user, list_key) else []
    else:
        keys = [
            key
            for key in shared.order_by().values_list("list_key", flat=True).distinct()
            if may_open(user, key)
        ]
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True, list_key__in=keys))
    if list_key:
        found = found.filter(list_key=list_key)
    return found.select_related("owner").order_by("name", "pk")
