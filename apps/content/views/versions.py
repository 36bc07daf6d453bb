from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.content import selectors, services
from apps.content.models import Template, TemplateVersion
from apps.content.rendering import TemplateFault
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.pagination import keyset_page


@require_GET
@requires("content.view_template", on=Template)
def version_list(request: UserRequest, template: Template) -> HttpResponse:
    """The history: as a page, and as what the composer's drawer loads."""
    versions = template.versions.defer("mjml", "html", "text").select_related("by")
    page = keyset_page(versions, ordering=["-number"], cursor=request.GET.get("cursor", ""), size=30)
    context = {"template": template, "page": page}
    return render_page_or_fragment(request, "content/version_list.html", context, fragment="version-list")


@require_GET
@requires("content.view_template", on=TemplateVersion)
def version_detail(request: UserRequest, templateversion: TemplateVersion) -> HttpResponse:
    template = templateversion.template
    current = selectors.template_current(template)
    against = (
        current if request.GET.get("against") == "current" else selectors.version_before(templateversion)
    )
    old, new = (templateversion, current) if against == current else (against, templateversion)
    context = {
        "template": template,
        "version": templateversion,
        "current": current,
        "against": against,
        "diff": selectors.versions_diff(old, new),
        "may_change": request.user.has_perm("content.change_template", template) and not template.is_archived,
    }
    return render_page_or_fragment(request, "content/version_detail.html", context, fragment="version-detail")


@require_POST
@requires("content.change_template", on=TemplateVersion)
def version_revert(request: UserRequest, templateversion: TemplateVersion) -> HttpResponse:
    try:
        now_current = services.template_revert(version=templateversion, by=request.user, now=clock.now())
    except (services.TemplateArchived, TemplateFault) as refusal:
        messages.error(request, str(refusal))
        return redirect("content:version", templateversion.pk)
    numbers = {"old": templateversion.number, "new": now_current.number}
    messages.success(request, _("Version %(new)s says again what version %(old)s said.") % numbers)
    return redirect("content:detail", templateversion.template_id)
