"""Where nobody can know whether a mail was taken, a person decides."""

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.refusals import refuse
from apps.messaging import selectors, services
from apps.messaging.forms import DoubtForm, SettleForm
from apps.messaging.models import Message, Settlement

SHOWN, COUNTED = 10, 2_000


@require_http_methods(["GET", "POST"])
@requires("messaging.settle_message", on=Message)
def message_settle(request: UserRequest, message: Message) -> HttpResponse:
    """Show who is in doubt, all or those that the filter leaves; write down what a person says."""
    asked_for = request.POST if request.method == "POST" else request.GET
    which = DoubtForm(asked_for, answers=selectors.doubt_answers(message))
    doubt = which.doubt()
    form = SettleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            count = services.recipients_settle(
                message=message,
                doubt=doubt,
                verdict=Settlement.Verdict(asked["verdict"]),
                reason=asked["reason"],
                expected=asked["expected"],
                by=request.user,
                now=clock.now(),
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            told = ngettext("%(n)s recipient is settled.", "%(n)s recipients are settled.", count)
            notes.success(request, told % {"n": count})
            return redirect("messaging:detail", message.pk)
    found = selectors.doubtful(message, doubt)
    count = found.count()
    context = {
        "message": message,
        "which": which,
        "doubt": doubt,
        "form": form,
        "count": count,
        # Each is looked for by itself: of very many, only the rule is told.
        "arrived": selectors.doubtful_arrived(found).count() if count <= COUNTED else None,
        "left": selectors.doubts_left(message),
        "sample": found.select_related("contact").order_by("pk")[:SHOWN],
    }
    return render_page_or_fragment(request, "messaging/message_settle.html", context, fragment="settle-panel")
