from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.contacts.models import Contact
from apps.core import clock
from apps.core.keys import key_read
from apps.core.uses import UsesOut, uses_answer
from apps.segments import selectors, services
from apps.segments.api.people import MemberOut, page_of
from apps.segments.models import Segment, SegmentSize
from apps.segments.rules import Node, RuleInvalid
from apps.segments.rules.schema import rule_schema
from apps.segments.rules.sentence import rule_sentence
from apps.segments.selectors import PersonChecked, Preview


class SegmentOut(serializers.ModelSerializer[Segment]):
    rule = serializers.DictField(help_text="See `segments/schema/`.")

    class Meta:
        model = Segment
        fields = [
            "id",
            "name",
            "description",
            "rule",
            "size",
            "refreshed_at",
            "refresh_due_at",
            "timed_at",
            "time_due_at",
            "is_stale",
            "is_behind",
            "fault",
            "archived_at",
            "created_at",
            "updated_at",
        ]


class RuleIn(serializers.Serializer[Any]):
    """Base of what brings a rule along. Its faults are told with their paths, such as `all[1].any[0].op`."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            if "rule" in attrs:
                selectors.rule_read(
                    attrs["rule"],
                    segment=self.context.get("segment"),
                    definition=self.context.get("definition", ""),
                )
        except RuleInvalid as refusal:
            faults = {fault.path or "rule": [fault.message] for fault in refusal.faults}
            raise ValidationError(faults) from refusal
        return attrs


class SegmentIn(RuleIn):
    name = serializers.CharField(max_length=200)
    rule = serializers.JSONField(help_text="See `segments/schema/`.")
    description = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class SegmentPreviewIn(RuleIn):
    rule = serializers.JSONField(help_text="See `segments/schema/`.")
    exact = serializers.BooleanField(default=False)


class SegmentReachOut(serializers.Serializer[Any]):
    email = serializers.IntegerField()
    sms = serializers.IntegerField()


class UnreachableOut(serializers.Serializer[Any]):
    channel = serializers.CharField()
    reason = serializers.CharField(help_text="As in a message's `excluded`.")
    count = serializers.IntegerField()


class RuleConditionOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    holds = serializers.BooleanField()


class SegmentSampleOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.CharField()
    conditions = RuleConditionOut(many=True)


class SegmentPreviewOut(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="False: an estimate, with its 95 % interval.")
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    total = serializers.IntegerField(help_text="All contacts.")
    sentence = serializers.CharField(help_text="The rule in plain words.")
    reachable = SegmentReachOut()
    unreachable = UnreachableOut(many=True)
    sample = SegmentSampleOut(many=True)


class SegmentSizeOut(serializers.ModelSerializer[SegmentSize]):
    class Meta:
        model = SegmentSize
        fields = ["at", "size", "entered", "left"]


class SegmentMembershipOut(serializers.Serializer[Any]):
    contact = serializers.IntegerField()
    member = serializers.BooleanField()
    conditions = RuleConditionOut(many=True)


class SegmentFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    archived = django_filters.BooleanFilter(method="by_archive", label="Put away")
    faulty = django_filters.BooleanFilter(method="by_fault", label="Its rule cannot be used any more")

    class Meta:
        model = Segment
        fields = ["is_stale", "is_behind"]

    def by_archive(self, queryset: QuerySet[Segment], name: str, told: bool) -> QuerySet[Segment]:
        return queryset.filter(archived_at__isnull=not told)

    def by_fault(self, queryset: QuerySet[Segment], name: str, told: bool) -> QuerySet[Segment]:
        return queryset.exclude(fault="") if told else queryset.filter(fault="")


class SegmentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Segment]
):
    """Rules that say who is meant. Members follow what changes people; a send asks the rule itself."""

    queryset = Segment.objects.all()
    serializer_class = SegmentOut
    filterset_class = SegmentFilter
    scope = "segments"
    ordering_fields = ["name", "updated_at", "created_at"]
    search_fields = ["name"]
    permissions = {
        "list": "segments.view_segment",
        "retrieve": "segments.view_segment",
        "contacts": "segments.view_segment",
        "history": "segments.view_segment",
        "used_by": "segments.view_segment",
        "check": "segments.view_segment",
        "preview": "segments.view_segment",
        "rule_schema": "segments.view_segment",
        "create": "segments.add_segment",
        "partial_update": "segments.change_segment",
        "archive": "segments.change_segment",
        "restore": "segments.change_segment",
        "destroy": "segments.delete_segment",
    }
    reading_actions = frozenset({"preview"})
    parameters = {"check": ("contact",), "contacts": ("cursor", "limit"), "history": ("cursor", "limit")}

    @extend_schema(request=SegmentIn, responses={201: SegmentOut})
    def create(self, request: Request) -> Response:
        segment = services.segment_create(**self.told(SegmentIn), by=self.user, now=clock.now())
        return self.answer(segment, 201)

    @extend_schema(request=SegmentIn, responses=SegmentOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        segment = self.get_object()
        segment = services.segment_change(
            segment=segment,
            **self.told(SegmentIn, partial=True, context={"segment": segment}),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self.answer(segment)

    def perform_destroy(self, instance: Segment) -> None:
        services.segment_delete(segment=instance, by=self.user, now=clock.now())

    @extend_schema(request=None, responses=SegmentOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        segment = services.segment_archive(segment=self.get_object(), by=self.user, now=clock.now())
        return self.answer(segment)

    @extend_schema(request=None, responses=SegmentOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        segment = services.segment_restore(segment=self.get_object(), by=self.user, now=clock.now())
        return self.answer(segment)

    @extend_schema(request=SegmentPreviewIn, responses=SegmentPreviewOut)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Say how many people a rule finds, and ten of them, without keeping it."""
        told = self.told(SegmentPreviewIn)
        node = selectors.rule_read(told["rule"])
        now = clock.now()
        found = selectors.rule_preview(node, now=now, is_exact=told["exact"])
        return Response(_preview(node, found, selectors.people_checked(node, found.people, now=now)))

    @extend_schema(responses=MemberOut(many=True), filters=False)
    @action(detail=True)
    def contacts(self, request: Request, pk: str) -> Response:
        people = selectors.segment_people(self.get_object(), now=clock.now())
        return page_of(self, people.order_by("-pk"), MemberOut)

    @extend_schema(responses=SegmentSizeOut(many=True), filters=False)
    @action(detail=True)
    def history(self, request: Request, pk: str) -> Response:
        """The size after each count that changed it, and once a day; newest first."""
        return page_of(self, self.get_object().sizes.order_by("-at"), SegmentSizeOut)

    @extend_schema(responses=UsesOut, filters=False)
    @action(detail=True, pagination_class=None, url_path="used-by")
    def used_by(self, request: Request, pk: str) -> Response:
        """Say what needs the segment, and keeps it from being deleted."""
        segment = self.get_object()
        uses = selectors.segment_uses([segment.pk], user=self.user)[segment.pk]
        return uses_answer(request, uses)

    @extend_schema(
        responses=SegmentMembershipOut,
        parameters=[OpenApiParameter("contact", int, required=True, description="The id of a contact.")],
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def check(self, request: Request, pk: str) -> Response:
        """Say whether one contact is in the segment now, and which of its conditions hold."""
        contact = _contact(request.query_params.get("contact", ""))
        segment = self.get_object()
        node = selectors.rule_read(segment.rule, segment=segment)
        (checked,) = selectors.people_checked(node, [contact.pk], now=clock.now())
        found = {"contact": contact.pk, "member": checked.holds, "conditions": _conditions(checked)}
        return Response(SegmentMembershipOut(found).data)

    @extend_schema(responses={200: dict})
    @action(detail=False, pagination_class=None, url_path="schema")
    def rule_schema(self, request: Request) -> Response:
        """The JSON Schema of a rule."""
        return Response(rule_schema())


def _contact(told: str) -> Contact:
    if not (key := key_read(told)):
        raise ValidationError({"contact": [_("Name a contact by its id.")]})
    contact = Contact.objects.known().filter(pk=key).first()
    if contact is None:
        raise NotFound
    return contact


def _conditions(checked: PersonChecked) -> list[dict[str, Any]]:
    return [{"text": words, "holds": holds} for words, holds in checked.reasons]


def _preview(node: Node, found: Preview, people: list[PersonChecked]) -> dict[str, Any]:
    sample = [
        {"id": one.contact.pk, "email": one.contact.email, "conditions": _conditions(one)} for one in people
    ]
    return dict(
        SegmentPreviewOut(
            {
                "count": found.size.count,
                "exact": found.size.is_exact,
                "low": found.size.low,
                "high": found.size.high,
                "total": found.total,
                "sentence": rule_sentence(node),
                "reachable": {reach.channel: reach.reachable.count for reach in found.reach},
                "unreachable": [
                    {"channel": reach.channel, "reason": reason, "count": people.count}
                    for reach in found.reach
                    for reason, people in reach.reasons.items()
                ],
                "sample": sample,
            }
        ).data
    )
