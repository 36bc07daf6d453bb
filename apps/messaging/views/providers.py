"""The pages of those who carry messages."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts.models import Channel
from apps.content.selectors import preview_data
from apps.core import clock
from apps.core.errors import SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec
from apps.messaging import forms, selectors, services
from apps.messaging.channels import ways
from apps.messaging.channels.base import NotPreviewed, Setting, Way
from apps.messaging.models import Provider

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Kind")),
        Column(gettext_lazy("Senders")),
        Column(gettext_lazy("Connection")),
        Column(gettext_lazy("Last checked")),
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name"),
)


@require_GET
@requires("messaging.view_provider")
def provider_list(request: UserRequest) -> HttpResponse:
    asked, now = LIST.read(request.GET), clock.now()
    listing = asked.page(selectors.providers(search=asked.search))
    context = {
        "listing": listing,
        "rows": [(one, _kind(one), _is_waited_for(one, now)) for one in listing.rows],
        "may_add": request.user.has_perm("messaging.add_provider"),
    }
    return render_page_or_fragment(request, "messaging/provider_list.html", context, fragment="provider-list")


def _kind(provider: Provider) -> str | Promise:
    return ways()[provider.kind].label if provider.kind in ways() else provider.kind


def _is_waited_for(provider: Provider, now: datetime) -> bool:
    return provider.waits_until is not None and provider.waits_until > now


@require_GET
@requires("messaging.add_provider")
def provider_kinds(request: UserRequest) -> HttpResponse:
    """Choose the kind first: what is asked for depends on it."""
    kinds = [way for way in ways().values() if way.is_configured]
    return render(request, "messaging/provider_kinds.html", {"kinds": kinds})


@require_http_methods(["GET", "POST"])
@requires("messaging.add_provider")
def provider_create(request: UserRequest, kind: str) -> HttpResponse:
    if kind not in ways() or not ways()[kind].is_configured:
        raise Http404
    return _provider_form(request, Provider(kind=kind))


@require_http_methods(["GET", "POST"])
@requires("messaging.change_provider", on=Provider)
def provider_update(request: UserRequest, provider: Provider) -> HttpResponse:
    return _provider_form(request, provider)


def _provider_form(request: UserRequest, provider: Provider) -> HttpResponse:
    way = ways()[provider.kind]
    form = forms.ProviderForm(request.POST or None, instance=provider, settings=way.settings)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.provider_save(
                provider=form.save(commit=False),
                told=form.told(),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The provider is saved. Check its connection."))
            return redirect("messaging:provider", saved.pk)
    context = {"form": form, "provider": provider, "way": way, "has_preview": _has_preview(way)}
    return render(request, "messaging/provider_form.html", context)


@require_POST
@requires("messaging.add_provider")
def provider_preview(request: UserRequest, kind: str) -> HttpResponse:
    """Show what was typed as a receiver would get it; nothing is kept, and nothing leaves."""
    if kind not in ways() or not ways()[kind].is_configured:
        raise Http404
    told = {setting.key: request.POST.get(setting.key, "") for setting in ways()[kind].settings}
    context = {"way": ways()[kind], **_call_preview(ways()[kind], told)}
    return render_page_or_fragment(
        request, "messaging/provider_preview.html", context, fragment="provider-preview"
    )


def _shown(setting: Setting, value: str) -> str:
    return str(dict(setting.choices).get(value, value))


def _has_preview(way: Way) -> bool:
    """Test if people write for themselves what a call says."""
    return any(setting.is_long for setting in way.settings)


def _call_preview(way: Way, told: Mapping[str, str]) -> dict[str, str]:
    if not _has_preview(way):
        return {"preview": "", "preview_fault": ""}
    try:
        return {"preview": way.preview(told, preview_data(None)), "preview_fault": ""}
    except NotPreviewed as fault:
        return {"preview": "", "preview_fault": str(fault)}


@require_GET
@requires("messaging.view_provider", on=Provider)
def provider_detail(request: UserRequest, provider: Provider) -> HttpResponse:
    way = ways()[provider.kind]
    context = {
        "provider": provider,
        "way": way,
        "facts": [
            (setting.label, _shown(setting, provider.setting(setting.key) or setting.default))
            for setting in way.settings
            if not setting.is_secret and not setting.is_long
        ],
        "is_waited_for": _is_waited_for(provider, clock.now()),
        **_call_preview(way, provider.settings),
        "hook_url": selectors.provider_hook_url(provider) if way.takes_calls else "",
        "senders": (provider.sms_senders if way.channel == Channel.SMS else provider.senders).all()[:100],
        "may_change": request.user.has_perm("messaging.change_provider", provider),
    }
    return render_page_or_fragment(
        request, "messaging/provider_detail.html", context, fragment="provider-panel"
    )


@require_POST
@requires("messaging.check_provider", on=Provider)
def provider_check(request: UserRequest, provider: Provider) -> HttpResponse:
    checked = services.provider_check(provider=provider, by=request.user, now=clock.now())
    if not checked.check_fault:
        notes.success(request, _("The connection stands."))
    return redirect("messaging:provider", provider.pk)


@require_POST
@requires("messaging.delete_provider", on=Provider)
def provider_delete(request: UserRequest, provider: Provider) -> HttpResponse:
    try:
        services.provider_delete(provider=provider, by=request.user, now=clock.now())
    except services.ProviderInUse as refusal:
        notes.error(request, str(refusal))
        return redirect("messaging:provider", provider.pk)
    notes.success(request, _("The provider is deleted."))
    return redirect("messaging:providers")
