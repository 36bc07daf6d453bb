"""Previews: filled in by the code that sends, shown in frames that can do nothing."""

from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts.models import Contact
from apps.content import forms, selectors, starters
from apps.content.frames import mail_frame
from apps.content.models import TemplateVersion
from apps.content.previews import Preview, preview
from apps.content.rendering import EmailSource
from apps.core.keys import key_read


@require_POST
@requires("content.add_template")
def preview_check(request: UserRequest) -> HttpResponse:
    """Answer what the inbox shows, the plain text and the lint of what is in the composer now."""
    shown = _preview(request, _typed_source(request.POST), request.POST)
    context = {"preview": shown, "template_id": _template(request)}
    return render(request, "content/_preview.html", context)


@require_POST
@requires("content.add_template")
@xframe_options_sameorigin
def preview_frame(request: UserRequest) -> HttpResponse:
    return _frame(_preview(request, _typed_source(request.POST), request.POST))


@require_GET
@requires("content.view_template", on=TemplateVersion)
@xframe_options_sameorigin
def version_frame(request: UserRequest, templateversion: TemplateVersion) -> HttpResponse:
    return _frame(_preview(request, selectors.version_source(templateversion), request.GET))


@require_GET
@requires("content.view_template")
@xframe_options_sameorigin
def starter_frame(request: UserRequest, key: str) -> HttpResponse:
    if key not in starters.STARTERS:
        raise Http404
    return _frame(_preview(request, starters.starter_source(key), request.GET))


@require_GET
@requires("contacts.view_contact")
def preview_contacts(request: UserRequest) -> HttpResponse:
    """Answer the contacts whose address begins as asked, to preview as one of them."""
    found = selectors.contacts_by_address(request.GET.get("as", ""))
    context = {"contacts": found, "is_asked": bool(request.GET.get("as", "").strip())}
    return render(request, "content/_preview_contacts.html", context)


def _preview(request: UserRequest, source: EmailSource, asked: QueryDict) -> Preview:
    data = selectors.preview_data(_contact(request, asked.get("contact", "")))
    return preview(source, data, selectors.known_attributes(template=_template(request)))


def _template(request: UserRequest) -> int | None:
    """Return the template whose overrides count; the composer names it in the address."""
    return key_read(request.GET.get("template", "")) or None


def _contact(request: UserRequest, told: str) -> Contact | None:
    """Return the contact to preview as; None is nobody in particular."""
    if not told:
        return None
    contact = get_object_or_404(Contact.objects.known(), pk=key_read(told))
    if not request.user.has_perm("contacts.view_contact", contact):
        raise Http404
    return contact


def _typed_source(data: QueryDict) -> EmailSource:
    form = forms.EmailForm(data)
    form.is_valid()  # an empty subject is no reason not to show the rest
    return form.source()


def _frame(shown: Preview) -> HttpResponse:
    if shown.rendered:
        return mail_frame(shown.rendered.html)
    context: dict[str, Any] = {"findings": shown.findings[:1]}
    return mail_frame(render_to_string("emails/template_fault/body.html", context))
