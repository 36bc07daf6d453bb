"""The budget of a campaign: `campaigns/{id}/budget-lines/`, and its lines, `budget-lines/{id}/`."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.campaigns import budgetfile, selectors, services
from apps.campaigns.api.base import IF_MATCH, CampaignPart, Commented
from apps.campaigns.budgetdiff import Change, Report
from apps.campaigns.models import BudgetLine, BudgetLineQuerySet, BudgetUpload, Campaign
from apps.core import clock

FIELDS = ["channel", "month", "label", "vendor", "planned", "committed", "actual", "note"]
PAGED = ("cursor", "limit")


class BudgetLineOut(serializers.ModelSerializer[BudgetLine]):
    currency = serializers.CharField(source="campaign.currency")

    class Meta:
        model = BudgetLine
        fields = ["id", "campaign", *FIELDS, "currency", "version", "updated_at"]


class BudgetLineIn(serializers.ModelSerializer[BudgetLine]):
    """`month` is its first day."""

    class Meta:
        model = BudgetLine
        fields = FIELDS


class BudgetRowIn(serializers.Serializer[Any]):
    """One row, as in the spreadsheet: what cannot be read is told by row, and nothing is taken."""

    line = serializers.CharField(required=False, help_text="The id of the line; none: a new one.")
    version = serializers.CharField(required=False)
    channel = serializers.CharField(required=False, allow_blank=True, help_text="Such as `email`.")
    month = serializers.CharField(allow_blank=True, help_text="Such as `2030-03`.")
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a name DRF has too
    vendor = serializers.CharField(required=False, allow_blank=True)
    planned = serializers.CharField(required=False, allow_blank=True)
    committed = serializers.CharField(required=False, allow_blank=True)
    actual = serializers.CharField(required=False, allow_blank=True)
    currency = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    read_at = serializers.CharField(
        required=False, help_text="When the lines were read; without it no line is removed by leaving it out."
    )


class BudgetUploadIn(serializers.Serializer[Any]):
    """`take` are lines, changed meanwhile by others, that become what is sent all the same."""

    rows = BudgetRowIn(many=True, max_length=budgetfile.MOST_ROWS)  # type: ignore[call-arg]  # the list’s
    take = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=5000)
    dry_run = serializers.BooleanField(default=False)


class BudgetFieldChange(serializers.Serializer[Any]):
    name = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class BudgetChangeOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    changes = BudgetFieldChange(many=True)


class BudgetRefusalOut(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    column = serializers.CharField()
    reason = serializers.CharField()


class BudgetSums(serializers.Serializer[Any]):
    planned = serializers.DecimalField(max_digits=20, decimal_places=2)
    committed = serializers.DecimalField(max_digits=20, decimal_places=2)
    actual = serializers.DecimalField(max_digits=20, decimal_places=2)


class BudgetReportOut(serializers.Serializer[Any]):
    """What the rows change; with `is_applied`, what they changed."""

    is_applied = serializers.BooleanField()
    added = serializers.ListField(child=serializers.IntegerField(), help_text="Rows, from 1.")
    changed = BudgetChangeOut(many=True)
    removed = serializers.ListField(child=serializers.IntegerField())
    meanwhile = BudgetChangeOut(many=True)
    kept = serializers.ListField(child=serializers.IntegerField())
    unchanged = serializers.ListField(child=serializers.IntegerField())
    refused = BudgetRefusalOut(many=True)
    before = BudgetSums()
    after = BudgetSums()


class CampaignBudgetViewSet(CampaignPart[Campaign]):
    """The budget of one campaign, line by line or as a whole."""

    queryset = Campaign.objects.all()
    permissions = {
        "budget_lines": "campaigns.view_budgetline",
        "budget_line_add": "campaigns.add_budgetline",
        "budget_upload": "campaigns.add_budgetline",
    }
    parameters = {"budget_lines": PAGED}

    @extend_schema(responses=BudgetLineOut(many=True))
    @action(detail=True, methods=["get"], url_path="budget-lines")
    def budget_lines(self, request: Request, pk: str) -> Response:
        lines = selectors.budget_lines(self.get_object()).select_related("campaign")
        return self.page(lines.order_by("month", "pk"), BudgetLineOut)

    @extend_schema(request=BudgetLineIn, responses={201: BudgetLineOut})
    @budget_lines.mapping.post
    def budget_line_add(self, request: Request, pk: str) -> Response:
        """Add a line. The owner of a channel adds to the own channel only."""
        campaign, fields = self.get_object(), self.told(BudgetLineIn)
        becomes = BudgetLine(campaign=campaign, channel=fields.get("channel"))
        if not self.user.has_perm("campaigns.change_budgetline", becomes):
            raise PermissionDenied
        line = services.budget_line_add(campaign=campaign, by=self.user, now=clock.now(), **fields)
        return Response(BudgetLineOut(line).data, status=201)

    @extend_schema(request=BudgetUploadIn, responses=BudgetReportOut)
    @action(detail=True, methods=["post"], url_path="budget-lines/upload")
    def budget_upload(self, request: Request, pk: str) -> Response:
        """
        Make the budget what the rows say, all or nothing; with `dry_run` only tell what that would change.

        Refused rows are told by a dry run; without it they are a conflict, and nothing is changed.
        """
        campaign, told = self.get_object(), self.told(BudgetUploadIn)
        rows = [(number, _cells(row)) for number, row in enumerate(told["rows"], start=1)]
        allowed = selectors.budget_channels_of(self.user, campaign)
        if told["dry_run"]:
            report = selectors.budget_upload_report(
                BudgetUpload(campaign=campaign, rows=rows), allowed=allowed
            )
            return Response(BudgetReportOut(_report(report, is_applied=False)).data)
        now = clock.now()
        with transaction.atomic():
            upload = services.budget_rows_keep(
                campaign=campaign, rows=rows, name="API", by=self.user, now=now
            )
            report = services.budget_upload_apply(
                upload=upload, allowed=allowed, take=told.get("take", ()), by=self.user, now=now
            )
        return Response(BudgetReportOut(_report(report, is_applied=True)).data)


class BudgetLineViewSet(mixins.RetrieveModelMixin, Commented[BudgetLine]):
    """One line of a budget. Deleting one takes it out; it can be restored."""

    queryset = BudgetLine.objects.select_related("campaign", "channel")
    serializer_class = BudgetLineOut
    permissions = {
        "retrieve": "campaigns.view_budgetline",
        "partial_update": "campaigns.change_budgetline",
        "destroy": "campaigns.delete_budgetline",
        "restore": "campaigns.delete_budgetline",
        "comments": "campaigns.view_budgetline",
        "comment_add": "campaigns.comment_budgetline",
    }
    parameters = {"comments": PAGED}

    def get_queryset(self) -> BudgetLineQuerySet:
        found = super().get_queryset()
        assert isinstance(found, BudgetLineQuerySet)
        return found if self.action == "restore" else found.standing()

    @extend_schema(request=BudgetLineIn, responses=BudgetLineOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, pk: str) -> Response:
        line = self.get_object()
        payload = BudgetLineIn(line, data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        fields = payload.validated_data
        becomes = BudgetLine(campaign=line.campaign, channel=fields.get("channel", line.channel))
        if not self.user.has_perm("campaigns.change_budgetline", becomes):
            raise PermissionDenied
        line = services.budget_line_update(
            line=line, by=self.user, now=clock.now(), seen=self.seen(line), **fields
        )
        return self.answer(line)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.budget_line_remove(line=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=BudgetLineOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring a removed line back."""
        line = services.budget_line_restore(line=self.get_object(), by=self.user, now=clock.now())
        return self.answer(line)


def _cells(row: dict[str, str]) -> dict[str, str]:
    names = {"label": "what for", "read_at": "read at"}
    return {names.get(name, name): " ".join(text.split())[: budgetfile.KEPT] for name, text in row.items()}


def _report(report: Report, *, is_applied: bool) -> dict[str, Any]:
    def changes(found: list[Change]) -> list[dict[str, Any]]:
        return [{"line": change.line.pk, "changes": change.fields} for change in found]

    return {
        "is_applied": is_applied,
        "added": [row.row for row in report.added],
        "changed": changes(report.changed),
        "removed": [change.line.pk for change in report.removed],
        "meanwhile": changes(report.meanwhile),
        "kept": [line.pk for line in report.kept],
        "unchanged": [line.pk for line in report.unchanged],
        "refused": report.refused,
        "before": report.before,
        "after": report.after,
    }
