from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import feeds, forms, selectors, services
from apps.contacts.models import ImportFile, ImportMapping
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Mapping"), sort="name"),
        Column(gettext_lazy("Columns"), is_number=True),
        Column(gettext_lazy("Known by")),
        Column(gettext_lazy("Saved")),
    ],
    default_sort="name",
    has_search=False,
)


@require_GET
@requires("contacts.view_importmapping")
def import_mapping_list(request: UserRequest) -> HttpResponse:
    found = ImportMapping.objects.select_related("by")
    context = {
        "listing": LIST.read(request.GET).page(found),
        "may_change": request.user.has_perm("contacts.change_importmapping"),
    }
    return render_page_or_fragment(
        request, "contacts/import_mapping_list.html", context, fragment="import-mapping-list"
    )


@require_http_methods(["GET", "POST"])
@requires("contacts.change_importmapping", on=ImportMapping)
def import_mapping_change(request: UserRequest, importmapping: ImportMapping) -> HttpResponse:
    form = forms.MappingNameForm(request.POST or None, initial={"name": importmapping.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.import_mapping_rename(
                mapping=importmapping, **form.cleaned_data, by=request.user, now=clock.now()
            )
        except ValidationError as refusal:
            form.add_error("name", refusal.messages)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:import-mapping-list")
    context = {
        "form": form,
        "mapping": importmapping,
        "columns": forms.mapping_told(importmapping),
        "systems": selectors.systems_linked(feeds.MAPPING, importmapping.pk, user=request.user),
    }
    return render(request, "contacts/import_mapping_form.html", context)


@require_POST
@requires("contacts.delete_importmapping", on=ImportMapping)
def import_mapping_delete(request: UserRequest, importmapping: ImportMapping) -> HttpResponse:
    services.import_mapping_delete(mapping=importmapping, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is deleted.") % {"name": importmapping.name})
    return redirect("contacts:import-mapping-list")


@require_http_methods(["GET", "POST"])
@requires("contacts.change_import", on=ImportFile)
def import_mapping_save(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Keep under a name what the columns of this import mean."""
    form = forms.MappingNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.import_mapping_save(
                import_file=importfile, **form.cleaned_data, by=request.user, now=clock.now()
            )
        except ValidationError as refusal:
            form.add_error("name", refusal.messages)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("The next file with these columns offers “%(name)s”.") % {"name": saved.name}
            )
            return redirect("contacts:import-detail", importfile.pk)
    return render(request, "contacts/import_mapping_save.html", {"form": form, "import_file": importfile})


@require_POST
@requires("contacts.change_import", on=ImportFile)
def import_mapping_use(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Say of the columns what a saved mapping says."""
    asked = request.POST.get("saved", "")
    saved = ImportMapping.objects.filter(pk=asked if asked.isdecimal() and len(asked) < 18 else 0).first()
    if saved is None:
        messages.error(request, _("There is no such mapping any more."))
        return redirect("contacts:import-columns", importfile.pk)
    try:
        services.import_mapping_use(mapping=saved, import_file=importfile)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The columns are as in “%(name)s”.") % {"name": saved.name})
    return redirect("contacts:import-columns", importfile.pk)
