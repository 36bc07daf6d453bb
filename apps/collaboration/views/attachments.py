from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.accounts.permissions import permission_check
from apps.collaboration import attaching, forms
from apps.collaboration.models import Attachment
from apps.collaboration.subjects import Subject, subjects
from apps.collaboration.views.comments import subject_or_404
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.refusals import refuse


@require_http_methods(["GET", "POST"])
@requires("collaboration.view_subject")
def attachments(request: UserRequest, label: str, pk: int) -> HttpResponse:
    """Show what is attached to a thing and take another file: inside its page, or on a page of its own."""
    kind, subject = subject_or_404(request, label, pk)
    form = forms.AttachmentForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        permission_check(request.user, kind.attach_permission, subject)
        if form.is_valid() and _attached(request, form, subject):
            return redirect("collaboration:attachments", label, pk)
    return _page(request, label, kind, subject, form)


@require_GET
@requires("collaboration.view_attachment", on=Attachment)
def attachment_file(request: UserRequest, attachment: Attachment) -> FileResponse:
    """Hand the file out to be saved. Nothing in it is ever run or shown in our name."""
    return file_response(attachment)


@require_POST
@requires("collaboration.delete_attachment", on=Attachment)
def attachment_remove(request: UserRequest, attachment: Attachment) -> HttpResponse:
    subject: Any = attachment.subject
    kind = subjects.of(subject._meta.label_lower)
    assert kind, "the permission asked it"
    attaching.attachment_remove(attachment=attachment, by=request.user, now=clock.now())
    return redirect(kind.url(subject))


def file_response(attachment: Attachment) -> FileResponse:
    """
    Return the file as something to save, whatever it is.

    :raises Http404: the row is there and the file is not
    """
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type=attachment.media_type
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _attached(request: UserRequest, form: forms.AttachmentForm, subject: Any) -> bool:
    try:
        attaching.attachment_add(
            subject=subject, by=request.user, now=clock.now(), file=form.cleaned_data["file"]
        )
    except DomainError as refusal:
        refuse(form, refusal)
        return False
    return True


def _page(
    request: UserRequest, label: str, kind: Subject, subject: Any, form: forms.AttachmentForm
) -> HttpResponse:
    may_attach = bool(kind.attach_permission) and request.user.has_perm(kind.attach_permission, subject)
    context = {
        "kind": label,
        "pk": subject.pk,
        "subject": subject,
        "subject_url": kind.url(subject),
        "attachments": Attachment.objects.about(subject).select_related("by"),
        "most": filesizeformat(settings.ATTACHMENT_MAX_BYTES),
        "may_attach": may_attach,
        "form": form,
    }
    name = "collaboration/attachments.html"
    return render_page_or_fragment(request, name, context, fragment="attachments")
