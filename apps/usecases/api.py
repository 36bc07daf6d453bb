from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.accounts.models import User
from apps.core import clock
from apps.usecases import selectors, services
from apps.usecases.kinds import KINDS, State
from apps.usecases.models import Part, UseCase
from apps.usecases.selectors import Stage, StepState

PART_KINDS = [(name, name) for name in KINDS]


class PartOut(serializers.Serializer[Any]):
    """What a step rests on, and how that is doing now."""

    id = serializers.IntegerField(source="part.pk")
    kind = serializers.ChoiceField(PART_KINDS, source="part.kind")
    object_id = serializers.IntegerField(source="part.object_id", allow_null=True)
    key = serializers.CharField(source="part.key")
    url = serializers.CharField(source="part.url")
    enough_percent = serializers.IntegerField(source="part.enough_percent")
    state = serializers.ChoiceField(State.choices, source="now.state")


class StepOut(serializers.Serializer[Any]):
    step = serializers.ChoiceField(Stage.choices, source="key")
    state = serializers.ChoiceField(StepState.choices)
    parts = PartOut(many=True)


class UseCaseOut(serializers.Serializer[Any]):
    """`stage` is the first step that is not done: where it is stuck."""

    id = serializers.IntegerField(source="use_case.pk")
    name = serializers.CharField(source="use_case.name")
    outcome = serializers.CharField(source="use_case.outcome")
    owner = serializers.IntegerField(source="use_case.owner_id", allow_null=True)
    priority = serializers.ChoiceField(UseCase.Priority.choices, source="use_case.priority")
    status = serializers.ChoiceField(UseCase.Status.choices, source="use_case.status")
    stage = serializers.ChoiceField(Stage.choices)
    steps = StepOut(many=True)
    created_at = serializers.DateTimeField(source="use_case.created_at")
    updated_at = serializers.DateTimeField(source="use_case.updated_at")


class UseCaseIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    outcome = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    priority = serializers.ChoiceField(UseCase.Priority.choices, required=False)
    status = serializers.ChoiceField(UseCase.Status.choices, required=False)


class PartIn(serializers.Serializer[Any]):
    step = serializers.ChoiceField(Part.Step.choices)
    kind = serializers.ChoiceField(PART_KINDS)
    object_id = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Of a segment, campaign, message…"
    )
    key = serializers.CharField(
        max_length=128, required=False, help_text="System name of an attribute, or name of an event."
    )
    url = serializers.URLField(max_length=500, required=False, help_text="Of a page elsewhere.")
    enough_percent = serializers.IntegerField(min_value=1, max_value=100, default=50)


class PartGoneIn(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class UseCaseFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    stage = django_filters.ChoiceFilter(choices=Stage.choices, method="by_stage")

    class Meta:
        model = UseCase
        fields = ["status", "priority", "owner"]

    def by_stage(self, queryset: QuerySet[UseCase], name: str, told: str) -> QuerySet[UseCase]:
        return queryset.filter(pk__in=selectors.use_cases_at(told, now=clock.now()))


class UseCaseViewSet(mixins.DestroyModelMixin, ApiViewSet[UseCase]):
    """What the data is wanted for, what each use case rests on, and where it is stuck."""

    queryset = UseCase.objects.all()
    serializer_class = UseCaseOut
    filterset_class = UseCaseFilter
    search_fields = ["name", "outcome"]
    ordering_fields = ["name", "created_at"]
    scope = "use-cases"
    permissions = {
        "list": "usecases.view_usecase",
        "retrieve": "usecases.view_usecase",
        "create": "usecases.add_usecase",
        "partial_update": "usecases.change_usecase",
        "destroy": "usecases.delete_usecase",
        "add": "usecases.change_usecase",
        "remove": "usecases.change_usecase",
    }

    @extend_schema(responses=UseCaseOut(many=True))
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        told = selectors.use_cases_now(page, user=self.user, now=clock.now())
        return self.get_paginated_response(UseCaseOut(told, many=True).data)

    @extend_schema(responses=UseCaseOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._answer(self.get_object())

    @extend_schema(request=UseCaseIn, responses={201: UseCaseOut})
    def create(self, request: Request) -> Response:
        use_case = services.use_case_create(**self.told(UseCaseIn), by=self.user, now=clock.now())
        return self._answer(use_case, 201)

    @extend_schema(request=UseCaseIn, responses=UseCaseOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        use_case = services.use_case_update(
            use_case=self.get_object(),
            **self.told(UseCaseIn, partial=True),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self._answer(use_case)

    def perform_destroy(self, use_case: UseCase) -> None:
        services.use_case_delete(use_case=use_case, by=self.user, now=clock.now())

    @extend_schema(request=PartIn, responses=UseCaseOut)
    @action(detail=True, methods=["post"], url_path="parts")
    def add(self, request: Request, pk: str) -> Response:
        """Say what a step rests on."""
        payload = PartIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        if not self.user.has_perm(KINDS[told["kind"]].permission):
            raise NotFound
        services.part_add(use_case=self.get_object(), **told, by=self.user, now=clock.now())
        return self._answer(self.get_object())

    @extend_schema(request=PartGoneIn, responses=UseCaseOut)
    @action(detail=True, methods=["post"], url_path="parts/remove")
    def remove(self, request: Request, pk: str) -> Response:
        """Take something out of it; the thing itself stays."""
        part = Part.objects.filter(use_case=self.get_object(), pk=self.told(PartGoneIn)["id"]).first()
        if part is None:
            raise NotFound
        services.part_remove(part=part, by=self.user, now=clock.now())
        return self._answer(self.get_object())

    def _answer(self, use_case: UseCase, status: int = 200) -> Response:
        (told,) = selectors.use_cases_now([use_case], user=self.user, now=clock.now())
        return Response(UseCaseOut(told).data, status=status)
