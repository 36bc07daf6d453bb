from dataclasses import asdict
from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import selectors
from apps.messaging.models import DomainFigure


class FateOut(serializers.Serializer[Any]):
    """`delivered` = `sent` − (`hard` + `soft` + `ours`); `unknown` is beside `sent`."""

    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    hard = serializers.IntegerField()
    soft = serializers.IntegerField()
    ours = serializers.IntegerField()
    complained = serializers.IntegerField()
    unknown = serializers.IntegerField()


class PairOut(FateOut):
    """From one domain of ours to one of theirs; `domain` empty: all the smaller ones."""

    sending_domain = serializers.CharField()
    domain = serializers.CharField()


class AdviceOut(serializers.Serializer[Any]):
    tone = serializers.ChoiceField(["info", "warn", "bad"])
    text = serializers.CharField()


class RefusedOut(serializers.Serializer[Any]):
    """What `domain` said to mails from `sending_domain` as they were handed over; '' are the smaller ones."""

    sending_domain = serializers.CharField()
    domain = serializers.CharField()
    code = serializers.CharField(help_text="Such as `550 5.1.1`. From 4: it may pass.")
    count = serializers.IntegerField()
    samples = serializers.ListField(child=serializers.CharField(), help_text="Its words, without addresses.")


class DeliverabilityOut(serializers.Serializer[Any]):
    """Messages of the last 30 days; `pairs` are the 200 largest, `refused` the 50 most frequent."""

    total = FateOut()
    pairs = PairOut(many=True)
    refused = RefusedOut(many=True)
    refused_count = serializers.IntegerField(help_text="Beside those sent.")
    advice = AdviceOut(many=True)
    counted_at = serializers.DateTimeField(allow_null=True)


class DeliverabilityViewSet(ApiViewSet[DomainFigure]):
    """How mails fare at the mailbox providers."""

    queryset = DomainFigure.objects.none()
    serializer_class = DeliverabilityOut
    pagination_class = None
    scope = "results"
    permissions = {"list": "messaging.view_deliverability"}

    @extend_schema(responses=forced_singular_serializer(DeliverabilityOut))  # type: ignore[no-untyped-call]
    def list(self, request: Request) -> Response:
        """What became of the mails of the last 30 days, by our domain and theirs, and what to do about it."""
        found = selectors.deliverability(now=clock.now())
        told: dict[str, Any] = {
            "total": found.total,
            "pairs": [
                {**asdict(pair.fate), "delivered": pair.fate.delivered, "domain": pair.domain,
                 "sending_domain": pair.sending_domain}
                for pair in found.pairs
            ],
            "refused": found.refused,
            "refused_count": found.refused_count,
            "advice": found.advice,
            "counted_at": found.counted_at,
        }  # fmt: skip
        return Response(DeliverabilityOut(told).data)
