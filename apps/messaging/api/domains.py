from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.core import clock
from apps.messaging import dnsrecords, services
from apps.messaging.models import SendingDomain


class DnsRecordOut(serializers.Serializer[Any]):
    """`value` is empty where only your provider knows it; `state` is empty until DNS was asked."""

    key = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    value = serializers.CharField()
    state = serializers.ChoiceField(["", "ok", "missing", "wrong", "silent"])
    found = serializers.CharField()
    told = serializers.CharField()


class SendingDomainOut(serializers.ModelSerializer[SendingDomain]):
    records = serializers.SerializerMethodField()

    class Meta:
        model = SendingDomain
        fields = [
            "id", "name", "spf", "return_path", "return_mx", "tracking_host", "server_selector", "is_signing",
            "records", "checked_at", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(DnsRecordOut(many=True))
    def get_records(self, domain: SendingDomain) -> Any:
        found = {one["key"]: one for one in domain.findings}
        nothing = {"state": "", "found": "", "told": ""}
        rows = []
        for record in dnsrecords.records_wanted(domain):
            finding = found.get(record.key, {})
            value = finding.get("instead") or record.value
            rows.append(nothing | asdict(record) | finding | {"value": value})
        return DnsRecordOut(rows, many=True).data


class SendingDomainChangeIn(serializers.Serializer[Any]):
    """Names as DNS has them: lower case, A-labels."""

    spf = serializers.CharField(max_length=300, required=False, allow_blank=True)
    return_path = serializers.CharField(max_length=254, required=False, allow_blank=True)
    return_mx = serializers.CharField(max_length=253, required=False, allow_blank=True)
    tracking_host = serializers.CharField(max_length=253, required=False, allow_blank=True)
    server_selector = serializers.CharField(max_length=63, required=False, allow_blank=True)


class SendingDomainIn(SendingDomainChangeIn):
    """The name is given once and stays."""

    name = serializers.CharField(max_length=253)


class SigningIn(serializers.Serializer[Any]):
    on = serializers.BooleanField()


class SendingDomainViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[SendingDomain]):
    """The domains of senders: what to publish in DNS, and what DNS said of it."""

    queryset = SendingDomain.objects.order_by("name")
    serializer_class = SendingDomainOut
    filterset_fields = ["name", "is_signing"]
    scope = "senders"
    permissions = {
        "list": "messaging.view_domain",
        "retrieve": "messaging.view_domain",
        "create": "messaging.add_domain",
        "partial_update": "messaging.change_domain",
        "destroy": "messaging.delete_domain",
        "check": "messaging.check_domain",
        "sign": "messaging.sign_domain",
        "key": "messaging.sign_domain",
        "key_switch": "messaging.sign_domain",
        "key_drop": "messaging.sign_domain",
    }

    @extend_schema(request=SendingDomainIn, responses={201: SendingDomainOut})
    def create(self, request: Request) -> Response:
        payload = SendingDomainIn(data=request.data)
        payload.is_valid(raise_exception=True)
        try:
            domain = services.domain_create(by=self.user, now=clock.now(), **payload.validated_data)
        except Refused as refusal:
            raise ValidationError(refusal.message_dict) from refusal
        return Response(SendingDomainOut(domain).data, status=201)

    @extend_schema(request=SendingDomainChangeIn, responses=SendingDomainOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        payload = SendingDomainChangeIn(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        try:
            domain = services.domain_update(
                domain=self.get_object(), by=self.user, now=clock.now(), **payload.validated_data
            )
        except Refused as refusal:
            raise ValidationError(refusal.message_dict) from refusal
        return Response(SendingDomainOut(domain).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a domain and its key; its senders stay."""
        services.domain_delete(domain=self.get_object(), by=self.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=SendingDomainOut)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Ask DNS now, and keep what it says."""
        domain = services.domain_check(domain=self.get_object(), by=self.user, now=clock.now())
        return Response(SendingDomainOut(domain).data)

    @extend_schema(request=SigningIn, responses=SendingDomainOut)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Let Bookend sign with its key, once DNS has it; or not any more. 409 while DNS has not."""
        payload = SigningIn(data=request.data)
        payload.is_valid(raise_exception=True)
        domain = services.domain_sign(
            domain=self.get_object(), on=payload.validated_data["on"], by=self.user, now=clock.now()
        )
        return Response(SendingDomainOut(domain).data)

    @extend_schema(request=None, responses=SendingDomainOut)
    @action(detail=True, methods=["post"])
    def key(self, request: Request, pk: str) -> Response:
        """Make the next DKIM key, to be published beside the one in use. 409 where one is waiting already."""
        domain = services.domain_key_prepare(domain=self.get_object(), by=self.user, now=clock.now())
        return Response(SendingDomainOut(domain).data)

    @extend_schema(request=None, responses=SendingDomainOut)
    @action(detail=True, methods=["post"], url_path="key/switch", url_name="key-switch")
    def key_switch(self, request: Request, pk: str) -> Response:
        """Sign with the next key from now on. 409 while DNS has not got it."""
        domain = services.domain_key_switch(domain=self.get_object(), by=self.user, now=clock.now())
        return Response(SendingDomainOut(domain).data)

    @extend_schema(request=None, responses=SendingDomainOut)
    @action(detail=True, methods=["post"], url_path="key/drop", url_name="key-drop")
    def key_drop(self, request: Request, pk: str) -> Response:
        """Forget the key that waits; the one in use stays."""
        domain = services.domain_key_drop(domain=self.get_object(), by=self.user, now=clock.now())
        return Response(SendingDomainOut(domain).data)
