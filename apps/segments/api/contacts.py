from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts.models import Contact
from apps.segments import selectors
from apps.segments.api.people import page_of
from apps.segments.models import ContactList, Segment


class MembershipOut(serializers.ModelSerializer[Segment]):
    since = serializers.DateTimeField()

    class Meta:
        model = Segment
        fields = ["id", "name", "since"]


class ListMembershipOut(serializers.ModelSerializer[ContactList]):
    since = serializers.DateTimeField()

    class Meta:
        model = ContactList
        fields = ["id", "name", "since"]


class ContactSegmentsViewSet(ApiViewSet[Contact]):
    """The segments of one contact, at `contacts/{id}/segments/`, and its lists, at `…/lists/`."""

    queryset = Contact.objects.known()
    scope = "contacts"
    scopes = {"segments": "segments", "lists": "segments"}
    permissions = {"segments": "contacts.view_contact", "lists": "contacts.view_contact"}
    parameters = {"segments": ("cursor", "limit"), "lists": ("cursor", "limit")}

    @extend_schema(operation_id="contacts_segments_list", responses=MembershipOut(many=True), filters=False)
    @action(detail=True)
    def segments(self, request: Request, pk: str) -> Response:
        """The segments the contact is in, as last counted, each with the moment of entering it."""
        return page_of(self, selectors.contact_segments(self.get_object()), MembershipOut)

    @extend_schema(operation_id="contacts_lists_list", responses=ListMembershipOut(many=True), filters=False)
    @action(detail=True)
    def lists(self, request: Request, pk: str) -> Response:
        """The lists the contact is on, each with the moment of getting there."""
        return page_of(self, selectors.contact_on_lists(self.get_object()), ListMembershipOut)
