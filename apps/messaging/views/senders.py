from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.messaging import forms, selectors, services
from apps.messaging.models import Sender

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Address"), sort="email"),
        Column(gettext_lazy("Answers go to")),
        Column(gettext_lazy("Sends through")),
        Column(gettext_lazy("In use")),
    ],
    filters=[
        Filter("active", gettext_lazy("In use"), [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))])
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name or address"),
)


@require_GET
@requires("messaging.view_sender")
def sender_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.senders(search=asked.search, **asked.values)),
        "may_add": request.user.has_perm("messaging.add_sender"),
    }
    return render_page_or_fragment(request, "messaging/sender_list.html", context, fragment="sender-list")


@require_http_methods(["GET", "POST"])
@requires("messaging.add_sender")
def sender_create(request: UserRequest) -> HttpResponse:
    return _sender_form(request, Sender())


@require_http_methods(["GET", "POST"])
@requires("messaging.change_sender", on=Sender)
def sender_update(request: UserRequest, sender: Sender) -> HttpResponse:
    return _sender_form(request, sender)


def _sender_form(request: UserRequest, sender: Sender) -> HttpResponse:
    form = forms.SenderForm(request.POST or None, instance=sender)
    if request.method == "POST" and form.is_valid():
        try:
            services.sender_save(
                sender=form.save(commit=False),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        else:
            notes.success(request, _("The sender is saved."))
            return redirect("messaging:senders")
    context: dict[str, object] = {"sender": sender, "form": form}
    if sender.pk:
        now = clock.now()
        context |= {
            "limits": selectors.sender_limits(sender, now=now),
            "warm_up": selectors.warm_up_progress(sender, now=now),
            "may_limit": request.user.has_perm("messaging.add_ratelimit"),
        }
    return render(request, "messaging/sender_form.html", context)


@require_POST
@requires("messaging.delete_sender", on=Sender)
def sender_delete(request: UserRequest, sender: Sender) -> HttpResponse:
    try:
        services.sender_delete(sender=sender, by=request.user, now=clock.now())
    except services.SenderInUse as refusal:
        notes.error(request, str(refusal))
        return redirect("messaging:sender", sender.pk)
    notes.success(request, _("The sender is deleted."))
    return redirect("messaging:senders")
