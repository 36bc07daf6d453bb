"""What this app tells the apps below: its room, search, the words for its acts, where attributes are used."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.collaboration.feeds import Feed, feeds, names_of, seen_with
from apps.collaboration.subjects import Subject, subjects
from apps.collaboration.subjects import actions as acts
from apps.contacts import registries as contacts
from apps.content.lint.variables import attributes_printed
from apps.content.models import Template
from apps.content.selectors import LABELS, version_source
from apps.core import home
from apps.core.navigation import Action, Found, Room, actions, rooms, searches

ACTS = {
    "template.archived": gettext_lazy("archived it"),
    "template.created": gettext_lazy("wrote it"),
    "template.described": gettext_lazy("changed its description"),
    "template.override_given": gettext_lazy("let it print an attribute that is not for content"),
    "template.override_withdrawn": gettext_lazy("took an override back"),
    "template.duplicated": gettext_lazy("made it as a copy"),
    "template.renamed": gettext_lazy("renamed it"),
    "template.restored": gettext_lazy("brought it back"),
    "template.reverted": gettext_lazy("went back to an old version"),
    "template.saved": gettext_lazy("saved a version"),
}


def templates_found(user: User, text: str) -> Found | None:
    """Answer the search box: templates whose name holds the text."""
    if not user.has_perm("content.view_template"):
        return None
    found = Template.objects.active().filter(name__icontains=text).order_by("name")
    return Found(_("Template"), found, "content:detail")


def attribute_used(key: str) -> list[contacts.Use]:
    """Answer the data dictionary: the templates of the library that print this attribute."""
    mentions = Q()
    for part in LABELS:
        mentions |= Q(**{f"current__{part}__contains": key})
    candidates = Template.objects.active().filter(mentions).select_related("current").order_by("name")
    return [
        contacts.Use(gettext_lazy("Template"), template.name, _url(template))
        for template in candidates
        if template.current and key in attributes_printed(version_source(template.current))
    ]


def register() -> None:
    """Called from `AppConfig.ready`."""
    feeds.register(
        "content.template",
        Feed(
            gettext_lazy("Templates"),
            seen_with("content.template", "content.view_template"),
            names_of(Template),
            "content:detail",
        ),
    )
    rooms.register(
        "content",
        Room(
            gettext_lazy("Templates"), "content:list", "template", "build", "content.view_template", order=10
        ),
    )
    actions.register(
        "template", Action(gettext_lazy("New template"), "content:new", "plus", "content.add_template")
    )
    searches.register("content", templates_found)
    contacts.attribute_uses.register("templates", attribute_used)
    subjects.register(
        Template._meta.label_lower,
        Subject(
            model=Template,
            view_permission="content.view_template",
            comment_permission="content.comment_template",
            viewers=lambda _template, people: people,
            url=_url,
            watchers=lambda template: [person for person in {template.by, template.edited_by} if person],
        ),
    )
    acts.update(ACTS)
    home.steps.register(
        "template",
        home.Step(
            label=gettext_lazy("Write a template"),
            help=gettext_lazy("Begin with one of four e-mails that only need your words."),
            url_name="content:new",
            permission="content.add_template",
            makes=Template.objects.all,
            icon="template",
            order=40,
        ),
    )


def _url(template: Template) -> str:
    return reverse("content:detail", args=[template.pk])
