from typing import Any

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.accounts.models import User
from apps.contacts import selectors, services
from apps.contacts.models import Attribute
from apps.core import clock
from apps.core.uses import UsesOut, uses_answer


class AttributeOut(serializers.ModelSerializer[Attribute]):
    indexed = serializers.BooleanField(source="is_indexed")
    defined = serializers.BooleanField(
        source="is_defined", help_text="False: it arrived before anybody described it."
    )
    computed = serializers.BooleanField(
        source="is_computed", help_text="True: its definition writes it, and nobody else. See `definitions/`."
    )

    class Meta:
        model = Attribute
        fields = [
            "id",
            "applies_to",
            "key",
            "label",
            "type",
            "choices",
            "definition",
            "owner",
            "source",
            "uses",
            "sensitivity",
            "indexed",
            "index_built_at",
            "index_fault",
            "index_due_at",
            "defined",
            "computed",
            "created_at",
            "updated_at",
        ]


class AttributeCoverageOut(serializers.Serializer[Any]):
    coverage = serializers.FloatField(
        allow_null=True, help_text="Share that has a value, from a sample; null: there is nobody to have one."
    )


class AttributeChangeIn(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=100)  # type: ignore[assignment]  # hides what only fields have
    type = serializers.ChoiceField(Attribute.Type.choices)
    choices = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=500, required=False
    )
    definition = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]  # hides what only fields have
        max_length=100, required=False, allow_blank=True
    )
    uses = serializers.ListField(child=serializers.ChoiceField(Attribute.Use.choices), required=False)
    sensitivity = serializers.ChoiceField(Attribute.Sensitivity.choices, required=False)
    indexed = serializers.BooleanField(source="is_indexed", required=False)


class AttributePatchIn(AttributeChangeIn):
    is_converted = serializers.BooleanField(
        required=False, help_text="True: with another type, the values there are become values of it."
    )


class AttributeIn(AttributeChangeIn):
    key = serializers.CharField(max_length=63)
    applies_to = serializers.ChoiceField(Attribute.Subject.choices, default=Attribute.Subject.CONTACT)
    is_other = serializers.BooleanField(
        default=False,
        help_text="True: it means something else than the attributes that are called nearly like it.",
    )

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        is_other = told.pop("is_other")
        alike = selectors.attributes_alike(told["key"], label=told["label"], applies_to=told["applies_to"])
        if alike and not is_other:
            sentence = _("There is %(keys)s. If yours means something else, send is_other as true.")
            known = ", ".join(f"“{entry.key}”" for entry in alike)
            raise serializers.ValidationError({"is_other": sentence % {"keys": known}})
        return told


class AttributesRemoveIn(serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=services.MOST_AT_ONCE,
    )


class AttributesAdoptIn(AttributesRemoveIn):
    is_other = serializers.BooleanField(
        default=False,
        help_text="True: each means something else than the described attributes called nearly like it.",
    )


class AttributeLeftOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="attribute.pk")
    key = serializers.CharField(source="attribute.key")
    reason = serializers.CharField()


class AttributesTidiedOut(serializers.Serializer[Any]):
    """Each of the entries asked for that is there stands in one of the two."""

    done = serializers.ListField(child=serializers.IntegerField(), help_text="Their numbers.")
    left = AttributeLeftOut(many=True)


class AttributeFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    indexed = django_filters.BooleanFilter(field_name="is_indexed")
    defined = django_filters.BooleanFilter(field_name="is_defined")
    computed = django_filters.BooleanFilter(field_name="is_computed")

    class Meta:
        model = Attribute
        fields = ["applies_to", "key", "type", "sensitivity"]


class AttributeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Attribute]
):
    """The data dictionary: what is known of contacts and companies, in which type, for which use."""

    queryset = Attribute.current.all()
    serializer_class = AttributeOut
    filterset_class = AttributeFilter
    search_fields = ["key", "label"]
    ordering_fields = ["label", "key", "created_at"]
    scope = "attributes"
    permissions = {
        "list": "contacts.view_attribute",
        "retrieve": "contacts.view_attribute",
        "coverage": "contacts.view_attribute",
        "used_by": "contacts.view_attribute",
        "create": "contacts.add_attribute",
        "partial_update": "contacts.change_attribute",
        "destroy": "contacts.delete_attribute",
        "adopt": "contacts.change_attribute",
        "remove": "contacts.delete_attribute",
        "index_again": "contacts.change_attribute",
    }

    @extend_schema(request=AttributeIn, responses={201: AttributeOut})
    def create(self, request: Request) -> Response:
        attribute = services.attribute_create(**self.told(AttributeIn), by=self.user, now=clock.now())
        return self.answer(attribute, 201)

    @extend_schema(request=AttributePatchIn, responses=AttributeOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        attribute = services.attribute_update(
            attribute=self.get_object(),
            **self.told(AttributePatchIn, partial=True),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self.answer(attribute)

    def perform_destroy(self, attribute: Attribute) -> None:
        services.attribute_delete(attribute=attribute, by=self.user, now=clock.now())

    @extend_schema(request=AttributesAdoptIn, responses=AttributesTidiedOut)
    @action(detail=False, methods=["post"])
    def adopt(self, request: Request) -> Response:
        """Take keys that arrived before anybody described them into the dictionary, as they came."""
        tidied = services.attributes_adopt(**self.told(AttributesAdoptIn), by=self.user, now=clock.now())
        return _tidied_answer(tidied)

    @extend_schema(request=AttributesRemoveIn, responses=AttributesTidiedOut)
    @action(detail=False, methods=["post"])
    def remove(self, request: Request) -> Response:
        """Take keys away that nobody has described, with their values. What something uses stays."""
        tidied = services.attributes_remove(**self.told(AttributesRemoveIn), by=self.user, now=clock.now())
        return _tidied_answer(tidied)

    @extend_schema(request=None, responses=AttributeOut)
    @action(detail=True, methods=["post"], url_path="index-again")
    def index_again(self, request: Request, pk: str) -> Response:
        """Have an index built at once that could not be built; `index_fault` says why not."""
        attribute = services.attribute_index_again(attribute=self.get_object(), by=self.user, now=clock.now())
        return self.answer(attribute)

    @extend_schema(responses=AttributeCoverageOut, filters=False)
    @action(detail=True, pagination_class=None)
    def coverage(self, request: Request, pk: str) -> Response:
        """Say of which share of contacts, or companies, this is known."""
        attribute = self.get_object()
        share = selectors.coverage_of([attribute])[attribute.pk]
        return Response(AttributeCoverageOut({"coverage": share}).data)

    @extend_schema(responses=UsesOut, filters=False)
    @action(detail=True, pagination_class=None, url_path="used-by")
    def used_by(self, request: Request, pk: str) -> Response:
        """Say what asks for it, and keeps it from being deleted."""
        places = services.attribute_places(self.get_object(), user=self.user)
        return uses_answer(request, ((str(use), use.url) for use in places))


def _tidied_answer(tidied: services.Tidied) -> Response:
    told = {"done": [one.pk for one in tidied.done], "left": tidied.left}
    return Response(AttributesTidiedOut(told).data)
