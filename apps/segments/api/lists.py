from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import SEEN_AT, ApiViewSet
from apps.contacts.quality import RULES
from apps.core import clock
from apps.core.uses import UsesOut, uses_answer
from apps.segments import selectors, services
from apps.segments.api.people import MemberOut, page_of
from apps.segments.models import ContactList, Segment
from apps.segments.services import Pasted

MAX_EMAILS = 10_000


class ListOut(serializers.ModelSerializer[ContactList]):
    class Meta:
        model = ContactList
        fields = ["id", "name", "description", "size", "frozen_from", "created_at", "updated_at"]


class EmailsIn(serializers.Serializer[Any]):
    emails = serializers.ListField(
        child=serializers.CharField(max_length=320), min_length=1, max_length=MAX_EMAILS
    )


class FindingsIn(serializers.Serializer[Any]):
    """Whom the last scan of quality found by a rule; with `detail`, only those of whom it found that."""

    rule = serializers.ChoiceField([(key, rule.label) for key, rule in RULES.items()])
    detail = serializers.CharField(max_length=63, required=False, allow_blank=True)


class ListIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    emails = serializers.ListField(
        child=serializers.CharField(max_length=320),
        min_length=1,
        max_length=MAX_EMAILS,
        required=False,
        help_text="Contacts with these addresses.",
    )
    segment = serializers.PrimaryKeyRelatedField(
        queryset=Segment.objects.all(), required=False, help_text="Who is in this segment now."
    )
    findings = FindingsIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"emails", "segment", "findings"} & attrs.keys()) != 1:
            raise ValidationError(
                {"emails": [_("Give one: addresses, a segment to freeze, or what a scan found.")]}
            )
        return attrs


class ListChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class RemoveIn(serializers.Serializer[Any]):
    contacts = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=10_000
    )


class RejectedOut(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="The place in `emails`, from 1 on.")
    value = serializers.CharField()
    reason = serializers.CharField()


class PastedOut(serializers.Serializer[Any]):
    list = ListOut(source="contact_list")
    added = serializers.IntegerField()
    already = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())
    invalid = serializers.ListField(child=serializers.CharField())
    rejected = RejectedOut(many=True, help_text="The unknown and the invalid, each with its row and why.")


class RemovedOut(serializers.Serializer[Any]):
    removed = serializers.IntegerField()


class ContactListViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[ContactList]
):
    """People put together by hand. No rule changes a list."""

    queryset = ContactList.objects.all()
    serializer_class = ListOut
    filterset_fields = ["frozen_from"]
    scope = "segments"
    ordering_fields = ["name", "updated_at", "created_at"]
    search_fields = ["name"]
    permissions = {
        "list": "segments.view_contactlist",
        "retrieve": "segments.view_contactlist",
        "contacts": "segments.view_contactlist",
        "used_by": "segments.view_contactlist",
        "create": "segments.add_contactlist",
        "partial_update": "segments.change_contactlist",
        "add": "segments.change_contactlist",
        "remove": "segments.change_contactlist",
        "destroy": "segments.delete_contactlist",
    }
    parameters = {"contacts": ("cursor", "limit")}

    @extend_schema(request=ListIn, responses={201: PastedOut})
    def create(self, request: Request) -> Response:
        """Make a list of addresses, of who is in a segment now, or of whom a scan of quality has found."""
        given = self.told(ListIn)
        told = {"name": given["name"], "description": given.get("description", "")}
        told |= {"by": self.user, "now": clock.now()}
        if "emails" in given:
            pasted = services.list_paste(text=_lines(given["emails"]), **told)
        else:
            if "segment" in given:
                kept = services.list_freeze(segment=given["segment"], **told)
            else:
                kept = services.list_of_findings(**given["findings"], **told)
            pasted = Pasted(kept, added=kept.size, already=0, unknown=(), invalid=())
        return Response(PastedOut(pasted).data, status=201)

    @extend_schema(request=ListChangeIn, responses=ListOut, parameters=[SEEN_AT])
    def partial_update(self, request: Request, pk: str) -> Response:
        changed = services.list_change(
            contact_list=self.get_object(),
            **self.told(ListChangeIn),
            seen_at=self.seen_at(),
            by=self.user,
            now=clock.now(),
        )
        return self.answer(changed)

    def perform_destroy(self, instance: ContactList) -> None:
        services.list_delete(contact_list=instance, by=self.user, now=clock.now())

    @extend_schema(request=EmailsIn, responses=PastedOut)
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        """Put the contacts with these addresses on the list."""
        pasted = services.list_paste(
            text=_lines(self.told(EmailsIn)["emails"]),
            contact_list=self.get_object(),
            by=self.user,
            now=clock.now(),
        )
        return Response(PastedOut(pasted).data)

    @extend_schema(request=RemoveIn, responses=RemovedOut)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take these contacts off the list."""
        removed = services.list_remove(
            contact_list=self.get_object(),
            contacts=self.told(RemoveIn)["contacts"],
            by=self.user,
            now=clock.now(),
        )
        return Response({"removed": removed})

    @extend_schema(responses=MemberOut(many=True), filters=False)
    @action(detail=True)
    def contacts(self, request: Request, pk: str) -> Response:
        return page_of(self, selectors.list_people(self.get_object()).order_by("-pk"), MemberOut)

    @extend_schema(responses=UsesOut, filters=False)
    @action(detail=True, pagination_class=None, url_path="used-by")
    def used_by(self, request: Request, pk: str) -> Response:
        """Say what needs the list, and keeps it from being deleted."""
        contact_list = self.get_object()
        uses = selectors.list_uses([contact_list.pk], user=self.user)[contact_list.pk]
        return uses_answer(request, uses)


def _lines(emails: Sequence[str]) -> str:
    """Return each on a line of its own, so that rows are places in the list."""
    return "\n".join(" ".join(email.splitlines()) for email in emails)
