"""Writing a message, step by step, up to its launch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import idempotency
from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, readiness
from apps.campaigns.models import Channel
from apps.contacts import selectors as contacts
from apps.contacts.models import Contact
from apps.content.frames import mail_frame
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.core.refusals import SeenForm, told
from apps.messaging import audience, checks, forms, previews, selectors, services
from apps.messaging.models import Message, Variant
from apps.segments.rules import RuleInvalid

# Of a draft whose audience cannot be read.
NO_REACH = selectors.Reach(audience.Promise({}), [], selectors.DomainsReached([], 0, None))


@require_http_methods(["GET", "POST"])
@requires("messaging.add_message", on=Channel)
def message_create(request: UserRequest, channel: Channel) -> HttpResponse:
    form = forms.MessageCreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = services.MessageFields(name=form.cleaned_data["name"])
        if channel.campaign.segment:
            fields["segments"] = [channel.campaign.segment]
        try:
            message = services.message_create(
                channel=channel, fields=fields, by=request.user, now=clock.now()
            )
        except services.MessageRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("messaging:recipients-edit", message.pk)
    return render(request, "messaging/message_create.html", {"channel": channel, "form": form})


@require_http_methods(["GET", "POST"])
@requires("messaging.change_message", on=Message)
def message_recipients(request: UserRequest, message: Message) -> HttpResponse:
    initial = {
        "segments": message.segments.all(),
        "exclude_segments": message.exclude_segments.all(),
        "holdout_percent": message.holdout_percent,
    }
    form = forms.RecipientsForm(request.POST or None, initial=initial)
    return draft_step(request, message, form, step="recipients", following="messaging:content-edit")


@require_http_methods(["GET", "POST"])
@requires("messaging.change_message", on=Message)
def message_content(request: UserRequest, message: Message) -> HttpResponse:
    if message.is_text:
        return _text(request, message)
    form = forms.ContentForm(request.POST or None, initial={"template": message.template_id})
    return draft_step(request, message, form, step="content", following="messaging:settings-edit")


def _text(request: UserRequest, message: Message) -> HttpResponse:
    form = forms.TextForm(request.POST or None, initial={"text": message.text})
    shown = previews.text_preview(message, _reader(request, message))
    return draft_step(
        request, message, form, step="content", following="messaging:settings-edit",
        template="text", shown={"sms": shown},
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("messaging.change_message", on=Message)
def message_settings(request: UserRequest, message: Message) -> HttpResponse:
    names = ("name", "topic", "is_tracked", "priority", "scheduled_at", "not_after")
    initial = {name: getattr(message, name) for name in names} | {"sender": message.sender_id}
    if message.local_at:
        initial |= {"scheduled_at": timezone.make_aware(message.local_at), "is_local": True}
    form = forms.SettingsForm(request.POST or None, initial=initial, channel=message.way)
    return draft_step(request, message, form, step="settings", following="messaging:detail")


def draft_step(
    request: UserRequest,
    message: Message,
    form: django_forms.BaseForm,
    *,
    step: str,
    following: str,
    template: str = "",
    shown: Mapping[str, object] | None = None,
) -> HttpResponse:
    """
    Show one step of a draft, or save it and go on; what was launched is only looked at.

    `template` is named after the step, if not otherwise; `shown` is what else it needs.
    """
    if not message.is_draft:
        return redirect("messaging:detail", message.pk)
    seen = SeenForm(request.POST or None, initial={"seen_at": message.updated_at.isoformat()})
    if request.method == "POST" and form.is_valid():
        fields: Any = form.cleaned_data
        seen.full_clean()
        try:
            services.message_update(
                message=message,
                fields=fields,
                by=request.user,
                now=clock.now(),
                seen_at=seen.cleaned_data.get("seen_at"),
            )
        except SavedSince as stale:
            seen.refuse_stale(stale)
            form.add_error(None, str(stale))
        except services.MessageRefused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            stay = "stay" in request.POST
            return redirect(request.path if stay else reverse(following, args=[message.pk]))
    context = {
        "message": message,
        "form": form,
        "seen": seen,
        "steps": steps(message, step),
        "step": step,
    }
    return render(request, f"messaging/message_{template or step}.html", {**context, **(shown or {})})


def steps(message: Message, current: str) -> list[dict[str, object]]:
    """Return the steps as tabs; each is a page of its own and saves by itself."""
    names = {
        "recipients": (_("Recipients"), "messaging:recipients-edit"),
        "content": (_("Content"), "messaging:content-edit"),
        "variants": (_("Variants"), "messaging:variants-edit"),
        "settings": (_("Settings"), "messaging:settings-edit"),
        "review": (_("Review"), "messaging:detail"),
    }
    if message.is_text:
        del names["variants"]  # only mails are tried out
    return [
        {"label": label, "url": reverse(name, args=[message.pk]), "is_current": step == current}
        for step, (label, name) in names.items()
    ]


@require_GET
@requires("messaging.view_message", on=Message)
def message_reach(request: UserRequest, message: Message) -> HttpResponse:
    """Count whom the message would reach: as saved, or as the form beside it says right now."""
    choice = audience.choice_of(message)
    form = forms.RecipientsForm(request.GET)
    if "holdout_percent" in request.GET and form.is_valid():
        choice = replace(
            choice,
            include=list(form.cleaned_data["segments"]),
            exclude=list(form.cleaned_data["exclude_segments"]),
            holdout_percent=form.cleaned_data["holdout_percent"],
        )
    try:
        context: dict[str, Any] = {"promise": audience.promise(choice, now=clock.now())}
    except RuleInvalid as refusal:
        context = {"refusal": str(refusal)}
    return render(request, "messaging/_message_reach.html", {**context, "message": message})


@require_GET
@requires("messaging.view_message", on=Message)
def message_frame(request: UserRequest, message: Message) -> HttpResponse:
    """Answer with the mail itself, for the frame of a preview: rendered by the code that sends."""
    address = request.GET.get("as", "").replace("\0", "")
    variant = _variant(request, selectors.variants(message))
    mail = previews.message_preview(message, _reader(request, message, address=address), variant=variant)
    if mail is None:
        raise Http404
    return mail_frame(mail.html)


def _variant(request: UserRequest, variants: Sequence[Variant]) -> Variant | None:
    """Return the variant that is asked for, by its number; None: the message itself."""
    asked = request.GET.get("variant", "")
    return next((variant for variant in variants if str(variant.number) == asked), None)


def _sees_people(request: UserRequest, message: Message) -> bool:
    return request.user.has_perm("messaging.view_recipient", message)


def _reader(request: UserRequest, message: Message, *, address: str = "") -> Contact | None:
    """Return whose data a mail is shown with; None, somebody made up, to those who may not see people."""
    if not _sees_people(request, message):
        return None
    return selectors.preview_contact(message, address=address, now=clock.now())


@require_POST
@requires("messaging.launch_message", on=Message)
def message_launch(request: UserRequest, message: Message) -> HttpResponse:
    form = forms.LaunchForm(request.POST)
    if form.is_valid():
        promised = form.cleaned_data["promised"]
        try:
            services.message_launch(
                message=message,
                by=request.user,
                now=clock.now(),
                promised=promised,
                undo_seconds=settings.UNDO_SECONDS,
            )
        except DomainError as refusal:
            form.add_error(None, told(refusal))
        else:
            return redirect("messaging:detail", message.pk)
    return review(request, message, form)


@require_POST
@requires("messaging.test_message", on=Message)
def message_test(request: UserRequest, message: Message) -> HttpResponse:
    variants = selectors.variants(message)
    form = forms.TestForm(request.POST, sees_people=_sees_people(request, message), variants=variants)
    if not form.is_valid():
        return review(request, message, forms.LaunchForm(), test_form=form)
    now, page = clock.now(), reverse("messaging:detail", args=[message.pk])
    key = form.cleaned_data["key"]
    if key and not idempotency.form_claim(request, request.user, key, leads_to=page, now=now):
        return redirect(page)
    try:
        result = services.message_test(
            message=message,
            contact=_reader(request, message, address=form.cleaned_data.get("contact", "")),
            people=list(form.cleaned_data["people"]),
            by=request.user,
            now=now,
            variant=next((one for one in variants if one.number == form.cleaned_data.get("variant")), None),
        )
    except services.TestNotSent as refusal:
        idempotency.form_release(request, request.user, key)
        form.add_error(None, str(refusal))
        return review(request, message, forms.LaunchForm(), test_form=form)
    _tell_result(request, result)
    return redirect(page)


def _tell_result(request: UserRequest, result: services.TestResult) -> None:
    if result.sent_to:
        told = _("A test went to %(people)s.") % {"people": ", ".join(result.sent_to)}
        notes.success(request, told)
    for email, answer in result.not_sent.items():
        notes.warning(request, _("Not to %(email)s: %(answer)s") % {"email": email, "answer": answer})


@require_POST
@requires("messaging.delete_message", on=Message)
def message_delete(request: UserRequest, message: Message) -> HttpResponse:
    try:
        services.message_delete(message=message, by=request.user, now=clock.now())
    except DomainError as refusal:
        notes.error(request, told(refusal))
        return redirect("messaging:detail", message.pk)
    notes.success(request, _("The draft is deleted."))
    return redirect("campaigns:tab", message.campaign_id, "messages")


def review(
    request: UserRequest,
    message: Message,
    form: forms.LaunchForm,
    *,
    test_form: forms.TestForm | None = None,
) -> HttpResponse:
    """Show the last page before the launch: what goes out, to how many, and what is in the way."""
    now = clock.now()
    selectors.drafts_read([message])
    version = selectors.message_version(message)
    problems = checks.message_problems(message, version)
    in_campaign = readiness.problems(message.campaign, now, but=frozenset({checks.COMPLETE}))
    try:
        reach, person = _reach(request, message, now=now)
    except RuleInvalid as refusal:
        reach, person, problems = NO_REACH, None, [*problems, str(refusal)]
    promise = reach.promise
    if not promise.recipients and not problems:
        problems = [_nobody(promise)]
    is_large = promise.recipients >= forms.LARGE
    form.fields["typed"].required = is_large
    context = {
        "message": message,
        "form": form,
        "problems": problems,
        "holds": challenges.open_shown(message.campaign, message),
        "in_campaign": in_campaign,
        "topic": contacts.topic_names().get(message.topic, message.topic) if message.topic else "",
        "promise": promise,
        "provider": message.carrier,
        "brakes": reach.brakes,
        "domains": reach.domains,
        "caps": [sentence for _cap, sentence in selectors.caps_described(topic=message.topic)],
        "is_large": is_large,
        "version": version,
        **_may(request, message),
        **_content(request, message, person, test_form),
    }
    return render(request, "messaging/message_review.html", context)


def _may(request: UserRequest, message: Message) -> dict[str, object]:
    """Return what this person may do from the review, and the steps back to those who may change it."""
    may_change = request.user.has_perm("messaging.change_message", message)
    return {
        "may_change": may_change,
        "may_launch": request.user.has_perm("messaging.launch_message", message),
        "may_challenge": request.user.has_perm("campaigns.add_challenge", message.campaign),
        "steps": steps(message, "review") if may_change else [],
    }


def _content(
    request: UserRequest, message: Message, person: Contact | None, test_form: forms.TestForm | None
) -> dict[str, object]:
    """Return the variants, the mail of the one that is looked at, and the form that sends it as a test."""
    variants = selectors.draft_variants(message)
    variant = _variant(request, variants) or next(iter(variants), None)
    return {
        "experiment": variants[0].experiment if variants else None,
        "variants": variants,
        "variant": variant,
        "test_form": test_form or _test_form(request, message, variants, variant),
        **_as_read(message, person, variant),
    }


def _nobody(promise: audience.Promise) -> str:
    if not promise.audience:
        return _("Nobody is in the segments, or everybody is in one that is left out: choose others.")
    return _("Nobody of them may be written to: each is left out for a reason above.")


def _test_form(
    request: UserRequest, message: Message, variants: Sequence[Variant], variant: Variant | None
) -> forms.TestForm:
    return forms.TestForm(
        initial={"people": [request.user.pk], "variant": variant and variant.number},
        sees_people=_sees_people(request, message),
        variants=variants,
    )


def _reach(
    request: UserRequest, message: Message, *, now: datetime
) -> tuple[selectors.Reach, Contact | None]:
    """Return what a launch would do, and of its people one to show the mail for, to those who may see any."""
    choice = audience.choice_of(message)
    people = audience.audience(choice, now=now)
    reach = selectors.draft_reach(message, choice, people, now=now)
    return reach, selectors.reader_of(people, message.way) if _sees_people(request, message) else None


def _as_read(message: Message, person: Contact | None, variant: Variant | None) -> dict[str, object]:
    """Return the mail, or the text, as this person would get it."""
    if message.is_text:
        return {"person": person, "mail": None, "sms": previews.text_preview(message, person)}
    mail = previews.message_preview(message, person, variant=variant)
    return {"person": person, "mail": mail, "sms": None}
