from collections.abc import Sequence
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.contacts import selectors as contacts
from apps.contacts.models import System
from apps.contacts.services import systems_set
from apps.core import clock
from apps.core.errors import DomainError
from apps.exports import feeds, files, services
from apps.exports.asks import TermsInvalid
from apps.exports.columns import ColumnsInvalid
from apps.exports.destinations import DestinationInvalid
from apps.exports.models import Export, Format, Kind, Schedule
from apps.exports.services import ScheduleInvalid

TERMS_HELP = (
    'Contacts: {} for everybody, {"segment": ID}, or {"filter": {"q", "where", "consent", "suppressed", '
    '"added_from"}} as in the address of the list. Companies: {}. Events: {"event", "from", "to", '
    '"days", "contact"}, and of a schedule "new": true, what has arrived since its last file.'
)
COLUMNS_HELP = "Names of columns, in order; without it, all that are not sensitive."
REFUSALS = (TermsInvalid, ColumnsInvalid, DestinationInvalid, ScheduleInvalid)


def refused(refusal: DomainError) -> ValidationError:
    return ValidationError({refusal.field or "non_field_errors": [str(refusal)]})


class ExportFileOut(serializers.ModelSerializer[Export]):
    """`file_url` is there once the whole file is, and until `expires_at`."""

    status = serializers.ChoiceField(Export.State.choices, source="state")
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id", "name", "kind", "format", "terms", "columns", "status", "error", "rows_total", "rows_done",
            "file_url", "file_size", "sha256", "schedule", "due_at", "delivered_to", "attempts", "retry_at",
            "created_at", "started_at", "finished_at", "expires_at",
        ]  # fmt: skip

    def get_file_url(self, export: Export) -> str | None:
        path = reverse("api:export-file", args=[export.pk])
        return self.context["request"].build_absolute_uri(path) if export.file_name else None


class ExportFileIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Kind.choices)
    format = serializers.ChoiceField(Format.choices, default=Format.CSV)
    terms = serializers.DictField(required=False, help_text=TERMS_HELP)
    columns = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, max_length=1_000, help_text=COLUMNS_HELP
    )


class ExportFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    status = django_filters.ChoiceFilter(field_name="state", choices=Export.State.choices)
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    schedule = django_filters.NumberFilter(field_name="schedule", min_value=0, max_value=2**63 - 1)

    class Meta:
        model = Export
        fields: list[str] = []


class ExportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Export]):
    """Files of contacts, companies and events on their way out."""

    queryset = Export.objects.all()
    serializer_class = ExportFileOut
    filterset_class = ExportFilter
    scope = "exports"
    permissions = {
        "list": "exports.view_export",
        "retrieve": "exports.view_export",
        "create": "exports.add_export",
        "cancel": "exports.change_export",
        "file": "exports.download_export",
    }

    @extend_schema(request=ExportFileIn, responses={202: ExportFileOut})
    def create(self, request: Request) -> Response:
        """Start an export; ask for `status` until it has ended."""
        payload = ExportFileIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        try:
            export = services.export_start(
                kind=told["kind"],
                file_format=told["format"],
                terms=told.get("terms"),
                columns=told.get("columns"),
                by=self.user,
                now=clock.now(),
            )
        except REFUSALS as refusal:
            raise refused(refusal) from refusal
        return self.answer(export, 202)

    @extend_schema(request=None, responses=ExportFileOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it; what was written is deleted."""
        export = services.export_cancel(export=self.get_object(), by=self.user, now=clock.now())
        return self.answer(export)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, pagination_class=None)
    def file(self, request: Request, pk: str) -> FileResponse:
        """Return the file. That it was fetched is written down."""
        export = self.get_object()
        name = services.export_hand_over(export=export, by=self.user, now=clock.now())
        try:
            file = files.path_of(name).open("rb")
        except FileNotFoundError as error:
            raise NotFound from error
        return FileResponse(file, as_attachment=True, filename=export.download_name)


class ScheduleOut(serializers.ModelSerializer[Schedule]):
    systems = serializers.ListField(
        source="system_ids",
        child=serializers.IntegerField(),
        allow_null=True,
        read_only=True,
        help_text="Of the register; null for whom may not see it.",
    )

    class Meta:
        model = Schedule
        fields = [
            "id", "name", "kind", "format", "terms", "columns", "period", "hour", "weekday", "month_day",
            "timezone", "destination", "path", "is_active", "next_at", "systems", "created_at",
            "updated_at",
        ]  # fmt: skip


class ScheduleChangeIn(serializers.ModelSerializer[Schedule]):
    name = serializers.CharField(max_length=100)
    terms = serializers.DictField(required=False, help_text=TERMS_HELP)
    columns = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, max_length=1_000, help_text=COLUMNS_HELP
    )
    systems = serializers.PrimaryKeyRelatedField(
        queryset=System.objects.all(),
        many=True,
        required=False,
        help_text="Of the register: all it belongs to.",
    )

    class Meta:
        model = Schedule
        fields = [
            "name", "format", "terms", "columns", "period", "hour", "weekday", "month_day", "timezone",
            "destination", "path", "is_active", "systems",
        ]  # fmt: skip


class ScheduleIn(ScheduleChangeIn):
    class Meta(ScheduleChangeIn.Meta):
        fields = ["kind", *ScheduleChangeIn.Meta.fields]


class ScheduleFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    kind = django_filters.ChoiceFilter(choices=Kind.choices)

    class Meta:
        model = Schedule
        fields = ["destination", "is_active"]


class ScheduleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Schedule]
):
    """Exports that are made by themselves."""

    queryset = Schedule.objects.all()
    serializer_class = ScheduleOut
    filterset_class = ScheduleFilter
    search_fields = ["name"]
    ordering_fields = ["name", "next_at", "created_at"]
    scope = "exports"
    permissions = {
        "list": "exports.view_schedule",
        "retrieve": "exports.view_schedule",
        "create": "exports.add_schedule",
        "partial_update": "exports.change_schedule",
        "destroy": "exports.delete_schedule",
        "run": "exports.change_schedule",
    }

    def get_queryset(self) -> QuerySet[Schedule]:
        is_seen = self.may("contacts.view_system", "systems:read")
        return contacts.with_systems(super().get_queryset(), feeds.SCHEDULE, is_seen=is_seen)

    @extend_schema(request=ScheduleIn, responses={201: ScheduleOut})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        told = self.told(ScheduleIn)
        systems = self._systems(told)
        try:
            schedule = services.schedule_create(by=self.user, now=clock.now(), **told)
        except REFUSALS as refusal:
            raise refused(refusal) from refusal
        return self._answer(schedule, systems, 201)

    @extend_schema(request=ScheduleChangeIn, responses=ScheduleOut, parameters=[SEEN_AT])
    @transaction.atomic
    def partial_update(self, request: Request, pk: str) -> Response:
        told = self.told(ScheduleChangeIn, partial=True)
        seen_at, systems, schedule = self.seen_at(), self._systems(told), self.get_object()
        try:
            if told:
                schedule = services.schedule_change(
                    schedule=schedule, seen_at=seen_at, by=self.user, now=clock.now(), **told
                )
        except REFUSALS as refusal:
            raise refused(refusal) from refusal
        return self._answer(schedule, systems)

    def _systems(self, told: dict[str, Any]) -> Sequence[System] | None:
        """
        Take the systems out of what was told; None: nothing was.

        :raises PermissionDenied: the caller may not change the register
        """
        if "systems" in told:
            self.demand("contacts.change_system", "systems:write")
        systems: Sequence[System] | None = told.pop("systems", None)
        return systems

    def _answer(self, schedule: Schedule, systems: Sequence[System] | None, status: int = 200) -> Response:
        if systems is not None:
            systems_set(
                kind=feeds.SCHEDULE, object_id=schedule.pk, systems=systems, by=self.user, now=clock.now()
            )
        return self.answer(self.get_queryset().get(pk=schedule.pk), status)

    def perform_destroy(self, instance: Schedule) -> None:
        services.schedule_delete(schedule=instance, by=self.user, now=clock.now())

    @extend_schema(request=None, responses={202: ExportFileOut})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Make it once now, beside its hours."""
        export = services.schedule_run(schedule=self.get_object(), by=self.user, now=clock.now())
        return Response(ExportFileOut(export, context=self.get_serializer_context()).data, status=202)
