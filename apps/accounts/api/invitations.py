from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import services
from apps.accounts.api.base import ApiViewSet
from apps.accounts.models import Invitation, User
from apps.core import clock


class InvitationOut(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "message", "invited_by", "created_at", "expires_at", "sent_at"]


class InvitationIn(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=User.Role.choices)
    message = serializers.CharField(
        max_length=2_000, allow_blank=True, default="", help_text="Stands in the mail above the link."
    )


class InvitationResendIn(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField(
        required=False, help_text="As it was read; 409 if it was sent again since. Left out: send anyhow."
    )


class InvitationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Invitation]):
    """
    Invitations that wait: neither accepted nor taken back.

    The mail leaves once the answer is certain, so `sent_at` may be null in it; one that stays null did not
    leave, and can be sent again. The link itself is in no answer.
    """

    queryset = Invitation.objects.pending().order_by("-created_at")
    serializer_class = InvitationOut
    filterset_fields = ["email", "role"]
    search_fields = ["email"]
    ordering_fields = ["created_at", "email"]
    scope = "users"
    permissions = dict.fromkeys(("list", "retrieve", "create", "resend", "destroy"), "accounts.invite_people")

    @extend_schema(request=InvitationIn, responses={201: InvitationOut})
    def create(self, request: Request) -> Response:
        """Invite someone. 409 if the address has an account, or is invited already."""
        invitation, secret = services.invitation_create(
            by=self.user, now=clock.now(), **self.told(InvitationIn)
        )
        return self._sent(invitation, secret, status.HTTP_201_CREATED)

    @extend_schema(request=InvitationResendIn, responses=InvitationOut)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Mail a new link, good for seven days from now; the old one opens nothing any more."""
        invitation, secret = services.invitation_renew(
            invitation=self.get_object(),
            by=self.user,
            now=clock.now(),
            seen=self.told(InvitationResendIn).get("expires_at"),
        )
        return self._sent(invitation, secret, status.HTTP_200_OK)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take the invitation back: its link opens nothing any more."""
        services.invitation_revoke(invitation=self.get_object(), by=self.user, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _sent(self, invitation: Invitation, secret: str, code: int) -> Response:
        services.invitation_send_later(invitation=invitation, secret=secret, now=clock.now())
        invitation.refresh_from_db()
        return Response(InvitationOut(invitation).data, status=code)
