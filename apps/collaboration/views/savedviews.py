"""The saved views of a list: as a menu beside its filters, and as a page where they are kept in order."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.collaboration import savedview_selectors as selectors
from apps.collaboration import savedview_services as services
from apps.collaboration.models import SavedView
from apps.collaboration.savedview_selectors import ListPage
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.refusals import refuse


class SaveForm(forms.Form):
    at = forms.CharField(max_length=4000, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=80)
    is_shared = forms.BooleanField(label=gettext_lazy("Everybody sees it"), required=False)


class RenameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


@dataclass(frozen=True)
class Row:
    """One view of the list and what this person may do to it; `rename` is None where it is not theirs."""

    view: SavedView
    address: str
    rename: RenameForm | None
    may_share: bool

    @property
    def delete_id(self) -> str:
        return f"view-delete-{self.view.pk}"

    @property
    def consequence(self) -> str:
        if self.view.is_shared:
            return _("It disappears for everybody, and whoever opens the list with it sees the whole list.")
        return _("Only the view is gone: what it shows stays.")


class ShareForm(forms.Form):
    is_shared = forms.BooleanField(required=False)


@require_GET
@requires("collaboration.view_savedview")
def saved_views(request: UserRequest) -> HttpResponse:
    # The list may have been filtered since its page was made: htmx tells where the person is.
    here = (request.htmx.current_url_abs_path or "") if wants_fragment(request) else ""
    page = _page(request, request.GET.get("at") or here)
    return _render(request, page, SaveForm(initial={"at": f"{page.path}?{page.query}"}))


@require_POST
@requires("collaboration.add_savedview")
def view_save(request: UserRequest) -> HttpResponse:
    form = SaveForm(request.POST)
    page = _page(request, request.POST.get("at", ""))
    if not form.is_valid():
        return _render(request, page, form)
    may_share = request.user.has_perm("collaboration.share_savedview")
    try:
        view = services.view_save(
            list_key=page.key,
            name=form.cleaned_data["name"],
            query=page.query,
            is_shared=form.cleaned_data["is_shared"] and may_share,
            by=request.user,
            now=clock.now(),
        )
    except DomainError as refusal:
        refuse(form, refusal)
        return _render(request, page, form)
    messages.success(request, _("“%(view)s” is kept among the views of this list.") % {"view": view.name})
    return redirect(selectors.address_of(view))


@require_POST
@requires("collaboration.change_savedview", on=SavedView)
def view_rename(request: UserRequest, savedview: SavedView) -> HttpResponse:
    form = RenameForm(request.POST)
    if form.is_valid():
        try:
            services.view_rename(
                view=savedview, name=form.cleaned_data["name"], by=request.user, now=clock.now()
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            return redirect(_manage_url(savedview))
    page = _page(request, selectors.address_of(savedview))
    return _render(request, page, SaveForm(initial={"at": f"{page.path}?{page.query}"}), (savedview, form))


@require_POST
@requires("collaboration.share_savedview", on=SavedView)
def view_share(request: UserRequest, savedview: SavedView) -> HttpResponse:
    form = ShareForm(request.POST)
    if form.is_valid():
        is_shared = form.cleaned_data["is_shared"]
        services.view_share(view=savedview, is_shared=is_shared, by=request.user, now=clock.now())
    return redirect(_manage_url(savedview))


@require_POST
@requires("collaboration.delete_savedview", on=SavedView)
def view_delete(request: UserRequest, savedview: SavedView) -> HttpResponse:
    services.view_delete(view=savedview, by=request.user, now=clock.now())
    messages.success(request, _("“%(view)s” is no view any more.") % {"view": savedview.name})
    return redirect(_manage_url(savedview))


@require_POST
@requires("collaboration.view_savedview", on=SavedView)
def default_set(request: UserRequest, savedview: SavedView) -> HttpResponse:
    services.default_set(view=savedview, by=request.user)
    messages.success(request, _("This list opens with “%(view)s” for you.") % {"view": savedview.name})
    return redirect(_manage_url(savedview))


@require_POST
@requires("collaboration.view_savedview")
def default_clear(request: UserRequest) -> HttpResponse:
    page = _page(request, request.POST.get("at", ""))
    services.default_clear(list_key=page.key, by=request.user)
    messages.success(request, _("This list opens as a whole for you."))
    return redirect(f"{reverse('collaboration:saved-views')}?{urlencode({'at': page.path})}")


def _page(request: UserRequest, address: str) -> ListPage:
    """Return the list that is spoken of; 404 where none is, or none for this person."""
    page = selectors.list_page(address)
    if page is None or not request.user.has_perm(page.permission):
        raise Http404
    return page


def _manage_url(view: SavedView) -> str:
    return f"{reverse('collaboration:saved-views')}?{urlencode({'at': selectors.address_of(view)})}"


def _render(
    request: UserRequest,
    page: ListPage,
    form: SaveForm,
    refused: tuple[SavedView, RenameForm] | None = None,
) -> HttpResponse:
    user = request.user
    may_share = user.has_perm("collaboration.share_savedview")
    rows = []
    for view in selectors.saved_views(user, list_key=page.key)[: selectors.SHOWN]:
        rename = RenameForm(initial={"name": view.name}, auto_id=f"id_view_{view.pk}_%s")
        if refused and refused[0].pk == view.pk:
            rename = refused[1]
        is_own = view.owner_id == user.pk
        rows.append(Row(view, selectors.address_of(view), rename if is_own else None, may_share and is_own))
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "may_share": may_share,
        "default": user.default_views.get(page.key),
        "at": f"{page.path}?{page.query}",
    }
    return render_page_or_fragment(request, "collaboration/saved_views.html", context, fragment="views-menu")
