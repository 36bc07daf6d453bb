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
from apps.contacts import selectors, services
from apps.contacts.api.contacts import IdentityIn
from apps.contacts.api.where import WHERE, conditions_read
from apps.contacts.models import Attribute, Company, CompanyIdentity, CompanyMember, Contact, Role
from apps.contacts.selectors import CompanyAsk
from apps.contacts.values import AttributeInvalid
from apps.core import clock


class CompanyIdentityOut(serializers.ModelSerializer[CompanyIdentity]):
    class Meta:
        model = CompanyIdentity
        fields = ["namespace", "value"]


class CompanyOut(serializers.ModelSerializer[Company]):
    identities = CompanyIdentityOut(many=True)
    attributes = serializers.DictField()

    class Meta:
        model = Company
        fields = ["id", "name", "domain", "identities", "attributes", "created_at", "updated_at"]


class CompanyChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    domain = serializers.CharField(max_length=300, required=False, allow_blank=True)
    identities = IdentityIn(many=True, required=False)
    attributes = serializers.DictField(required=False, help_text="By system name; null takes a value away.")


class CompanyIn(CompanyChangeIn):
    name = serializers.CharField(max_length=200)


class CompanyBulkIn(serializers.Serializer[Any]):
    key = serializers.CharField(default="domain", help_text="“domain”, or “identity:NAMESPACE”.")
    companies = serializers.ListField(child=serializers.DictField(), max_length=1_000, allow_empty=False)


class CompanyBulkRowOut(serializers.Serializer[Any]):
    status = serializers.ChoiceField(list(services.CompanyOutcome), source="outcome")
    id = serializers.IntegerField(source="company_id", allow_null=True)
    errors = serializers.DictField(  # type: ignore[assignment]  # this serializer checks nothing
        child=serializers.ListField(child=serializers.CharField())
    )


class CompanyBulkOut(serializers.Serializer[Any]):
    results = CompanyBulkRowOut(many=True)


class CompanyFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    identity = django_filters.CharFilter(method="by_identity", label="namespace:value")
    domain = django_filters.CharFilter(method="by_domain", label="A domain, whatever its case")
    contact = django_filters.NumberFilter(method="by_contact", label="The companies of this contact")
    role = django_filters.ChoiceFilter(choices=Role.choices, method="by_role", label="Somebody is this there")
    search = django_filters.CharFilter(
        method="by_search", label="The beginning of a name or domain, or an identity such as crm:4711"
    )
    where = django_filters.CharFilter(method="by_attributes", label=WHERE)

    class Meta:
        model = Company
        fields: list[str] = []

    def by_identity(self, queryset: QuerySet[Company], name: str, told: str) -> QuerySet[Company]:
        namespace, colon, value = told.partition(":")
        if not colon:
            raise ValidationError({"identity": ["Write namespace:value, such as crm:4711."]})
        return queryset & selectors.companies_found(namespace=namespace, value=value)

    def by_domain(self, queryset: QuerySet[Company], name: str, told: str) -> QuerySet[Company]:
        return queryset & selectors.companies_found(namespace="domain", value=told)

    def by_contact(self, queryset: QuerySet[Company], name: str, told: int) -> QuerySet[Company]:
        return queryset.filter(
            pk__in=CompanyMember.objects.living().filter(contact_id=told).values("company")
        )

    def by_role(self, queryset: QuerySet[Company], name: str, told: str) -> QuerySet[Company]:
        return queryset & selectors.companies(CompanyAsk(role=told))

    def by_search(self, queryset: QuerySet[Company], name: str, told: str) -> QuerySet[Company]:
        return queryset & selectors.companies(CompanyAsk(search=told.strip()))

    def by_attributes(self, queryset: QuerySet[Company], name: str, told: str) -> QuerySet[Company]:
        try:
            conditions = conditions_read(told, Attribute.of_companies)
            return queryset & selectors.companies(CompanyAsk(conditions=conditions))
        except AttributeInvalid as error:
            raise ValidationError({"where": [str(error)]}) from error


class CompanyViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Company]
):
    """The organisations that contacts belong to."""

    queryset = Company.objects.prefetch_related("identities")
    serializer_class = CompanyOut
    filterset_class = CompanyFilter
    ordering_fields = ["id", "name"]
    scope = "companies"
    permissions = {
        "list": "contacts.view_company",
        "retrieve": "contacts.view_company",
        "create": "contacts.add_company",
        "partial_update": "contacts.change_company",
        "destroy": "contacts.delete_company",
        "bulk": "contacts.add_company",
    }

    @extend_schema(request=CompanyIn, responses={201: CompanyOut})
    def create(self, request: Request) -> Response:
        company = services.company_create(**_given(self.told(CompanyIn)), by=self.user, now=clock.now())
        return self.answer(company, 201)

    @extend_schema(request=CompanyChangeIn, responses=CompanyOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        company = services.company_update(
            company=self.get_object(), **_given(self.told(CompanyChangeIn)), by=self.user, now=clock.now()
        )
        return self.answer(company)

    def perform_destroy(self, company: Company) -> None:
        services.company_delete(company=company, by=self.user, now=clock.now())

    @extend_schema(request=CompanyBulkIn, responses=CompanyBulkOut)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Add or update up to 1,000 companies; each row is told how it ended."""
        payload = CompanyBulkIn(data=request.data)
        payload.is_valid(raise_exception=True)
        rows = [CompanyChangeIn(data=row) for row in payload.validated_data["companies"]]
        faults: Any = {str(place): row.errors for place, row in enumerate(rows) if not row.is_valid()}
        if faults:
            raise ValidationError({"companies": faults})
        results = services.companies_upsert(
            companies=[services.CompanyIn(**_given(row.validated_data)) for row in rows],
            key=payload.validated_data["key"],
            by=self.user,
            now=clock.now(),
        )
        return Response({"results": CompanyBulkRowOut(results, many=True).data})


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """Return what the services take, with identities as pairs."""
    identities = data.get("identities")
    pairs = {"identities": [(one["namespace"], one["value"]) for one in identities]} if identities else {}
    return {name: value for name, value in data.items() if name != "identities"} | pairs


class CompanyMemberOut(serializers.ModelSerializer[CompanyMember]):
    primary = serializers.BooleanField(source="is_primary", help_text="The contact's main company.")

    class Meta:
        model = CompanyMember
        fields = [
            "id",
            "company",
            "contact",
            "role",
            "title",
            "primary",
            "since",
            "source",
            "created_at",
            "updated_at",
        ]


class CompanyMemberChangeIn(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices, required=False, allow_blank=True)
    title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    primary = serializers.BooleanField(source="is_primary", required=False)
    since = serializers.DateField(required=False, allow_null=True)


class CompanyMemberIn(CompanyMemberChangeIn):
    company = serializers.PrimaryKeyRelatedField(queryset=Company.objects.all())
    contact = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.known())


class CompanyMemberFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    company = django_filters.NumberFilter(field_name="company_id")
    contact = django_filters.NumberFilter(field_name="contact_id")
    primary = django_filters.BooleanFilter(field_name="is_primary")

    class Meta:
        model = CompanyMember
        fields = ["role"]


class CompanyMemberViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[CompanyMember]
):
    """Who belongs to which company, and what part they have when it buys."""

    queryset = CompanyMember.objects.living()
    serializer_class = CompanyMemberOut
    filterset_class = CompanyMemberFilter
    ordering_fields = ["id"]
    scope = "companies"
    permissions = {
        "list": "contacts.view_company",
        "retrieve": "contacts.view_company",
        "create": "contacts.change_company",
        "partial_update": "contacts.change_company",
        "destroy": "contacts.change_company",
    }

    @extend_schema(request=CompanyMemberIn, responses={201: CompanyMemberOut})
    def create(self, request: Request) -> Response:
        member = services.member_add(**self.told(CompanyMemberIn), by=self.user, now=clock.now())
        return self.answer(member, 201)

    @extend_schema(request=CompanyMemberChangeIn, responses=CompanyMemberOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        member = services.member_update(
            member=self.get_object(), **self.told(CompanyMemberChangeIn), by=self.user, now=clock.now()
        )
        return self.answer(member)

    def perform_destroy(self, member: CompanyMember) -> None:
        services.member_remove(member=member, by=self.user, now=clock.now())
