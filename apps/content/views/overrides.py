"""What one template may print although the data dictionary does not allow it for content."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.content import forms, selectors, services
from apps.content.models import Template, UseOverride
from apps.core import clock


@require_GET
@requires("content.view_template", on=Template)
def override_list(request: UserRequest, template: Template) -> HttpResponse:
    attributes = selectors.attributes_to_override(template)
    asked = request.GET.get("attribute", "")
    return _page(request, template, forms.OverrideForm(attributes=attributes, initial={"attribute": asked}))


@require_POST
@requires("content.override_template", on=Template)
def override_give(request: UserRequest, template: Template) -> HttpResponse:
    form = forms.OverrideForm(request.POST, attributes=selectors.attributes_to_override(template))
    if not form.is_valid():
        return _page(request, template, form)
    override = services.override_give(
        template=template,
        attribute=form.cleaned_data["attribute"],
        reason=form.cleaned_data["reason"],
        by=request.user,
        now=clock.now(),
    )
    messages.success(request, _("This template may print “%(label)s”.") % {"label": override.attribute})
    return redirect("content:overrides", template.pk)


@require_POST
@requires("content.override_template", on=UseOverride)
def override_withdraw(request: UserRequest, useoverride: UseOverride) -> HttpResponse:
    services.override_withdraw(override=useoverride, by=request.user, now=clock.now())
    messages.success(request, _("Taken back. The next save or launch that prints it is refused."))
    return redirect("content:overrides", useoverride.template_id)


def _page(request: UserRequest, template: Template, form: forms.OverrideForm) -> HttpResponse:
    context = {
        "template": template,
        "overrides": selectors.template_overrides(template),
        "form": form,
        "may_override": request.user.has_perm("content.override_template", template),
    }
    return render(request, "content/template_overrides.html", context)
