from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.refusals import refuse
from apps.exports import files, forms, selectors, services
from apps.exports.asks import filter_read
from apps.exports.columns import Column as ExportColumn
from apps.exports.columns import columns_default, columns_known
from apps.exports.models import Export, Kind

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Export")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Rows"), is_number=True),
        Column(gettext_lazy("Size"), is_number=True),
        Column(gettext_lazy("Deleted")),
        Column(gettext_lazy("Started")),
    ],
    filters=[
        Filter("state", gettext_lazy("State"), Export.State.choices),
        Filter("kind", gettext_lazy("What"), Kind.choices),
    ],
    default_sort="-id",
    has_search=False,
)


@require_GET
@requires("exports.view_export")
def export_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.exports().filter(**asked.values)),
        "may_add": request.user.has_perm("exports.add_export"),
    }
    return render_page_or_fragment(request, "exports/export_list.html", context, fragment="export-list")


@require_http_methods(["GET", "POST"])
@requires("exports.add_export")
def export_create(request: UserRequest) -> HttpResponse:
    """Choose rows and columns; what the list of contacts or a segment's page asks for stands in the URL."""
    now = clock.now()
    kind = kind_asked(request.GET)
    try:
        form = _form(request, kind, now=now)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("exports:create")
    if request.method == "POST" and form.is_valid():
        try:
            export = services.export_start(
                kind=kind,
                file_format=form.cleaned_data["format"],
                terms=form.terms(),
                columns=form.columns_chosen(),
                by=request.user,
                now=now,
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            return redirect("exports:detail", export.pk)
    return render(request, "exports/export_create.html", {"form": form, "kinds": Kind.choices})


def kind_asked(query: Mapping[str, str]) -> str:
    asked = query.get("kind", "")
    return asked if asked in Kind.values else Kind.CONTACTS


def columns_offered(request: UserRequest, kind: str) -> list[ExportColumn]:
    known = columns_known(kind)
    may_all = request.user.has_perm("exports.add_sensitive_export")
    return [column for column in known if may_all or not column.is_sensitive]


def _form(
    request: UserRequest, kind: str, *, now: datetime
) -> forms.ContactsForm | forms.CompaniesForm | forms.EventsForm:
    known = columns_offered(request, kind)
    if kind == Kind.EVENTS:
        return forms.EventsForm(request.POST or None, kind=kind, known=known)
    if kind == Kind.COMPANIES:
        return forms.CompaniesForm(request.POST or None, kind=kind, known=known)
    initial: dict[str, Any] = {"segment": request.GET.get("segment")}
    if "columns" in request.GET:  # those that the list showed, beside what no file should lack
        shown = {f"attr:{key}" for key in request.GET["columns"].split(",")}
        plain = [name for name in columns_default(known) if not name.startswith("attr:")]
        initial["columns"] = [*plain, *(column.name for column in known if column.name in shown)]
    filtered = filter_read(request.GET, now=now) if "segment" not in request.GET else {}
    return forms.ContactsForm(
        request.POST or None, kind=kind, known=known, filtered=filtered, initial=initial
    )


@require_GET
@requires("exports.view_export", on=Export)
def export_detail(request: UserRequest, export: Export) -> HttpResponse:
    return _export_page(request, export)


@require_POST
@requires("exports.change_export", on=Export)
def export_cancel(request: UserRequest, export: Export) -> HttpResponse:
    try:
        services.export_cancel(export=export, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _export_page(request, export, refusal)
    messages.success(request, _("The export is stopped."))
    return redirect("exports:detail", export.pk)


@require_GET
@requires("exports.download_export", on=Export)
def export_download(request: UserRequest, export: Export) -> HttpResponseBase:
    """The file, and a line in the log that this person has it."""
    try:
        name = services.export_hand_over(export=export, by=request.user, now=clock.now())
        file = files.path_of(name).open("rb")
    except (DomainError, FileNotFoundError) as refusal:
        is_lost = isinstance(refusal, FileNotFoundError)
        sentence = _("The file is no longer where it was kept. Start the export anew.")
        messages.error(request, sentence if is_lost else str(refusal))
        return redirect("exports:detail", export.pk)
    return file_response(export, file)


def file_response(export: Export, file: Any) -> FileResponse:
    response = FileResponse(file, as_attachment=True, filename=export.download_name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _export_page(request: UserRequest, export: Export, refusal: DomainError | None = None) -> HttpResponse:
    user = request.user
    context = {
        "export": export,
        "columns": selectors.columns_of(export),
        "progress": selectors.export_progress(export, now=clock.now()),
        "refusal": refusal,
        "may_change": user.has_perm("exports.change_export", export),
        "may_download": user.has_perm("exports.download_export", export),
    }
    return render_page_or_fragment(request, "exports/export_detail.html", context, fragment="export-panel")
