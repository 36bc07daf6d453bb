from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import selectors, services
from apps.contacts.models import (
    QualityFinding,
    QualityMend,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
)
from apps.contacts.quality import ACTS, RULES
from apps.contacts.services.quality import QualityRefused
from apps.core import clock

KEYS = [(key, rule.label) for key, rule in RULES.items()]


class QualityRuleOut(serializers.Serializer[Any]):
    """`settings` are what can be tuned about this rule; `acts` what can be done to all it finds at once."""

    key = serializers.CharField(source="rule.key")
    name = serializers.CharField(source="rule.label")
    meaning = serializers.CharField(source="rule.meaning")
    on = serializers.BooleanField(source="is_on")
    weight = serializers.IntegerField()
    settings = serializers.DictField()
    acts = serializers.ListField(child=serializers.CharField(), source="rule.acts")


class QualityRuleIn(serializers.Serializer[Any]):
    on = serializers.BooleanField(source="is_on", required=False)
    weight = serializers.IntegerField(min_value=0, max_value=10, required=False)
    settings = serializers.DictField(required=False)


class QualityRuleViewSet(ApiViewSet[QualityRule]):
    """What is looked for. The next scan goes by a rule as it is then."""

    queryset = QualityRule.objects.all()
    serializer_class = QualityRuleOut
    scope = "quality"
    permissions = {
        "list": "contacts.view_quality",
        "asked": "contacts.view_quality",
        "tune": "contacts.change_quality",
    }
    pagination_class = None
    filter_backends = []

    @extend_schema(responses=QualityRuleOut(many=True))
    def list(self, request: Request) -> Response:
        """All rules, in one answer."""
        return Response(QualityRuleOut(selectors.quality_rules(), many=True).data)

    @extend_schema(operation_id="quality_rules_retrieve", responses=QualityRuleOut)
    @action(detail=False, methods=["get"], url_path="(?P<key>[a-z0-9_]+)", url_name="tune")
    def asked(self, request: Request, key: str) -> Response:
        """One rule, as it is now."""
        return self._answer_rule(key)

    @extend_schema(request=QualityRuleIn, responses=QualityRuleOut)
    @asked.mapping.patch
    def tune(self, request: Request, key: str) -> Response:
        """Switch a rule on or off, or tune it. What is not given stays."""
        if key not in RULES:
            raise Http404
        payload = QualityRuleIn(data=request.data)
        payload.is_valid(raise_exception=True)
        try:
            services.quality_rule_update(
                rule=RULES[key], by=self.user, now=clock.now(), **payload.validated_data
            )
        except QualityRefused as refusal:
            field = refusal.field if refusal.field == "weight" else "settings"
            raise ValidationError({field: [str(refusal)]}) from refusal
        return self._answer_rule(key)

    def _answer_rule(self, key: str) -> Response:
        told = next((one for one in selectors.quality_rules() if one.rule.key == key), None)
        if told is None:
            raise Http404
        return self.answer(told)


class QualityResultOut(serializers.ModelSerializer[QualityResult]):
    class Meta:
        model = QualityResult
        fields = ["rule", "found", "mended", "score"]


class QualityScanOut(serializers.ModelSerializer[QualityScan]):
    """`results` are there once it is done; `percent` says how far it is."""

    status = serializers.ChoiceField(QualityScan.State.choices, source="state", read_only=True)
    percent = serializers.IntegerField(read_only=True)
    results = QualityResultOut(many=True, read_only=True)

    class Meta:
        model = QualityScan
        fields = [
            "id",
            "status",
            "percent",
            "checked",
            "faultless",
            "score",
            "results",
            "error",
            "asked_at",
            "started_at",
            "finished_at",
        ]


class QualityScanFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    status = django_filters.ChoiceFilter(field_name="state", choices=QualityScan.State.choices)

    class Meta:
        model = QualityScan
        fields: list[str] = []


class QualityScanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[QualityScan]):
    """Looks at all contacts. One at a time; what the last one found is at `quality-findings`."""

    queryset = QualityScan.objects.prefetch_related("results")
    serializer_class = QualityScanOut
    filterset_class = QualityScanFilter
    scope = "quality"
    permissions = {
        "list": "contacts.view_quality",
        "retrieve": "contacts.view_quality",
        "create": "contacts.scan_quality",
        "cancel": "contacts.scan_quality",
    }

    @extend_schema(request=None, responses={202: QualityScanOut})
    def create(self, request: Request) -> Response:
        """Start one; ask for its `status` until it has ended."""
        scan = services.quality_scan_start(by=self.user, now=clock.now())
        return self.answer(scan, 202)

    @extend_schema(request=None, responses=QualityScanOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it after the contacts in hand; what the one before it found stays."""
        scan = services.quality_scan_cancel(scan=self.get_object(), by=self.user, now=clock.now())
        return self.answer(scan)


class QualityFindingOut(serializers.ModelSerializer[QualityFinding]):
    """`detail` is the key of an attribute, or a word of the rule."""

    contact = serializers.IntegerField(source="contact_id")

    class Meta:
        model = QualityFinding
        fields = ["id", "contact", "rule", "detail"]


class QualityFindingFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    rule = django_filters.ChoiceFilter(choices=KEYS)
    contact = django_filters.NumberFilter(field_name="contact_id", min_value=1, max_value=2**63 - 1)

    class Meta:
        model = QualityFinding
        fields = ["detail"]


class QualityFindingViewSet(mixins.ListModelMixin, ApiViewSet[QualityFinding]):
    """What the last scan found and nobody has mended: contacts by number, and never a value."""

    queryset = QualityFinding.objects.none()
    serializer_class = QualityFindingOut
    filterset_class = QualityFindingFilter
    scope = "quality"
    permissions = {"list": "contacts.view_quality"}

    def get_queryset(self) -> QuerySet[QualityFinding]:
        return selectors.findings().select_related(None)


class MergeSuggestionOut(serializers.ModelSerializer[QualityPair]):
    """`likeness` is in percent."""

    contact = serializers.IntegerField(source="contact_id")
    other = serializers.IntegerField(source="other_id")
    status = serializers.ChoiceField(QualityPair.State.choices, source="state")

    class Meta:
        model = QualityPair
        fields = ["id", "contact", "other", "reason", "likeness", "status", "decided_at"]


class MergeSuggestionMergeIn(serializers.Serializer[Any]):
    keep = serializers.IntegerField(min_value=1, help_text="Which of the two is kept.")
    confirm = serializers.BooleanField(help_text="That somebody has compared the two.")

    def validate_confirm(self, confirm: bool) -> bool:
        if not confirm:
            raise serializers.ValidationError("Somebody has to have compared the two.")
        return confirm


class MergeOut(serializers.Serializer[Any]):
    merge = serializers.IntegerField(source="pk")
    contact = serializers.IntegerField(source="contact_id")
    gone = serializers.IntegerField(source="gone_id")


class MergeSuggestionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    status = django_filters.ChoiceFilter(field_name="state", choices=QualityPair.State.choices)
    min_likeness = django_filters.NumberFilter(
        field_name="likeness", lookup_expr="gte", min_value=0, max_value=100
    )

    class Meta:
        model = QualityPair
        fields = ["reason"]


class MergeSuggestionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[QualityPair]):
    """Contacts that may be one person. Nothing merges by itself."""

    queryset = QualityPair.objects.filter(contact__erased_at__isnull=True, other__erased_at__isnull=True)
    serializer_class = MergeSuggestionOut
    filterset_class = MergeSuggestionFilter
    scope = "contacts"
    permissions = {
        "list": "contacts.view_contact",
        "retrieve": "contacts.view_contact",
        "dismiss": "contacts.change_contact",
        "reopen": "contacts.change_contact",
        "merge": "contacts.change_contact",
    }

    @extend_schema(request=None, responses=MergeSuggestionOut)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """Say that these are two people; they are not suggested again."""
        pair = services.pair_dismiss(pair=self.get_object(), by=self.user, now=clock.now())
        return self.answer(pair)

    @extend_schema(request=None, responses=MergeSuggestionOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Take back that these are two people."""
        pair = services.pair_reopen(pair=self.get_object(), by=self.user, now=clock.now())
        return self.answer(pair)

    @extend_schema(request=MergeSuggestionMergeIn, responses=MergeOut)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make one contact of the two."""
        pair = self.get_object()
        both = {pair.contact_id: pair.contact, pair.other_id: pair.other}
        keep = both.get(self.told(MergeSuggestionMergeIn)["keep"])
        if keep is None:
            raise ValidationError({"keep": ["Keep one of the two."]})
        merge = services.pair_merge(pair=pair, keep=keep, by=self.user, now=clock.now())
        return Response(MergeOut(merge).data)


class QualityMendOut(serializers.ModelSerializer[QualityMend]):
    status = serializers.ChoiceField(QualityMend.State.choices, source="state", read_only=True)
    attributes = serializers.ListField(child=serializers.CharField(), source="keys")

    class Meta:
        model = QualityMend
        fields = [
            "id",
            "status",
            "rule",
            "act",
            "detail",
            "attributes",
            "changed",
            "skipped",
            "given_back",
            "kept",
            "error",
            "created_at",
            "finished_at",
        ]


class QualityMendIn(serializers.Serializer[Any]):
    rule = serializers.ChoiceField(KEYS)
    act = serializers.ChoiceField([(key, act.label) for key, act in ACTS.items()])
    detail = serializers.CharField(
        max_length=63, default="", allow_blank=True, help_text="For values_clear: the key of the attribute."
    )


class MendChangeOut(serializers.Serializer[Any]):
    attribute = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class MendLineOut(serializers.Serializer[Any]):
    contact = serializers.IntegerField()
    changes = MendChangeOut(many=True)


class QualityMendPreviewOut(serializers.Serializer[Any]):
    """`contacts` counts those found, up to 100,000; `first` are the first that would change."""

    contacts = serializers.IntegerField()
    first = MendLineOut(many=True)


class QualityMendFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    status = django_filters.ChoiceFilter(field_name="state", choices=QualityMend.State.choices)
    rule = django_filters.ChoiceFilter(choices=KEYS)

    class Meta:
        model = QualityMend
        fields: list[str] = []


class QualityMendViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[QualityMend]):
    """Acts that mend all that a rule has found, and can be undone for 30 days."""

    queryset = QualityMend.objects.all()
    serializer_class = QualityMendOut
    filterset_class = QualityMendFilter
    scope = "quality"
    permissions = {
        "list": "contacts.view_quality",
        "retrieve": "contacts.view_quality",
        "create": "contacts.mend_quality",
        "preview": "contacts.mend_quality",
        "undo": "contacts.mend_quality",
    }
    reading_actions = frozenset({"preview"})

    @extend_schema(request=QualityMendIn, responses={202: QualityMendOut})
    def create(self, request: Request) -> Response:
        """Mend behind the answer: ask for `status` until it has ended."""
        mend = services.mend_start(**self.told(QualityMendIn), by=self.user, now=clock.now())
        return self.answer(mend, 202)

    @extend_schema(request=QualityMendIn, responses=QualityMendPreviewOut)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What it would do. Nothing of it is done."""
        preview = selectors.mend_preview(services.mend_plan(**self.told(QualityMendIn)))
        names = ("attribute", "before", "after")
        first = [
            {
                "contact": line.contact,
                "changes": [dict(zip(names, change, strict=True)) for change in line.changes],
            }
            for line in preview.lines
        ]
        return Response(QualityMendPreviewOut({"contacts": preview.count, "first": first}).data)

    @extend_schema(request=None, responses=QualityMendOut)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Give back what it changed; what was changed since stays."""
        mend = services.mend_undo(mend=self.get_object(), by=self.user, now=clock.now())
        return self.answer(mend)
