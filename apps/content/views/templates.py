from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.content import forms, selectors, services, starters
from apps.content.models import Template, TemplateVersion
from apps.content.rendering import TemplateFault
from apps.content.uses import uses_of, uses_of_others
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Subject")),
        Column(gettext_lazy("Used by"), is_number=True),
        Column(gettext_lazy("Last edited"), sort="edited_at", descends_first=True),
    ],
    default_sort="-edited_at",
    search_hint=gettext_lazy("Search by name or subject"),
)


@require_GET
@requires("content.view_template")
def template_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    shows_archived = request.GET.get("shows") == "archived"
    listing = asked.page(selectors.templates(search=asked.search, archived=shows_archived))
    uses = uses_of([template.pk for template in listing.rows], user=request.user)
    rows = [(template, uses[template.pk]) for template in listing.rows]
    context = {
        "listing": listing,
        "rows": rows,
        "shows_archived": shows_archived,
        "may_add": request.user.has_perm("content.add_template"),
    }
    return render_page_or_fragment(request, "content/template_list.html", context, fragment="template-list")


@require_GET
@requires("content.add_template")
def template_new(request: UserRequest) -> HttpResponse:
    return _new_page(request, forms.TemplateCreateForm())


@require_POST
@requires("content.add_template")
def template_create(request: UserRequest) -> HttpResponse:
    form = forms.TemplateCreateForm(request.POST)
    if not form.is_valid():
        return _new_page(request, form)
    template = services.template_create(
        name=form.cleaned_data["name"],
        source=starters.starter_source(form.cleaned_data["starter"]),
        by=request.user,
        now=clock.now(),
    )
    return redirect("content:detail", template.pk)


@require_GET
@requires("content.view_template", on=Template)
def template_detail(request: UserRequest, template: Template) -> HttpResponse:
    version = selectors.template_current(template)
    form = forms.TemplateForm(initial=_typed(template, version))
    return _composer(request, template, version, form)


@require_POST
@requires("content.change_template", on=Template)
def template_save(request: UserRequest, template: Template) -> HttpResponse:
    form = forms.TemplateForm(request.POST)
    theirs = None
    if form.is_valid():
        try:
            _save(request, template, form)
        except TemplateFault as fault:
            form.add_fault(fault)
        except services.TemplateConflict as conflict:
            form.add_error(None, str(conflict))
            theirs = conflict.current
        except services.TemplateArchived as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("content:detail", template.pk)
    return _composer(request, template, selectors.template_current(template), form, theirs)


@require_POST
@requires("content.add_template", on=Template)
def template_duplicate(request: UserRequest, template: Template) -> HttpResponse:
    copy = services.template_duplicate(template=template, by=request.user, now=clock.now())
    messages.success(request, _("This is the copy. The original is as it was."))
    return redirect("content:detail", copy.pk)


@require_POST
@requires("content.delete_template", on=Template)
def template_archive(request: UserRequest, template: Template) -> HttpResponse:
    try:
        services.template_archive(template=template, by=request.user, now=clock.now())
    except services.TemplateInUse as refusal:
        messages.error(request, str(refusal))
        return redirect("content:detail", template.pk)
    messages.success(request, _("“%(name)s” is archived.") % {"name": template})
    return redirect("content:list")


@require_POST
@requires("content.change_template", on=Template)
def template_restore(request: UserRequest, template: Template) -> HttpResponse:
    services.template_restore(template=template, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is back in the library.") % {"name": template})
    return redirect("content:detail", template.pk)


def _save(request: UserRequest, template: Template, form: forms.TemplateForm) -> None:
    now = clock.now()
    services.template_save(
        template=template,
        source=form.source(),
        base=form.cleaned_data["base"],
        note=form.cleaned_data["note"],
        by=request.user,
        now=now,
    )
    services.template_rename(
        template=template,
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        by=request.user,
        now=now,
    )


def _typed(template: Template, version: TemplateVersion) -> dict[str, object]:
    """Return what the composer's fields show of a saved version."""
    return {
        "name": template.name,
        "description": template.description,
        "subject": version.subject,
        "preheader": version.preheader,
        "mjml": version.mjml,
        "text": version.text,
        "base": version.number,
    }


def _new_page(request: UserRequest, form: forms.TemplateCreateForm) -> HttpResponse:
    context = {"form": form, "starters": starters.starters(), "chosen": form["starter"].value()}
    return render(request, "content/template_new.html", context)


def _composer(
    request: UserRequest,
    template: Template,
    version: TemplateVersion,
    form: forms.TemplateForm,
    theirs: TemplateVersion | None = None,
) -> HttpResponse:
    """Answer with the composer; `theirs` is the version that somebody else saved meanwhile."""
    if theirs:
        # Saving again is then a choice: over their version, which stays in the history.
        form.data = {**{name: form.data[name] for name in form.data}, "base": str(theirs.number)}
    may_write = request.user.has_perm("content.change_template", template)
    context = {
        "template": template,
        "version": version,
        "form": form,
        "theirs": theirs,
        "diff": selectors.sources_diff(selectors.version_source(theirs), form.source()) if theirs else [],
        "uses": uses_of([template.pk], user=request.user)[template.pk],
        "uses_of_others": None if may_write else uses_of_others(template.pk, user=request.user),
        "attributes": selectors.printable_attributes(),
        "may_write": may_write,
        "may_add": request.user.has_perm("content.add_template"),
        "may_see_people": request.user.has_perm("contacts.view_contact"),
    }
    page = "template_detail" if may_write and not template.is_archived else "template_read"
    return render_page_or_fragment(request, f"content/{page}.html", context, fragment="composer-state")
