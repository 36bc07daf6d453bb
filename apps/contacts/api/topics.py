from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.contacts import services
from apps.contacts.models import Channel, Topic
from apps.core import clock
from apps.core.uses import UsesOut, uses_answer


class TopicOut(serializers.ModelSerializer[Topic]):
    public = serializers.BooleanField(source="is_public", help_text="Readers choose it themselves.")

    class Meta:
        model = Topic
        fields = [
            "id",
            "key",
            "name",
            "description",
            "channels",
            "public",
            "position",
            "created_at",
            "updated_at",
        ]


class TopicChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices), allow_empty=False, max_length=2, required=False
    )
    public = serializers.BooleanField(source="is_public", required=False)
    position = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)


class TopicIn(TopicChangeIn):
    key = serializers.CharField(max_length=64)


class TopicFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    public = django_filters.BooleanFilter(field_name="is_public")

    class Meta:
        model = Topic
        fields = ["key"]


class TopicViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Topic]
):
    """What people can agree to be written to about. Consent, messages and rules name a topic by its key."""

    queryset = Topic.objects.all()
    serializer_class = TopicOut
    filterset_class = TopicFilter
    search_fields = ["key", "name"]
    ordering_fields = ["position", "name", "key"]
    scope = "topics"
    permissions = {
        "list": "contacts.view_topic",
        "retrieve": "contacts.view_topic",
        "used_by": "contacts.view_topic",
        "create": "contacts.add_topic",
        "partial_update": "contacts.change_topic",
        "destroy": "contacts.delete_topic",
    }

    @extend_schema(request=TopicIn, responses={201: TopicOut})
    def create(self, request: Request) -> Response:
        topic = services.topic_create(**self.told(TopicIn), by=self.user, now=clock.now())
        return self.answer(topic, 201)

    @extend_schema(request=TopicChangeIn, responses=TopicOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        topic = services.topic_update(
            topic=self.get_object(),
            **self.told(TopicChangeIn, partial=True),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self.answer(topic)

    def perform_destroy(self, topic: Topic) -> None:
        services.topic_delete(topic=topic, by=self.user, now=clock.now())

    @extend_schema(responses=UsesOut, filters=False)
    @action(detail=True, pagination_class=None, url_path="used-by")
    def used_by(self, request: Request, pk: str) -> Response:
        """Say what speaks of it, and keeps it from being deleted."""
        places = services.topic_places(topic=self.get_object(), user=self.user)
        return uses_answer(request, ((str(use), use.url) for use in places))
