"""The pages of rate limits and warm-ups."""

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
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
from apps.messaging.models import RateLimit, Sender, WarmUp

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("At most")),
        Column(gettext_lazy("Of or to")),
        Column(gettext_lazy("In force")),
    ],
    filters=[
        Filter("active", gettext_lazy("In force"), [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))])
    ],
    default_sort="id",
    search_hint=gettext_lazy("Search by sender or domain"),
)


@require_GET
@requires("messaging.view_ratelimit")
def rate_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.rate_limits(search=asked.search, **asked.values)),
        "may_add": request.user.has_perm("messaging.add_ratelimit"),
    }
    return render_page_or_fragment(request, "messaging/rate_list.html", context, fragment="rate-list")


@require_http_methods(["GET", "POST"])
@requires("messaging.add_ratelimit")
def rate_create(request: UserRequest) -> HttpResponse:
    return _rate_form(request, RateLimit())


@require_http_methods(["GET", "POST"])
@requires("messaging.change_ratelimit", on=RateLimit)
def rate_update(request: UserRequest, ratelimit: RateLimit) -> HttpResponse:
    return _rate_form(request, ratelimit)


def _rate_form(request: UserRequest, limit: RateLimit) -> HttpResponse:
    chosen = {"sender": request.GET["sender"]} if request.GET.get("sender", "").isdecimal() else None
    form = forms.RateForm(request.POST or None, instance=limit, initial=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            services.rate_limit_save(
                limit=form.save(commit=False),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The limit is saved."))
            return redirect("messaging:rates")
    return render(request, "messaging/rate_form.html", {"limit": limit, "form": form})


@require_POST
@requires("messaging.delete_ratelimit", on=RateLimit)
def rate_delete(request: UserRequest, ratelimit: RateLimit) -> HttpResponse:
    services.rate_limit_delete(limit=ratelimit, by=request.user, now=clock.now())
    notes.success(request, _("The limit is deleted."))
    return redirect("messaging:rates")


@require_http_methods(["GET", "POST"])
@requires("messaging.change_warmup", on=Sender)
def warm_up_update(request: UserRequest, sender: Sender) -> HttpResponse:
    plan = WarmUp.objects.filter(sender=sender).first() or WarmUp(sender=sender)
    starting = None if plan.pk else {"starts_on": clock.now().date()}
    form = forms.WarmUpForm(request.POST or None, instance=plan, initial=starting)
    if request.method == "POST" and form.is_valid():
        try:
            services.warm_up_save(
                plan=form.save(commit=False),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The warm-up is saved."))
            return redirect("messaging:sender", sender.pk)
    return render(request, "messaging/warm_up_form.html", {"sender": sender, "plan": plan, "form": form})


@require_POST
@requires("messaging.delete_warmup", on=Sender)
def warm_up_delete(request: UserRequest, sender: Sender) -> HttpResponse:
    if services.warm_up_delete(sender=sender, by=request.user, now=clock.now()):
        notes.success(request, _("The warm-up has ended."))
    return redirect("messaging:sender", sender.pk)
