from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.collaboration import selectors, services
from apps.collaboration.kinds import kinds
from apps.collaboration.models import NotificationSettings
from apps.core import clock


class NotificationSettingsOut(serializers.ModelSerializer[NotificationSettings]):
    class Meta:
        model = NotificationSettings
        fields = ["digest", "hour", "hidden", "unmailed", "next_digest_at"]


class NotificationSettingsIn(serializers.Serializer[Any]):
    """What to be told of: `hidden` kinds not in the app, `unmailed` ones not by e-mail."""

    digest = serializers.ChoiceField(choices=NotificationSettings.Digest.choices)
    hour = serializers.IntegerField(min_value=0, max_value=23, help_text="In the caller's time zone.")
    hidden = serializers.ListField(child=serializers.CharField(max_length=32), max_length=100)
    unmailed = serializers.ListField(child=serializers.CharField(max_length=32), max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = {name for name, _kind in kinds.items()}
        for field in ("hidden", "unmailed"):
            if unknown := sorted(set(attrs[field]) - known):
                sentence = f"Not known: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
                raise serializers.ValidationError({field: [sentence]})
        return attrs


class NotificationSettingsViewSet(ApiViewSet[NotificationSettings]):
    """What the caller is told of, and when the digest comes."""

    scope = "notification-settings"
    queryset = NotificationSettings.objects.all()
    serializer_class = NotificationSettingsOut
    pagination_class = None
    filter_backends = ()
    permissions = {
        "list": "collaboration.view_own_settings",
        "create": "collaboration.change_own_settings",
    }

    @extend_schema(
        operation_id="notification_settings",
        responses=forced_singular_serializer(NotificationSettingsOut),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        return self.answer(selectors.notification_settings(self.user))

    @extend_schema(request=NotificationSettingsIn, responses={200: NotificationSettingsOut})
    def create(self, request: Request) -> Response:
        """Say all of it anew."""
        wish = services.notification_settings_change(
            user=self.user, now=clock.now(), **self.told(NotificationSettingsIn)
        )
        return self.answer(wish)
