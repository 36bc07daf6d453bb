from collections.abc import Callable
from typing import Any

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.accounts.permissions import permission_check
from apps.campaigns.models import Campaign, Channel
from apps.contacts.models import Contact, Exclusion
from apps.core import clock
from apps.messaging import audience, selectors, services
from apps.messaging.api import serializers as out
from apps.messaging.models import Message, Recipient, Settlement, Variant


class MessageFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    campaign = django_filters.NumberFilter(field_name="campaign_id")
    channel = django_filters.NumberFilter(field_name="channel_id")

    class Meta:
        model = Message
        fields = ["state", "campaign", "channel"]


class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Message]):
    """
    Messages: one e-mail to one audience. Once launched, `ledger/` says where everyone is; the states always
    sum to the audience, and rows are never deleted.
    """

    queryset = Message.objects.select_related("campaign", "channel", "experiment").prefetch_related(
        "segments", "exclude_segments", "experiment__variants"
    )
    serializer_class = out.MessageOut
    filterset_class = MessageFilter
    search_fields = ["name"]
    ordering_fields = ["name", "created_at", "updated_at"]
    scope = "messages"
    permissions = {
        "list": "messaging.view_message",
        "retrieve": "messaging.view_message",
        "create": "messaging.view_message",  # and `add_message`, asked of the channel that the body names
        "partial_update": "messaging.change_message",
        "destroy": "messaging.delete_message",
        "reach": "messaging.view_message",
        "launch": "messaging.launch_message",
        "pause": "messaging.pause_message",
        "resume": "messaging.resume_message",
        "cancel": "messaging.cancel_message",
        "retry_failed": "messaging.retry_message",
        "undo": "messaging.undo_message",
        "settle_unknown": "messaging.settle_message",
        "test": "messaging.test_message",
        "experiment": "messaging.view_message",
        "decide": "messaging.decide_message",
        "ledger": "messaging.view_message",
        "recipients": "messaging.view_recipient",
    }
    network_actions = frozenset({"test"})
    parameters = {"recipients": ("cursor", "limit", "state", "reason")}

    def filter_queryset(self, queryset: Any) -> Any:
        # Below one message, `?state=` is that of its recipients.
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=out.MessageCreateIn, responses={201: out.MessageOut})
    def create(self, request: Request) -> Response:
        payload = self._payload(out.MessageCreateIn)
        fields = payload.to_fields()
        channel = self._channel(fields.pop("campaign"), fields.pop("channel", None))
        permission_check(self.user, "messaging.add_message", channel)
        message = services.message_create(channel=channel, fields=fields, by=self.user, now=clock.now())
        return Response(out.MessageOut(message).data, status=201)

    def _channel(self, campaign: Campaign, channel: Channel | None) -> Channel:
        if channel is None:
            channel = campaign.channels.filter(kind=Channel.Kind.EMAIL).first()
        if channel is None or channel.campaign_id != campaign.pk or channel.kind not in services.SENT_BY:
            raise ValidationError({"channel": [_("This campaign has no such channel of e-mail or SMS.")]})
        return channel

    @extend_schema(request=out.MessageIn, responses=out.MessageOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        payload = self._payload(out.MessageIn, partial=True)
        message = services.message_update(
            message=self.get_object(),
            fields=payload.to_fields(),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return Response(out.MessageOut(message).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw a draft away. What was launched stays on record: 409."""
        services.message_delete(message=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(responses=out.ReachOut)
    @action(detail=True, methods=["get"])
    def reach(self, request: Request, pk: str) -> Response:
        """How many would get it if it were launched now, and who would be left out for what reason."""
        message, now = self.get_object(), clock.now()
        choice = audience.choice_of(message)
        reach = selectors.draft_reach(message, choice, audience.audience(choice, now=now), now=now)
        promise = reach.promise
        excluded = {reason.value: count for reason, count in promise.excluded}
        told: dict[str, Any] = {
            "audience": promise.audience,
            "recipients": promise.recipients,
            "sample": promise.sample,
            "awaiting": promise.awaiting,
            "late": promise.late,
            "held": promise.held,
            "expiring": promise.expiring,
            "excluded": excluded,
            "domains": reach.domains.shown,
            "other_domains": reach.domains.others,
            "slowest": reach.domains.slowest,
        }
        return Response(out.ReachOut(told).data)

    @extend_schema(request=out.MessageLaunchIn, responses=out.MessageOut)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, pk: str) -> Response:
        return self._act(services.message_launch, **self._payload(out.MessageLaunchIn).validated_data)

    @extend_schema(request=out.MessagePauseIn, responses=out.MessageOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        return self._act(services.message_pause, **self._payload(out.MessagePauseIn).validated_data)

    @extend_schema(request=None, responses=out.MessageOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        return self._act(services.message_resume)

    @extend_schema(request=None, responses=out.MessageOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return self._act(services.message_cancel)

    @extend_schema(request=out.MessageRetryIn, responses=out.MessageRetryOut)
    @action(detail=True, methods=["post"], url_path="retry-failed")
    def retry_failed(self, request: Request, pk: str) -> Response:
        """Try those again whose failure may pass; never one whose end is unknown."""
        _message, count = services.message_retry_failed(
            message=self.get_object(),
            by=self.user,
            now=clock.now(),
            answer=self._payload(out.MessageRetryIn).validated_data.get("answer"),
        )
        return Response(out.MessageRetryOut({"retried": count}).data)

    @extend_schema(request=None, responses=out.MessageOut)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take a launch back while nothing has begun: a draft again, its ledger gone. Later: 409."""
        return self._act(services.message_undo)

    @extend_schema(request=out.MessageSettleIn, responses=out.MessageSettleOut)
    @action(detail=True, methods=["post"], url_path="settle-unknown")
    def settle_unknown(self, request: Request, pk: str) -> Response:
        """
        Say what is true of recipients of whom nobody could know. Those whose mail was not sent are written to
        again, but for those who have opened it or clicked in it.
        """
        asked = self._payload(out.MessageSettleIn).validated_data
        verdict, reason = Settlement.Verdict(asked.pop("verdict")), asked.pop("reason")
        count = services.recipients_settle(
            message=self.get_object(),
            doubt=selectors.Doubt(**asked),
            verdict=verdict,
            reason=reason,
            by=self.user,
            now=clock.now(),
        )
        return Response(out.MessageSettleOut({"settled": count}).data)

    @extend_schema(request=out.MessageTestIn, responses=out.MessageTestOut)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send it to people of the team, marked as a test; nothing of that is in the ledger."""
        asked = self._payload(out.MessageTestIn).validated_data
        person = None
        if "contact" in asked:
            person = Contact.objects.known().filter(pk=asked["contact"]).first()
            if person is None or not self.user.has_perm("messaging.view_recipient", self.get_object()):
                raise ValidationError({"contact": [_("There is no such contact.")]})
        message = self.get_object()
        result = services.message_test(
            message=message,
            contact=person,
            people=asked["people"],
            by=self.user,
            now=clock.now(),
            variant=self._variant(message, asked.get("variant")),
        )
        not_sent = [{"email": email, "answer": answer} for email, answer in result.not_sent.items()]
        return Response(out.MessageTestOut({"sent_to": result.sent_to, "not_sent": not_sent}).data)

    def _variant(self, message: Message, number: int | None) -> Variant | None:
        if number is None:
            return None
        found = next((one for one in selectors.variants(message) if one.number == number), None)
        if found is None:
            raise ValidationError({"variant": [_("There is no such variant.")]})
        return found

    @extend_schema(responses=out.ExperimentFindingsOut)
    @action(detail=True, methods=["get"])
    def experiment(self, request: Request, pk: str) -> Response:
        """What the sample has found so far, by variant. 404: a draft, or it tries nothing out."""
        message = self.get_object()
        experiment = selectors.experiment_of(message)
        if experiment is None or message.is_draft:
            raise NotFound
        found = selectors.experiment_findings(experiment, message, now=clock.now())
        return Response(out.ExperimentFindingsOut(found).data)

    @extend_schema(request=out.ExperimentDecideIn, responses=out.ExperimentOut)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Choose by hand what the rest gets, at once; it cannot be taken back."""
        asked = self._payload(out.ExperimentDecideIn).validated_data
        experiment = services.experiment_choose(
            message=self.get_object(), variant=asked["variant"], by=self.user, now=clock.now()
        )
        return Response(out.ExperimentOut(experiment).data)

    @extend_schema(responses=out.LedgerOut)
    @action(detail=True, methods=["get"])
    def ledger(self, request: Request, pk: str) -> Response:
        """Where everyone is: `audience == sum(states)`. Of the largest ledgers as of a few seconds ago."""
        message, now = self.get_object(), clock.now()
        standing = selectors.Standing.of(message)
        ledger = standing.ledger
        sees_people = self.user.has_perm("messaging.view_recipient", message)
        told: dict[str, Any] = {
            "audience": ledger.audience,
            "states": {state.value: count for state, count in ledger.states.items()},
            "excluded": {reason.value: count for reason, count in ledger.excluded.items()},
            "retryable": ledger.retryable,
            "delays": selectors.delays_told(standing, sees_people=sees_people, now=now),
        }
        return Response(out.LedgerOut(told).data)

    @extend_schema(
        responses=out.RecipientOut(many=True),
        parameters=[
            OpenApiParameter("state", enum=Recipient.State.values),
            OpenApiParameter("reason", enum=Exclusion.values),
        ],
    )
    @action(detail=True, methods=["get"])
    def recipients(self, request: Request, pk: str) -> Response:
        state = self._choice("state", Recipient.State.values)
        reason = self._choice("reason", Exclusion.values)
        rows: Any = selectors.recipients(self.get_object(), state=state, reason=reason).order_by("state")
        found: Any = self.paginate_queryset(rows)
        context = {"waits": selectors.recipient_waits(found)}
        return self.get_paginated_response(out.RecipientOut(found, many=True, context=context).data)

    def _choice(self, name: str, known: list[str]) -> str:
        told = self.request.query_params.get(name, "")
        if told and told not in known:
            raise ValidationError({name: [_("One of: %(known)s.") % {"known": ", ".join(known)}]})
        return told

    def _payload(self, serializer: type[Any], *, partial: bool = False) -> Any:
        payload: Serializer[Any] = serializer(
            data=self.request.data, partial=partial, context={"user": self.user}
        )
        payload.is_valid(raise_exception=True)
        return payload

    def _act(self, service: Callable[..., Message], **asked: Any) -> Response:
        message = service(message=self.get_object(), by=self.user, now=clock.now(), **asked)
        return Response(out.MessageOut(message).data)
