from typing import Any

import django_filters
from django.db import transaction
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import selectors, services
from apps.accounts.api.base import ApiViewSet
from apps.accounts.models import ApiToken, User
from apps.core import clock


class UserOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "email", "name", "role", "timezone", "is_active", "date_joined"]


class UserPatch(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=User.Role.choices, required=False)
    is_active = serializers.BooleanField(required=False, help_text="False: sessions and tokens end at once.")
    successors = serializers.DictField(
        child=serializers.PrimaryKeyRelatedField(queryset=User.objects.active()),
        required=False,
        help_text="Who takes over each kind of what they own, by `estate/`, when they are shut out.",
    )


class EstateOut(serializers.Serializer[Any]):
    """How much somebody owns of one kind, which goes to a successor when they leave."""

    kind = serializers.CharField()
    count = serializers.IntegerField()


class EstatesOut(serializers.Serializer[Any]):
    kinds = EstateOut(many=True)


class HandedBack(serializers.Serializer[Any]):
    things = serializers.IntegerField()


class UserFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    email = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = User
        fields = ["email", "role", "is_active"]


class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[User]):
    """The people of this installation. They come by invitation: see `invitations`."""

    queryset = User.objects.all()
    serializer_class = UserOut
    filterset_class = UserFilter
    search_fields = ["name", "email"]
    ordering_fields = ["name", "email", "date_joined"]
    scope = "users"
    permissions = {
        "list": "accounts.view_user",
        "retrieve": "accounts.view_user",
        "partial_update": "accounts.change_user",
        "estate": "accounts.change_user",
        "hand_back": "accounts.change_user",
    }

    @extend_schema(responses=EstatesOut)
    @action(detail=True, methods=["get"])
    def estate(self, request: Request, pk: str) -> Response:
        """What is theirs and must be somebody's when they leave."""
        return Response(EstatesOut({"kinds": selectors.user_estate(self.get_object())}).data)

    @extend_schema(request=None, responses=HandedBack)
    @action(detail=True, methods=["post"], url_path="hand-back")
    def hand_back(self, request: Request, pk: str) -> Response:
        """Give somebody who is back what they left, as far as it is still their successors'."""
        count = services.user_hand_back(user=self.get_object(), by=self.user, now=clock.now())
        return Response({"things": count})

    @extend_schema(request=UserPatch, responses=UserOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change someone's role, shut someone out or let them in again. 409 for the last administrator."""
        wanted, user, now = self.told(UserPatch, partial=True), self.get_object(), clock.now()
        with transaction.atomic():  # both, or neither
            if "role" in wanted:
                user = services.user_role_change(user=user, role=wanted["role"], by=self.user, now=now)
            if "is_active" in wanted:
                if wanted["is_active"]:
                    user = services.user_reactivate(user=user, by=self.user, now=now)
                else:
                    successors = wanted.get("successors", {})
                    user = services.user_deactivate(user=user, by=self.user, now=now, successors=successors)
        return self.answer(user)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["name", "prefix", "scopes", "expires_at"]


class MeOut(serializers.ModelSerializer[User]):
    token = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "name", "role", "timezone", "token"]

    @extend_schema_field(TokenOut(allow_null=True))
    def get_token(self, user: User) -> dict[str, Any] | None:
        token = self.context["request"].auth
        return TokenOut(token).data if isinstance(token, ApiToken) else None


class MeViewSet(ApiViewSet[User]):
    """Who the caller is, and how far the token reaches."""

    queryset = User.objects.all()
    serializer_class = MeOut
    pagination_class = None
    filter_backends = ()
    permissions = {"list": "accounts.view_home"}

    @extend_schema(
        operation_id="me",
        responses=forced_singular_serializer(MeOut),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(self.user).data)


class Nothing(APIView):
    """Every path below `/api/` that is not one: a program gets a problem, not a page."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
