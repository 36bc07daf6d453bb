from typing import Any

import django_filters
import orjson
from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import selectors, services
from apps.contacts.csvfile import FileRefused
from apps.contacts.fieldrules import FieldRule
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import ImportFile, ImportMapping
from apps.contacts.services import ImportRefused
from apps.core import clock
from apps.core.parsers import StrictJson


class UndoReasonOut(serializers.Serializer[Any]):
    reason = serializers.CharField()
    count = serializers.IntegerField()


class UndoOut(serializers.Serializer[Any]):
    """What undoing did, or would do: not `exact`, the first two are the most that it can be."""

    removed = serializers.IntegerField()
    restored = serializers.IntegerField()
    kept = UndoReasonOut(many=True)
    lost = serializers.IntegerField(help_text="What there is no record of any more.")
    exact = serializers.BooleanField()
    people = serializers.IntegerField(
        help_text="Contacts that go with events: nothing else has made them known. 0 where it is not exact."
    )


class ImportOut(serializers.Serializer[ImportFile]):
    """`rows_total` is the sum of the six counts, at any moment."""

    id = serializers.IntegerField()
    about = serializers.ChoiceField(ImportFile.About.choices)
    status = serializers.ChoiceField(ImportFile.State.choices)
    file_name = serializers.CharField()
    key = serializers.CharField()
    mode = serializers.ChoiceField(ImportFile.Mode.choices)
    mapping = serializers.DictField(child=serializers.CharField(allow_null=True))
    rules = serializers.DictField(child=serializers.ChoiceField(FieldRule.choices))
    dry_run = serializers.BooleanField()
    error = serializers.CharField()
    rows_total = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    invalid = serializers.IntegerField()
    suppressed = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    errors_url = serializers.URLField(allow_null=True)
    samples = serializers.DictField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    undo = UndoOut(allow_null=True)

    def to_representation(self, import_file: ImportFile) -> dict[str, Any]:
        path = reverse("api:import-errors", args=[import_file.pk])
        url = self.context["request"].build_absolute_uri(path)
        data: Any = selectors.import_as_data(import_file, errors_url=url)
        return super().to_representation(data)


class JsonText(serializers.JSONField):
    """JSON in a field of a form: what the file cannot carry."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = orjson.loads(data.encode())  # DRF marks it by a class of its own
            except orjson.JSONDecodeError:
                self.fail("invalid")
        if not isinstance(data, dict):
            self.fail("invalid")
        if not all(value is None or isinstance(value, str) for value in data.values()):
            self.fail("invalid")
        if any("\0" in text for text in (*data, *data.values()) if text):
            self.fail("invalid")  # PostgreSQL keeps none
        return data


class ImportIn(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="CSV, or an Excel workbook (.xlsx)")
    about = serializers.ChoiceField(
        ImportFile.About.choices,
        default=ImportFile.About.CONTACTS,
        help_text="What a row is: a contact, a company, somebody's place in a company, or an event.",
    )
    sheet = serializers.CharField(
        default="", allow_blank=True, max_length=100, help_text="Of a workbook that has several."
    )
    mapping = JsonText(
        required=False,
        help_text='{"Column": "email" | "phone" | "attr:KEY[:TYPE]" | "identity:NAMESPACE" | null}. Without '
        "it the columns are guessed, and new attributes are flagged until somebody describes them. "
        'Companies: "name", "domain", attributes and identities. Members: "email" or an identity, '
        '"company:domain" or "company:NAMESPACE", "role", "title", "since", "is_primary". Events: "email" or '
        'an identity, "event", "occurred_at", "message_id", "property:NAME:TYPE".',
    )
    saved_mapping = serializers.PrimaryKeyRelatedField(
        queryset=ImportMapping.objects.all(),
        required=False,
        help_text="In place of `mapping`, `rules`, `key` and `mode`.",
    )
    key = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=40,
        help_text='"email", of companies "domain", or "identity:NAMESPACE".',
    )
    mode = serializers.ChoiceField(ImportFile.Mode.choices, default=ImportFile.Mode.UPSERT)
    rules = JsonText(
        required=False,
        help_text='{"Column": "always" | "if_empty" | "never"}: what is written of known contacts. Without '
        "one it is always; new contacts get everything.",
    )
    consent = JsonText(required=False, help_text="{status, channel, topic, basis, source, wording}")
    dry_run = serializers.BooleanField(default=False)


class ImportFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    status = django_filters.ChoiceFilter(field_name="state", choices=ImportFile.State.choices)
    dry_run = django_filters.BooleanFilter(field_name="is_dry_run")

    about = django_filters.ChoiceFilter(choices=ImportFile.About.choices)

    class Meta:
        model = ImportFile
        fields: list[str] = []


class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[ImportFile]):
    """Files of contacts, companies, their people, or events, on their way in."""

    queryset = ImportFile.objects.all()
    serializer_class = ImportOut
    filterset_class = ImportFilter
    parser_classes = [MultiPartParser, StrictJson]
    scope = "imports"
    permissions = {
        "list": "contacts.view_import",
        "retrieve": "contacts.view_import",
        "create": "contacts.add_import",
        "cancel": "contacts.change_import",
        "resume": "contacts.change_import",
        "errors": "contacts.view_import",
        "undo": "contacts.undo_import",
        "undo_preview": "contacts.undo_import",
        "kept": "contacts.view_import",
    }

    @extend_schema(request={"multipart/form-data": ImportIn}, responses={202: ImportOut})
    def create(self, request: Request) -> Response:
        """
        Take a CSV file or a workbook in.

        The rows are worked behind the answer: ask for `status` until it has ended. A large workbook is
        “reading” first; what is wrong with its columns or terms then stands in `error`.
        """
        payload = ImportIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        saved = told.get("saved_mapping")
        if saved and saved.about != told["about"]:
            raise ValidationError({"saved_mapping": [_("It is a mapping of files about something else.")]})
        terms = {
            "mapping": saved.mapping if saved else told.get("mapping"),
            "key": saved.key if saved else told["key"],
            "mode": saved.mode if saved else told["mode"],
            "rules": saved.rules if saved else told.get("rules"),
            "consent": told.get("consent"),
            "is_dry_run": told["dry_run"],
        }
        import_file = self._upload(told, terms)
        if import_file.state == ImportFile.State.DRAFT:
            import_file = self._start(import_file, terms)
        return self.answer(import_file, 202)

    def _upload(self, told: dict[str, Any], terms: dict[str, Any]) -> ImportFile:
        try:
            import_file = services.import_upload(
                file=told["file"],
                sheet=told["sheet"],
                about=told["about"],
                terms=terms,
                saved_mapping=told.get("saved_mapping"),
                by=self.user,
            )
        except FileRefused as refusal:
            raise ValidationError({"file": [str(refusal)]}) from refusal
        if import_file.state == ImportFile.State.SHEET:
            services.import_discard(import_file=import_file)
            several = _("The workbook has several sheets: %(sheets)s. Say which.")
            raise ValidationError({"sheet": [several % {"sheets": ", ".join(import_file.sheets)}]})
        return import_file

    def _start(self, import_file: ImportFile, terms: dict[str, Any]) -> ImportFile:
        try:
            return services.import_start(import_file=import_file, by=self.user, now=clock.now(), **terms)
        except (MappingInvalid, ImportRefused) as refusal:
            services.import_discard(import_file=import_file)
            field = "mapping" if isinstance(refusal, MappingInvalid) else "consent"
            raise ValidationError({field: [str(refusal)]}) from refusal

    @extend_schema(request=None, responses=ImportOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop after the rows in hand; what was taken stays."""
        import_file = services.import_cancel(import_file=self.get_object(), by=self.user, now=clock.now())
        return self.answer(import_file)

    @extend_schema(request=None, responses=ImportOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on with an import that failed, behind the last rows that it took."""
        import_file = services.import_resume(import_file=self.get_object(), by=self.user, now=clock.now())
        return self.answer(import_file)

    @extend_schema(request=None, responses={202: ImportOut})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """
        Undo the import, for seven days: what it created goes, what it changed goes back.

        Where something has happened since, it stays, with the reason. Asked again, nothing more happens.
        """
        import_file = services.import_undo(import_file=self.get_object(), by=self.user, now=clock.now())
        return self.answer(import_file, 202)

    @extend_schema(responses=UndoOut)
    @action(detail=True, url_path="undo/preview", pagination_class=None)
    def undo_preview(self, request: Request, pk: str) -> Response:
        """Return what undoing it would do at this moment."""
        import_file = self.get_object()
        if why := selectors.import_undo_refusal(import_file, now=clock.now()):
            raise ImportRefused(why)
        undo = selectors.undo_as_data(selectors.import_undo_preview(import_file))
        return Response(UndoOut(undo).data)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=False)
    @action(detail=True, pagination_class=None)
    def kept(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Return what undoing has kept, by number, each with the reason."""
        return StreamingHttpResponse(
            selectors.import_kept_lines(self.get_object()), content_type="text/csv; charset=utf-8"
        )

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=False)
    @action(detail=True, pagination_class=None)
    def errors(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Return the rows that were refused, with the reason; mended, the file can be sent again."""
        return StreamingHttpResponse(
            selectors.import_errors(self.get_object()), content_type="text/csv; charset=utf-8"
        )
