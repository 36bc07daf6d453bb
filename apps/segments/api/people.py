from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts.models import Contact


class MemberOut(serializers.ModelSerializer[Contact]):
    attributes = serializers.DictField()

    class Meta:
        model = Contact
        fields = ["id", "email", "phone", "attributes", "created_at", "updated_at"]


def page_of(
    view: ApiViewSet[Any], rows: QuerySet[Any], out: type[serializers.BaseSerializer[Any]]
) -> Response:
    """Answer a page of other things than the viewset is of."""
    page = view.paginate_queryset(rows)
    assert page is not None, "viewsets page"
    return view.get_paginated_response(out(page, many=True).data)
