"""Acts on saved views: keep a list as it is now, call it otherwise, share it, begin with it."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration.models import SavedView
from apps.collaboration.savedview_selectors import may_open
from apps.collaboration.services import audit_record
from apps.core.errors import DomainError

PER_LIST = 100  # of one person: more than anybody reads, and no list without an end
LONGEST = SavedView._meta.get_field("query").max_length or 0


class ViewRefused(DomainError):
    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


def view_save(
    *, list_key: str, name: str, query: str, by: User, now: datetime, is_shared: bool = False
) -> SavedView:
    """
    Keep a list with its filters under a name.

    :raises ViewRefused: no such list, the name is taken, the filters are too long, or there are too many
    """
    if not may_open(by, list_key):
        raise ViewRefused(_("There is no such list."), field="list_key")
    if len(query) > LONGEST:
        raise ViewRefused(_("These filters are too long to be kept."), field="name")
    view = SavedView(
        list_key=list_key, name=_name(name), query=query, owner=by, is_shared=is_shared, created_at=now
    )
    try:
        with transaction.atomic():
            if SavedView.objects.filter(owner=by, list_key=list_key).count() >= PER_LIST:
                raise ViewRefused(_("You have a hundred views of this list. Delete one first."), field="name")
            view.save(force_insert=True)
            audit_record(action="savedview.created", subject=view, by=by, now=now)
    except IntegrityError as error:
        raise _taken() from error
    return view


def view_rename(*, view: SavedView, name: str, by: User, now: datetime) -> SavedView:
    """
    Call a view otherwise.

    :raises ViewRefused: the name is taken
    """
    name = _name(name)
    try:
        with transaction.atomic():
            view = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
            if view.name == name:
                return view
            before, view.name = view.name, name
            view.save(update_fields=["name"])
            audit_record(action="savedview.renamed", subject=view, by=by, now=now, details={"from": before})
    except IntegrityError as error:
        raise _taken() from error
    return view


@transaction.atomic
def view_share(*, view: SavedView, is_shared: bool, by: User, now: datetime) -> SavedView:
    """Give a view to everybody who may open its list, or keep it for its owner again."""
    view = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
    if view.is_shared == is_shared:
        return view
    view.is_shared = is_shared
    view.save(update_fields=["is_shared"])
    action = "savedview.shared" if is_shared else "savedview.unshared"
    audit_record(action=action, subject=view, by=by, now=now)
    return view


@transaction.atomic
def view_delete(*, view: SavedView, by: User, now: datetime) -> None:
    """Forget a view. Whoever began with it begins with the whole list again."""
    audit_record(action="savedview.deleted", subject=view, by=by, now=now)
    view.delete()


@transaction.atomic
def default_set(*, view: SavedView, by: User) -> User:
    """Let a list open with this view for the person from now on."""
    return _defaults_change(by, view.list_key, view.pk)


@transaction.atomic
def default_clear(*, list_key: str, by: User) -> User:
    """Let a list open as a whole again."""
    return _defaults_change(by, list_key, None)


def _defaults_change(user: User, list_key: str, pk: int | None) -> User:
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    others = {key: value for key, value in user.default_views.items() if key != list_key}
    user.default_views = others if pk is None else {**others, list_key: pk}
    user.save(update_fields=["default_views"])
    return user


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise ViewRefused(_("Give it a name."), field="name")
    longest = SavedView._meta.get_field("name").max_length or 0
    if len(name) > longest:
        raise ViewRefused(_("At most %(count)s letters.") % {"count": longest}, field="name")
    return name


def _taken() -> ViewRefused:
    return ViewRefused(_("You have a view of this name here already."), field="name")
