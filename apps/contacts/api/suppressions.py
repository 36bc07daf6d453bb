from contextlib import suppress
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import services
from apps.contacts.addresses import AddressInvalid, address_hash, address_normalise
from apps.contacts.models import Channel, Suppression
from apps.core import clock


class SuppressionOut(serializers.ModelSerializer[Suppression]):
    class Meta:
        model = Suppression
        fields = ["id", "channel", "reason", "at", "source"]


class SuppressionIn(serializers.Serializer[Any]):
    address = serializers.CharField(max_length=254)
    channel = serializers.ChoiceField(Channel.choices, default=Channel.EMAIL)
    source = serializers.CharField(max_length=200, default="", allow_blank=True)  # type: ignore[assignment]  # hides what only fields have

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            return attrs | {"address": address_normalise(attrs["channel"], attrs["address"])}
        except AddressInvalid as error:
            raise serializers.ValidationError({"address": [str(error)]}) from error


class SuppressionsIn(serializers.Serializer[Any]):
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=254, allow_blank=True), max_length=1_000, allow_empty=False
    )
    channel = serializers.ChoiceField(Channel.choices, default=Channel.EMAIL)
    source = serializers.CharField(max_length=200, default="", allow_blank=True)  # type: ignore[assignment]  # hides what only fields have


class SuppressionsOut(serializers.Serializer[Any]):
    """Four counts that sum to `rows_total`; `faults` are the places of the first that are no address."""

    rows_total = serializers.IntegerField()
    added = serializers.IntegerField()
    known = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    invalid = serializers.IntegerField()
    faults = serializers.ListField(child=serializers.IntegerField())


class LiftIn(serializers.Serializer[Any]):
    why = serializers.CharField(max_length=500)


class SuppressionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    address = django_filters.CharFilter(method="by_address", label="An address; it is kept by hash only")

    class Meta:
        model = Suppression
        fields = ["channel", "reason"]

    def by_address(self, queryset: QuerySet[Suppression], name: str, told: str) -> QuerySet[Suppression]:
        channels = [self.data["channel"]] if self.data.get("channel") else Channel.values
        hashes = []
        for channel in channels:
            with suppress(AddressInvalid):
                hashes.append(address_hash(address_normalise(channel, told)))
        if not hashes:
            raise ValidationError({"address": ["This is neither an e-mail address nor a telephone number."]})
        return queryset.filter(address_hash__in=hashes)


class SuppressionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Suppression]):
    """Addresses that are never written to. They are kept by hash, so no list tells whose they are."""

    queryset = Suppression.objects.all()
    serializer_class = SuppressionOut
    filterset_class = SuppressionFilter
    scope = "suppressions"
    permissions = {
        "list": "contacts.view_suppression",
        "retrieve": "contacts.view_suppression",
        "create": "contacts.add_suppression",
        "bulk": "contacts.add_suppression",
        "lift": "contacts.delete_suppression",
    }

    @extend_schema(request=SuppressionIn, responses={201: SuppressionOut})
    def create(self, request: Request) -> Response:
        suppression = services.suppression_add(
            **self.told(SuppressionIn), reason=Suppression.Reason.BY_HAND, by=self.user, now=clock.now()
        )
        return self.answer(suppression, 201)

    @extend_schema(request=SuppressionsIn, responses=SuppressionsOut)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Suppress up to 1,000 addresses, also those that nobody has."""
        payload = SuppressionsIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        counts = services.suppressions_import(
            rows=enumerate(told["addresses"]),
            channel=Channel(told["channel"]),
            source=told["source"],
            by=self.user,
            now=clock.now(),
        )
        return Response({**counts.as_data(), "faults": [place for place, _text in counts.faults]})

    @extend_schema(request=LiftIn, responses={204: None})
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Allow an address again, with the reason. Consent is not given back by it."""
        services.suppression_lift(
            suppression=self.get_object(), **self.told(LiftIn), by=self.user, now=clock.now()
        )
        return Response(status=204)
