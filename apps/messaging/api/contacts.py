from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts.models import Contact
from apps.core import clock
from apps.messaging import selectors
from apps.messaging.api.serializers import RecipientOut
from apps.messaging.models import Message


class StoryOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    text = serializers.CharField()
    detail = serializers.CharField()


class WhyCheckOut(serializers.Serializer[Any]):
    rule = serializers.CharField()
    result = serializers.ChoiceField(["passed", "stopped", "held", "not_asked"])
    detail = serializers.CharField()


class WhyRowOut(RecipientOut):
    """One row of the ledger: what each rule said, in the order of asking, and what happened, newest first."""

    checks = serializers.SerializerMethodField()
    story = serializers.SerializerMethodField()

    class Meta(RecipientOut.Meta):
        fields = [*RecipientOut.Meta.fields, "checks", "story"]

    @extend_schema_field(WhyCheckOut(many=True))
    def get_checks(self, recipient: Any) -> list[dict[str, Any]]:
        checks = selectors.recipient_checks(recipient, now=self.context["now"])
        return [dict(WhyCheckOut(check).data) for check in checks]

    def get_story(self, recipient: Any) -> list[dict[str, Any]]:
        return [dict(StoryOut(entry).data) for entry in selectors.recipient_timeline(recipient)]


class WhyOut(serializers.Serializer[Any]):
    """`why` says it in a sentence; `rows` is empty for somebody who was not in the audience."""

    message = serializers.IntegerField()
    why = serializers.CharField()
    rows = WhyRowOut(many=True)


class ContactWhyViewSet(ApiViewSet[Contact]):
    """Why one contact did or did not get a message, at `contacts/{id}/why/?message=ID`."""

    queryset = Contact.objects.known()
    serializer_class = WhyOut
    scope = "contacts"
    scopes = {"why": "messages"}
    permissions = {"why": "contacts.view_contact"}
    parameters = {"why": ("message",)}

    @extend_schema(
        operation_id="contacts_why_retrieve",
        responses=WhyOut,
        parameters=[OpenApiParameter("message", int, required=True)],
    )
    @action(detail=True)
    def why(self, request: Request, pk: str) -> Response:
        """Whether the contact got the message and why, from what the ledger holds."""
        message = self._message(request.query_params.get("message", ""))
        now = clock.now()
        told = selectors.contact_why(self.get_object(), message, now=now)
        why = {"message": message.pk, "why": told.sentence, "rows": told.rows}
        waits = selectors.recipient_waits(told.rows)
        return Response(WhyOut(why, context={"now": now, "waits": waits}).data)

    def _message(self, told: str) -> Message:
        found = (
            Message.objects.visible_to(self.user).filter(pk=told)
            if told.isascii() and told.isdigit()
            else None
        )
        message = found.first() if found is not None else None
        if message is None or not self.user.has_perm("messaging.view_recipient", message):
            raise ValidationError({"message": [_("There is no such message.")]})
        return message
