"""A message and its recipients: before, while and after it runs."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges
from apps.contacts.models import Exclusion
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.refusals import told
from apps.messaging import forms, selectors, services
from apps.messaging.models import Message, Recipient
from apps.messaging.views import drafts

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Message")),
        Column(gettext_lazy("Campaign")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Launched")),
    ],
    filters=[Filter("state", gettext_lazy("State"), Message.State.choices)],
    default_sort="-id",
    search_hint=gettext_lazy("Search by name"),
)
RECIPIENTS = ListSpec(
    columns=[
        Column(gettext_lazy("Contact")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Why, or what the server said")),
        Column(gettext_lazy("When")),
    ],
    filters=[
        Filter("state", gettext_lazy("State"), Recipient.State.choices),
        Filter("reason", gettext_lazy("Reason"), Exclusion.choices),
    ],
    default_sort="state",
    search_hint=gettext_lazy("Search by address"),
)


@require_GET
@requires("messaging.view_message")
def message_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    found = selectors.messages(user=request.user, search=asked.search, **asked.values)
    return render_page_or_fragment(
        request, "messaging/message_list.html", {"listing": asked.page(found)}, fragment="message-list"
    )


@require_GET
@requires("messaging.view_message", on=Message)
def message_detail(request: UserRequest, message: Message) -> HttpResponse:
    if message.is_draft:
        return drafts.review(request, message, forms.LaunchForm())
    return _running_page(request, message)


def _running_page(request: UserRequest, message: Message) -> HttpResponse:
    now = clock.now()
    standing = selectors.Standing.of(message)
    ledger = standing.ledger
    sees_people = request.user.has_perm("messaging.view_recipient", message)
    brakes = selectors.message_brakes(message, unfinished=ledger.unfinished, now=now)
    provider = selectors.waited_for(message, now=now) if message.is_open else None
    delays = standing.delays_now(now=now) if message.is_open else []
    waits = [brake.done_at for brake in brakes[:1]] + [delay.latest for delay in delays]
    pace = selectors.message_pace(message, ledger, now=now, held_until=max(filter(None, waits), default=None))
    context = {
        "message": message,
        "holds": challenges.open_about(message),
        "may_challenge": request.user.has_perm("campaigns.add_challenge", message.campaign),
        "ledger": ledger,
        # While nothing moves, nothing is guessed.
        "pace": replace(pace, per_minute=0, left=None) if provider else pace,
        "brakes": brakes,
        "waited_for": provider,
        # Before it begins everybody waits, and the page says so already.
        "delays": [one for one in delays if not pace.until_begin or one.cause != selectors.Cause.HOUR],
        "unreached": message.connections_failed if message.is_running else 0,
        "unreached_most": services.CONNECTIONS_FAILED,
        # What servers say quotes addresses.
        "errors": standing.errors if sees_people else standing.failures,
        "reactions": standing.reactions,
        "counted_at": standing.counted_at,
        "is_moving": _is_moving(message, ledger),
        "may_steer": request.user.has_perm("messaging.pause_message", message),
        "may_settle": request.user.has_perm("messaging.settle_message", message),
        "may_undo": ledger.has_not_begun and message.is_open,
        "left": selectors.doubts_left(message) if ledger.unknown else 0,
        "sees_people": sees_people,
    }
    return render_page_or_fragment(
        request, "messaging/message_running.html", context, fragment="message-panel"
    )


def _is_moving(message: Message, ledger: selectors.Ledger) -> bool:
    """Test if something can change by itself: only then the page asks again."""
    is_held = message.state == Message.State.PAUSED and not ledger.in_hand
    return message.finished_at is None and not is_held


@require_POST
@requires("messaging.pause_message", on=Message)
def message_pause(request: UserRequest, message: Message) -> HttpResponse:
    form = forms.PauseForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _act(
        request,
        message,
        lambda: services.message_pause(message=message, by=request.user, now=clock.now(), reason=reason),
    )


@require_POST
@requires("messaging.resume_message", on=Message)
def message_resume(request: UserRequest, message: Message) -> HttpResponse:
    return _act(
        request,
        message,
        lambda: services.message_resume(message=message, by=request.user, now=clock.now()),
    )


@require_POST
@requires("messaging.cancel_message", on=Message)
def message_cancel(request: UserRequest, message: Message) -> HttpResponse:
    return _act(
        request,
        message,
        lambda: services.message_cancel(message=message, by=request.user, now=clock.now()),
    )


@require_POST
@requires("messaging.undo_message", on=Message)
def message_undo(request: UserRequest, message: Message) -> HttpResponse:
    return _act(
        request,
        message,
        lambda: services.message_undo(message=message, by=request.user, now=clock.now()),
    )


@require_POST
@requires("messaging.retry_message", on=Message)
def message_retry(request: UserRequest, message: Message) -> HttpResponse:
    form = forms.RetryForm(request.POST)
    if not form.is_valid():
        notes.error(request, _("No server said this to anybody."))
        return redirect("messaging:detail", message.pk)

    def retry() -> None:
        _message, count = services.message_retry_failed(
            message=message, by=request.user, now=clock.now(), answer=form.cleaned_data["answer"] or None
        )
        told = ngettext("%(n)s recipient is tried again.", "%(n)s recipients are tried again.", count)
        notes.success(request, told % {"n": count})

    return _act(request, message, retry)


def _act(request: UserRequest, message: Message, act: Callable[[], object]) -> HttpResponse:
    """Do it, or say why not, and show where the message stands now."""
    try:
        act()
    except DomainError as refusal:
        notes.error(request, told(refusal))
    return redirect("messaging:detail", message.pk)


@require_GET
@requires("messaging.view_recipient", on=Message)
def message_people(request: UserRequest, message: Message) -> HttpResponse:
    asked = RECIPIENTS.read(request.GET)
    found = selectors.recipients(message, search=asked.search, **asked.values)
    listing = asked.page(found)
    context = {
        "message": message,
        "listing": listing,
        "rows": selectors.recipients_told(listing.rows, in_line=_in_line(message, listing.rows)),
        "may_settle": asked.values.get("state") == Recipient.State.UNKNOWN
        and request.user.has_perm("messaging.settle_message", message),
    }
    return render_page_or_fragment(
        request, "messaging/recipient_list.html", context, fragment="recipient-list"
    )


def _in_line(message: Message, rows: Sequence[Recipient]) -> str:
    """Say what holds those in line, if a page shows any; it is the same for all of them."""
    is_asked = message.is_open and any(row.state == Recipient.State.QUEUED for row in rows)
    return selectors.line_brake(message, now=clock.now()) if is_asked else ""


@require_GET
@requires("messaging.view_recipient", on=Recipient)
def recipient_detail(request: UserRequest, recipient: Recipient) -> HttpResponse:
    """Say why this person got it, or did not: every fact is the row's own."""
    context = {
        "recipient": recipient,
        "message": recipient.message,
        "checks": selectors.recipient_checks(recipient, now=clock.now()),
        "entries": selectors.recipient_timeline(recipient),
        "may_settle": request.user.has_perm("messaging.settle_message", recipient.message),
    }
    return render_page_or_fragment(
        request, "messaging/recipient_detail.html", context, fragment="recipient-panel"
    )
