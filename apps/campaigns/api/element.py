"""Art and science over REST: who answers for each element of a campaign."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.campaigns import selectors, services
from apps.campaigns.api.base import CampaignPart
from apps.campaigns.models import Campaign, ElementOwner
from apps.campaigns.models.element import OWNED_CHOICES
from apps.core import clock


class ElementOut(serializers.Serializer[Any]):
    """An element, its marketing and its data owner; `is_one_sided`: it has one of the two."""

    element = serializers.ChoiceField(OWNED_CHOICES)
    marketing_owner = serializers.IntegerField(source="marketing_owner_id", allow_null=True)
    data_owner = serializers.IntegerField(source="data_owner_id", allow_null=True)
    is_one_sided = serializers.BooleanField()
    version = serializers.IntegerField()


class ElementIn(serializers.Serializer[Any]):
    """Who is not named stays; null is nobody."""

    element = serializers.ChoiceField(OWNED_CHOICES)
    marketing_owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True
    )
    data_owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True
    )


class ElementsOut(serializers.Serializer[Any]):
    elements = ElementOut(many=True)


class Elements(CampaignPart[Campaign]):
    """Adds `elements/` to a campaign."""

    @extend_schema(responses=ElementsOut)
    @action(detail=True, methods=["get"])
    def elements(self, request: Request, pk: str) -> Response:
        found: list[ElementOwner] = selectors.campaign_elements(self.get_object())
        return Response(ElementsOut({"elements": found}).data)

    @extend_schema(request=ElementIn, responses=ElementOut)
    @elements.mapping.post
    def element_set(self, request: Request, pk: str) -> Response:
        """Name who answers for one element."""
        owner = services.element_set(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(ElementIn)
        )
        return Response(ElementOut(owner).data)
