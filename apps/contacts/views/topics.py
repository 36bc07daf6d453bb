from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, services
from apps.contacts.models import Topic
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Topic"), sort="name"),
        Column(gettext_lazy("System name")),
        Column(gettext_lazy("Written about by")),
        Column(gettext_lazy("Readers")),
        Column(gettext_lazy("Position"), sort="position", is_number=True),
    ],
    default_sort="position",
    has_search=False,
)


@require_GET
@requires("contacts.view_topic")
def topic_list(request: UserRequest) -> HttpResponse:
    context = {
        "listing": LIST.read(request.GET).page(Topic.objects.all()),
        "may_add": request.user.has_perm("contacts.add_topic"),
    }
    return render_page_or_fragment(request, "contacts/topic_list.html", context, fragment="topic-list")


@require_http_methods(["GET", "POST"])
@requires("contacts.add_topic")
def topic_create(request: UserRequest) -> HttpResponse:
    form = forms.TopicForm(request.POST or None, initial={"channels": ["email"], "position": 0})
    if request.method == "POST" and form.is_valid():
        try:
            topic = services.topic_create(**form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("People can agree to “%(name)s” now.") % {"name": topic.name})
            return redirect("contacts:topic-list")
    return render(request, "contacts/topic_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires("contacts.change_topic", on=Topic)
def topic_change(request: UserRequest, topic: Topic) -> HttpResponse:
    form = forms.TopicChangeForm(request.POST or None, initial=forms.TopicChangeForm.initial_of(topic))
    if request.method == "POST" and form.is_valid():
        try:
            services.topic_update(topic=topic, **form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        except SavedSince as stale:
            form.refuse_stale(stale)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:topic-list")
    context = {"form": form, "topic": topic, "places": services.topic_places(topic=topic, user=request.user)}
    return render(request, "contacts/topic_form.html", context)


@require_POST
@requires("contacts.delete_topic", on=Topic)
def topic_delete(request: UserRequest, topic: Topic) -> HttpResponse:
    try:
        services.topic_delete(topic=topic, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("contacts:topic-edit", topic.pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": topic.name})
    return redirect("contacts:topic-list")


def _refuse(form: forms.TopicChangeForm, refusal: ValidationError) -> None:
    for name, reasons in refusal.message_dict.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)
