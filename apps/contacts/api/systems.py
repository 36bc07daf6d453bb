from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.accounts.models import User
from apps.contacts import registries, selectors, services
from apps.contacts.models import System, SystemLink
from apps.core import clock

STATES = [selectors.OVERDUE, selectors.IN_STEP, selectors.UNKNOWN]


class SystemLinkOut(serializers.ModelSerializer[SystemLink]):
    last_at = serializers.DateTimeField(
        allow_null=True, help_text="When data last passed; null also where Bookend cannot see it."
    )

    class Meta:
        model = SystemLink
        fields = ["kind", "object_id", "last_at"]


class SystemOut(serializers.ModelSerializer[System]):
    last_sync_at = serializers.DateTimeField(source="sync_at", allow_null=True)
    last_sync_from = serializers.SerializerMethodField(help_text="“data”, “typed”, or null: nobody knows.")
    overdue = serializers.BooleanField(source="is_overdue")
    personal_data = serializers.BooleanField(source="is_personal")
    links = SystemLinkOut(many=True)

    class Meta:
        model = System
        fields = [
            "id", "name", "kind", "holds", "identifier", "direction", "cadence", "owner", "last_sync_at",
            "last_sync_from", "overdue", "personal_data", "sensitivity", "ask", "url", "links", "created_at",
            "updated_at",
        ]  # fmt: skip

    def get_last_sync_from(self, system: System) -> str | None:
        if getattr(system, "sync_at", None) is None:
            return None
        return "data" if getattr(system, "is_linked", False) else "typed"


class SystemChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(System.Kind.choices)
    direction = serializers.ChoiceField(System.Direction.choices)
    cadence = serializers.ChoiceField(System.Cadence.choices)
    holds = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    identifier = serializers.CharField(max_length=100, required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    sensitivity = serializers.ChoiceField(System.Sensitivity.choices, required=False)
    synced_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Only of a system that is linked to nothing that says it."
    )
    ask = serializers.CharField(max_length=200, required=False, allow_blank=True)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True)


class SystemIn(SystemChangeIn):
    pass


class SystemLinkIn(serializers.Serializer[Any]):
    kind = serializers.CharField(
        max_length=32, help_text="source, import_mapping, export_schedule or bi_views."
    )
    object_id = serializers.IntegerField(min_value=0, max_value=2**63 - 1, help_text="0 for bi_views.")


class SystemFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    state = django_filters.ChoiceFilter(choices=[(one, one) for one in STATES], method="by_state")

    class Meta:
        model = System
        fields = ["kind", "direction", "cadence", "sensitivity", "owner"]

    def by_state(self, queryset: QuerySet[System], name: str, told: str) -> QuerySet[System]:
        return queryset.filter(pk__in=selectors.systems(now=clock.now(), state=told).values("pk"))


class SystemViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[System]
):
    """The systems that hold customer data, when each was last in step, and what Bookend knows it by."""

    queryset = System.objects.all()
    serializer_class = SystemOut
    filterset_class = SystemFilter
    search_fields = ["name", "holds"]
    ordering_fields = ["name", "created_at"]
    scope = "systems"
    permissions = {
        "list": "contacts.view_system",
        "retrieve": "contacts.view_system",
        "create": "contacts.add_system",
        "partial_update": "contacts.change_system",
        "destroy": "contacts.delete_system",
        "link": "contacts.change_system",
        "unlink": "contacts.change_system",
    }

    def get_queryset(self) -> QuerySet[System]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return _told()

    @extend_schema(request=SystemIn, responses={201: SystemOut})
    def create(self, request: Request) -> Response:
        system = services.system_create(**self.told(SystemIn), by=self.user, now=clock.now())
        return self._answer(system, 201)

    @extend_schema(request=SystemChangeIn, responses=SystemOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        system = services.system_update(
            system=self.get_object(),
            **self.told(SystemChangeIn, partial=True),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self._answer(system)

    def perform_destroy(self, system: System) -> None:
        services.system_delete(system=system, by=self.user, now=clock.now())

    @extend_schema(request=SystemLinkIn, responses=SystemOut)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Say what the system is at the other end of; from then on that says when it was last in step."""
        payload = SystemLinkIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        self._feed_check(told["kind"])
        services.system_link(system=self.get_object(), **told, by=self.user, now=clock.now())
        return self._answer(self.get_object())

    @extend_schema(request=SystemLinkIn, responses=SystemOut)
    @action(detail=True, methods=["post"])
    def unlink(self, request: Request, pk: str) -> Response:
        """Take a link away; what it led to stays."""
        link = SystemLink.objects.filter(system=self.get_object(), **self.told(SystemLinkIn)).first()
        if link is None:
            raise NotFound
        services.system_unlink(link=link, by=self.user, now=clock.now())
        return self._answer(self.get_object())

    def _feed_check(self, kind: str) -> None:
        """Answer of things that the caller may not know as of those that are not there."""
        feed = dict(registries.feeds.items()).get(kind)
        if feed is not None and not self.user.has_perm(feed.permission):
            raise NotFound

    def _answer(self, system: System, status: int = 200) -> Response:
        return Response(SystemOut(_told().get(pk=system.pk)).data, status=status)


def _told() -> QuerySet[System]:
    now = clock.now()
    links = selectors.links_told(now).order_by("pk")
    return selectors.systems(now=now).prefetch_related(Prefetch("links", queryset=links))
