from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.accounts.permissions import permission_check
from apps.collaboration import forms, mentions, selectors, services
from apps.collaboration.models import Comment
from apps.collaboration.subjects import Subject
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment


@require_http_methods(["GET", "POST"])
@requires("collaboration.view_subject")
def thread(request: UserRequest, label: str, pk: int) -> HttpResponse:
    """Show the comments below a thing and take another: inside the thing's page, or on a page of its own."""
    kind, subject = subject_or_404(request, label, pk)
    form = forms.CommentForm(request.POST or None)
    _offer_mentions(form, label, pk)
    if request.method == "POST":
        permission_check(request.user, kind.comment_permission, subject)
        if form.is_valid() and _said(request, form, subject):
            return redirect("collaboration:comments", label, pk)
    context = {
        "kind": label,
        "pk": pk,
        "subject": subject,
        "subject_url": kind.url(subject),
        "comments": selectors.comments(subject),
        "may_comment": _may_comment(request, kind, subject),
        "form": form,
        "changeable_since": clock.now() - Comment.CHANGEABLE_FOR,
    }
    return render_page_or_fragment(request, "collaboration/thread.html", context, fragment="comments")


@require_GET
@requires("collaboration.view_subject")
def mentionable(request: UserRequest, label: str, pk: int) -> HttpResponse:
    """Offer those who can be named in a comment here; never somebody who may not see what it is about."""
    kind, subject = subject_or_404(request, label, pk)
    permission_check(request.user, kind.comment_permission, subject)
    people = mentions.mentionable(kind, subject, request.GET.get("q", "").replace("\x00", "").strip())
    return render(request, "collaboration/_mentionable.html", {"people": people})


@require_http_methods(["GET", "POST"])
@requires("collaboration.change_comment", on=Comment)
def comment_edit(request: UserRequest, comment: Comment) -> HttpResponse:
    form = forms.CommentForm(request.POST or None, initial={"text": comment.text})
    _offer_mentions(form, _label_of(comment), comment.object_id)
    if request.method == "POST" and form.is_valid():
        try:
            services.comment_edit(comment=comment, by=request.user, now=clock.now(), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error("text", str(refusal))
        else:
            return _back(comment)
    context = {"comment": comment, "form": form}
    return render_page_or_fragment(
        request, "collaboration/comment_edit.html", context, fragment="comment-edit"
    )


@require_POST
@requires("collaboration.change_comment", on=Comment)
def comment_delete(request: UserRequest, comment: Comment) -> HttpResponse:
    try:
        services.comment_delete(comment=comment, by=request.user, now=clock.now())
    except services.CommentNotAllowed as refusal:
        form = forms.CommentForm({"text": comment.text})
        form.add_error("text", str(refusal))
        return _edit_page(request, comment, form)
    return _back(comment)


@require_GET
@requires("collaboration.view_subject")
def activity(request: UserRequest, label: str, pk: int) -> HttpResponse:
    """Show what was done to a thing and to its parts."""
    kind, subject = subject_or_404(request, label, pk)
    context = {"subject": subject, "subject_url": kind.url(subject), "entries": selectors.activity(subject)}
    name = "collaboration/activity.html"
    return render_page_or_fragment(request, name, context, fragment="activity")


def _offer_mentions(form: forms.CommentForm, label: str, pk: int) -> None:
    form.fields["text"].widget.attrs["data-mentions"] = reverse("collaboration:mentionable", args=[label, pk])


def _said(request: UserRequest, form: forms.CommentForm, subject: Any) -> bool:
    try:
        services.comment_add(subject=subject, by=request.user, now=clock.now(), **form.cleaned_data)
    except DomainError as refusal:
        form.add_error("text", str(refusal))
        return False
    return True


def _edit_page(request: UserRequest, comment: Comment, form: forms.CommentForm) -> HttpResponse:
    name = "collaboration/comment_edit.html"
    return render_page_or_fragment(request, name, {"comment": comment, "form": form}, fragment="comment-edit")


def subject_or_404(request: UserRequest, label: str, pk: int) -> tuple[Subject, Any]:
    """Return what the URL names and its kind; 404 where this person may not see it."""
    found = selectors.subject_get(label, pk)
    if found is None:
        raise Http404
    kind, subject = found
    permission_check(request.user, kind.view_permission, subject)
    return kind, subject


def _may_comment(request: UserRequest, kind: Subject, subject: Any) -> bool:
    return bool(kind.comment_permission) and request.user.has_perm(kind.comment_permission, subject)


def _back(comment: Comment) -> HttpResponse:
    return redirect("collaboration:comments", _label_of(comment), comment.object_id)


def _label_of(comment: Comment) -> str:
    return comment.content_type.model_class()._meta.label_lower  # type: ignore[union-attr]  # it was loaded
