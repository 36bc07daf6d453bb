from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.models import ImportFile
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.lists import Column, Filter, ListSpec

State = ImportFile.State
KEPT_SHOWN = 20
LIST = ListSpec(
    columns=[
        Column(gettext_lazy("File")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Rows"), is_number=True),
        Column(gettext_lazy("Added"), is_number=True),
        Column(gettext_lazy("Updated"), is_number=True),
        Column(gettext_lazy("Refused"), is_number=True),
        Column(gettext_lazy("Uploaded")),
    ],
    filters=[
        Filter("about", gettext_lazy("About"), ImportFile.About.choices),
        Filter("state", gettext_lazy("State"), State.choices),
    ],
    default_sort="-id",
    has_search=False,
)


@require_GET
@requires("contacts.view_import")
def import_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    found = ImportFile.objects.select_related("by").filter(**asked.values)
    context = {
        "listing": asked.page(found),
        "may_add": request.user.has_perm("contacts.add_import"),
    }
    return render_page_or_fragment(request, "contacts/import_list.html", context, fragment="import-list")


@require_http_methods(["GET", "POST"])
@requires("contacts.add_import")
def import_create(request: UserRequest) -> HttpResponse:
    form = forms.UploadForm(request.POST or None, request.FILES or None, initial=_asked(request))
    if request.method == "POST" and form.is_valid():
        try:
            import_file = services.import_upload(**form.cleaned_data, by=request.user)
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(_next_of(import_file), import_file.pk)
    return render(request, "contacts/import_create.html", {"form": form})


def _asked(request: UserRequest) -> dict[str, str]:
    """Return what the link that led here says of the file."""
    about = request.GET.get("about", "")
    return {"about": about} if about in ImportFile.About.values else {}


def _next_of(import_file: ImportFile) -> str:
    """Return where a file that was uploaded is gone on with."""
    return {State.SHEET: "contacts:import-sheet", State.DRAFT: "contacts:import-columns"}.get(
        State(import_file.state), "contacts:import-detail"
    )


@require_http_methods(["GET", "POST"])
@requires("contacts.change_import", on=ImportFile)
def import_sheet(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Choose one of several sheets."""
    if importfile.state != State.SHEET:
        return redirect(_next_of(importfile), importfile.pk)
    form = forms.SheetForm(request.POST or None, import_file=importfile)
    if request.method == "POST" and form.is_valid():
        try:
            services.import_sheet_choose(import_file=importfile, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error("sheet", str(refusal))
        else:
            return redirect("contacts:import-detail", importfile.pk)
    return render(request, "contacts/import_sheet.html", {"import_file": importfile, "form": form})


@require_http_methods(["GET", "POST"])
@requires("contacts.change_import", on=ImportFile)
def import_columns(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    if not importfile.is_startable:
        return redirect("contacts:import-detail", importfile.pk)
    form = forms.ColumnsForm(request.POST or None, import_file=importfile)
    if request.method == "POST" and form.is_valid():
        try:
            services.import_start(
                import_file=importfile,
                is_dry_run=request.POST.get("act") != "run",
                by=request.user,
                now=clock.now(),
                **form.terms(),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("contacts:import-detail", importfile.pk)
    return _columns_page(request, importfile, form)


@require_POST
@requires("contacts.change_import", on=ImportFile)
def import_read(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Read the file in another way; what was said about its columns is guessed again."""
    read = forms.ReadForm(request.POST)
    if read.is_valid():
        try:
            services.import_reread(import_file=importfile, **read.cleaned_data)
        except DomainError as refusal:
            read.add_error(None, str(refusal))
        else:
            return redirect("contacts:import-columns", importfile.pk)
    return _columns_page(request, importfile, forms.ColumnsForm(import_file=importfile), read)


def _columns_page(
    request: UserRequest, importfile: ImportFile, form: forms.ColumnsForm, read: forms.ReadForm | None = None
) -> HttpResponse:
    told = {"encoding": importfile.encoding, "delimiter": importfile.delimiter}
    context = {
        "import_file": importfile,
        "form": form,
        "read": read or forms.ReadForm(initial=told),
        "saved": selectors.import_mappings_fitting(importfile),
    }
    return render(request, "contacts/import_columns.html", context)


@require_GET
@requires("contacts.view_import", on=ImportFile)
def import_detail(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    may_change = request.user.has_perm("contacts.change_import", importfile)
    if importfile.state in (State.SHEET, State.DRAFT) and may_change:
        if wants_fragment(request):  # the panel has waited for a workbook: the whole page goes on
            return HttpResponseClientRedirect(resolve_url(_next_of(importfile), importfile.pk))
        return redirect(_next_of(importfile), importfile.pk)
    return _import_page(request, importfile)


@require_POST
@requires("contacts.change_import", on=ImportFile)
def import_run(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Do what the dry run has promised, on the same terms."""
    try:
        services.import_start(
            import_file=importfile,
            mapping=importfile.mapping,
            key=importfile.key,
            mode=importfile.mode,
            rules=importfile.rules,
            consent=importfile.consent,
            by=request.user,
            now=clock.now(),
        )
    except DomainError as refusal:
        return _import_page(request, importfile, refusal)
    return redirect("contacts:import-detail", importfile.pk)


@require_POST
@requires("contacts.change_import", on=ImportFile)
def import_cancel(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    try:
        services.import_cancel(import_file=importfile, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _import_page(request, importfile, refusal)
    messages.success(request, _("The import is stopped."))
    return redirect("contacts:import-detail", importfile.pk)


@require_POST
@requires("contacts.change_import", on=ImportFile)
def import_resume(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    try:
        services.import_resume(import_file=importfile, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _import_page(request, importfile, refusal)
    return redirect("contacts:import-detail", importfile.pk)


@require_http_methods(["GET", "POST"])
@requires("contacts.undo_import", on=ImportFile)
def import_undo(request: UserRequest, importfile: ImportFile) -> HttpResponse:
    """Say what undoing it would do, and do it."""
    if importfile.undo:
        return redirect("contacts:import-detail", importfile.pk)
    now = clock.now()
    refusal = selectors.import_undo_refusal(importfile, now=now)
    if request.method == "POST" and not refusal:
        try:
            services.import_undo(import_file=importfile, by=request.user, now=now)
        except DomainError as error:
            refusal = str(error)
        else:
            return redirect("contacts:import-detail", importfile.pk)
    context = {
        "import_file": importfile,
        "refusal": refusal,
        "words": selectors.import_undo_words(importfile),
        "undo": None if refusal else selectors.import_undo_preview(importfile),
    }
    return render(request, "contacts/import_undo.html", context)


@require_GET
@requires("contacts.view_import", on=ImportFile)
def import_kept(request: UserRequest, importfile: ImportFile) -> HttpResponseBase:
    """Hand over as CSV what was kept when the import was undone."""
    lines = selectors.import_kept_lines(importfile)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="import-{importfile.pk}-kept.csv"'
    return response


@require_GET
@requires("contacts.view_import", on=ImportFile)
def import_errors(request: UserRequest, importfile: ImportFile) -> HttpResponseBase:
    name = slugify(importfile.file_name.rpartition(".")[0]) or "import"
    response = StreamingHttpResponse(
        selectors.import_errors(importfile), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-refused.csv"'
    return response


def _import_page(
    request: UserRequest, importfile: ImportFile, refusal: DomainError | None = None
) -> HttpResponse:
    now = clock.now()
    may_undo = request.user.has_perm("contacts.undo_import", importfile)
    context = {
        "import_file": importfile,
        "progress": selectors.import_progress(importfile, now=now),
        "may_undo": may_undo and not selectors.import_undo_refusal(importfile, now=now),
        "undo": selectors.import_undo_result(importfile),
        "words": selectors.import_undo_words(importfile),
        "kept": selectors.import_kept(importfile, limit=KEPT_SHOWN) if importfile.undo else [],
        "outcomes": selectors.import_outcomes(importfile),
        "refusal": refusal,
        "may_change": request.user.has_perm("contacts.change_import", importfile),
    }
    return render_page_or_fragment(request, "contacts/import_detail.html", context, fragment="import-panel")
