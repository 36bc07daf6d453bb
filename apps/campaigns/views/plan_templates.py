"""Plan templates: everyone may look at them, the leads make and change their own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services
from apps.campaigns.models import PlanTemplate, PlanTemplateItem
from apps.campaigns.views.frame import done_or_told
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

ITEM_FIELDS = [
    "title",
    "channel",
    "anchor",
    "offset_days",
    "duration_days",
    "is_milestone",
    "assign_to",
    "description",
]
LIST = ListSpec(
    columns=[
        Column(_l("Template"), sort="name"),
        Column(_l("Tasks"), is_number=True),
        Column(_l("Milestones"), is_number=True),
        Column(_l("Comes from")),
    ],
    default_sort="name",
    search_hint=_l("Search by name"),
)


@require_GET
@requires("campaigns.view_plantemplate")
def plan_template_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.plan_templates(search=asked.search)),
        "may_add": request.user.has_perm("campaigns.add_plantemplate"),
    }
    return render_page_or_fragment(
        request, "campaigns/plan_template_list.html", context, fragment="template-list"
    )


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_plantemplate")
def plan_template_create(request: UserRequest) -> HttpResponse:
    form = forms.TemplateCreate(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said, now = form.cleaned_data, clock.now()
        made = forms.attempt(form, lambda: services.plan_template_create(by=request.user, now=now, **said))
        if made:
            return redirect("campaigns:plan_template", made.pk)
    return render(request, "campaigns/plan_template_create.html", {"form": form})


@require_GET
@requires("campaigns.view_plantemplate", on=PlanTemplate)
def plan_template_detail(request: UserRequest, plantemplate: PlanTemplate) -> HttpResponse:
    return _page(request, plantemplate)


@require_POST
@requires("campaigns.change_plantemplate", on=PlanTemplate)
def plan_template_update(request: UserRequest, plantemplate: PlanTemplate) -> HttpResponse:
    form = forms.TemplateEdit(request.POST)
    if form.is_valid():
        said, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.plan_template_update(
                template=plantemplate, by=request.user, now=now, seen=seen, **said
            ),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:plan_template", plantemplate.pk)
    return _page(request, plantemplate, form=form)


@require_POST
@requires("campaigns.add_plantemplate", on=PlanTemplate)
def plan_template_copy(request: UserRequest, plantemplate: PlanTemplate) -> HttpResponse:
    form = forms.TemplateCopy(request.POST)
    if form.is_valid():
        name, now = form.cleaned_data["name"], clock.now()
        made = forms.attempt(
            form,
            lambda: services.plan_template_copy(template=plantemplate, name=name, by=request.user, now=now),
        )
        if made:
            messages.success(request, _("This is your copy: change it as you need it."))
            return redirect("campaigns:plan_template", made.pk)
    return _page(request, plantemplate, copy=form)


@require_POST
@requires("campaigns.delete_plantemplate", on=PlanTemplate)
def plan_template_delete(request: UserRequest, plantemplate: PlanTemplate) -> HttpResponse:
    now = clock.now()
    if done_or_told(
        request, lambda: services.plan_template_delete(template=plantemplate, by=request.user, now=now)
    ):
        messages.success(request, _("“%(name)s” has been deleted.") % {"name": plantemplate.name})
        return redirect("campaigns:plan_templates")
    return redirect("campaigns:plan_template", plantemplate.pk)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_plantemplate", on=PlanTemplate)
def template_item_add(request: UserRequest, plantemplate: PlanTemplate) -> HttpResponse:
    form = forms.ItemFields(request.POST or None, template=plantemplate)
    if request.method == "POST" and form.is_valid():
        said, now = form.fields_cleaned, clock.now()
        if forms.attempt(
            form, lambda: services.template_item_add(template=plantemplate, by=request.user, now=now, **said)
        ):
            messages.success(request, _("“%(task)s” has been added.") % {"task": said["title"]})
            return redirect("campaigns:plan_template", plantemplate.pk)
    context = {"template": plantemplate, "form": form}
    return render(request, "campaigns/plan_template_item.html", context)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_plantemplateitem", on=PlanTemplateItem)
def template_item_update(request: UserRequest, plantemplateitem: PlanTemplateItem) -> HttpResponse:
    item, template = plantemplateitem, plantemplateitem.template
    waits = item.waits_for.values_list("pk", flat=True)
    initial = {**forms.initial_of(item, ITEM_FIELDS), "waits_for": list(waits)}
    form = forms.ItemFields(request.POST or None, template=template, item=item, initial=initial)
    if request.method == "POST" and form.is_valid():
        said, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.template_item_update(item=item, by=request.user, now=now, seen=seen, **said),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:plan_template", template.pk)
    context = {"template": template, "item": item, "form": form}
    return render(request, "campaigns/plan_template_item.html", context)


@require_POST
@requires("campaigns.delete_plantemplateitem", on=PlanTemplateItem)
def template_item_remove(request: UserRequest, plantemplateitem: PlanTemplateItem) -> HttpResponse:
    item, now = plantemplateitem, clock.now()
    if done_or_told(request, lambda: services.template_item_remove(item=item, by=request.user, now=now)):
        messages.success(request, _("“%(task)s” has been removed.") % {"task": item.title})
    return redirect("campaigns:plan_template", item.template_id)


def _page(
    request: UserRequest,
    template: PlanTemplate,
    *,
    form: forms.TemplateEdit | None = None,
    copy: forms.TemplateCopy | None = None,
) -> HttpResponse:
    may_change = not template.is_shipped and request.user.has_perm("campaigns.change_plantemplate", template)
    edit = form or forms.TemplateEdit(initial=forms.initial_of(template, ["name", "description"]))
    may_copy = request.user.has_perm("campaigns.add_plantemplate")
    named = forms.TemplateCopy(initial={"name": _("Copy of %(name)s") % {"name": template.name[:100]}})
    context = {
        "template": template,
        "items": selectors.template_items(template),
        "form": edit if may_change else None,
        "copy": (copy or named) if may_copy else None,
        "may_change": may_change,
    }
    return render(request, "campaigns/plan_template_detail.html", context)
