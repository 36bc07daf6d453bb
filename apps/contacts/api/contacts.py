from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts import selectors, services
from apps.contacts.api.where import WHERE, conditions_read
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Attribute, Channel, Consent, ConsentStatus, Contact, Identity
from apps.contacts.selectors import ContactAsk
from apps.contacts.values import AttributeInvalid
from apps.core import clock


class IdentityOut(serializers.ModelSerializer[Identity]):
    class Meta:
        model = Identity
        fields = ["namespace", "value"]


class ConsentOut(serializers.ModelSerializer[Consent]):
    class Meta:
        model = Consent
        fields = ["channel", "topic", "status", "changed_at"]


class ContactOut(serializers.ModelSerializer[Contact]):
    identities = IdentityOut(many=True)
    attributes = serializers.DictField()
    consent = ConsentOut(many=True, source="consents")
    stage = serializers.SerializerMethodField(help_text="The lifecycle stage; null while nobody has one.")

    class Meta:
        model = Contact
        fields = [
            "id",
            "identities",
            "email",
            "phone",
            "timezone",
            "attributes",
            "consent",
            "stage",
            "created_at",
            "updated_at",
        ]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_stage(self, contact: Contact) -> str | None:
        return None


class IdentityIn(serializers.Serializer[Any]):
    namespace = serializers.CharField(max_length=32)
    value = serializers.CharField(max_length=254)


class ConsentIn(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        ConsentStatus.choices,
        help_text="“pending” for one contact's e-mail sends the mail of double opt-in, again if it waits.",
    )
    channel = serializers.ChoiceField(Channel.choices, default=Channel.EMAIL)
    topic = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="The key of a topic; empty: the channel as a whole.",
    )
    basis = serializers.CharField(max_length=64, default="", allow_blank=True)
    source = serializers.CharField(max_length=200, default="", allow_blank=True)  # type: ignore[assignment]  # hides what only fields have
    wording = serializers.CharField(max_length=10_000, default="", allow_blank=True)


class ContactIn(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    timezone = serializers.CharField(
        max_length=64, required=False, allow_blank=True, help_text="Such as “Europe/Paris”; empty: not known."
    )
    identities = IdentityIn(many=True, required=False)
    attributes = serializers.DictField(required=False, help_text="By system name; null takes a value away.")
    consent = ConsentIn(required=False)


class BulkIn(serializers.Serializer[Any]):
    key = serializers.CharField(default="email", help_text="“email”, or “identity:NAMESPACE”.")
    contacts = serializers.ListField(child=serializers.DictField(), max_length=1_000, allow_empty=False)
    consent = ConsentIn(required=False)


class BulkRowOut(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        ["created", "updated", "unchanged", "invalid", "suppressed", "duplicate"], source="outcome"
    )
    id = serializers.IntegerField(source="contact_id", allow_null=True)
    errors = serializers.DictField(  # type: ignore[assignment]  # this serializer checks nothing
        child=serializers.ListField(child=serializers.CharField())
    )


class BulkOut(serializers.Serializer[Any]):
    results = BulkRowOut(many=True)


class MergeIn(serializers.Serializer[Any]):
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.known(), help_text="Whose data comes along."
    )
    confirm = serializers.BooleanField(
        default=False, help_text="A person has compared the two and says that they are one."
    )


class UnmergeIn(serializers.Serializer[Any]):
    contact = serializers.IntegerField(required=False, help_text="Whom to bring back; the last, if left out.")


class EraseIn(serializers.Serializer[Any]):
    why = serializers.CharField(
        max_length=500, default="", allow_blank=True, help_text="For the record; nothing personal."
    )


class ExportOut(serializers.Serializer[Any]):
    contact = serializers.IntegerField()
    exported_at = serializers.DateTimeField()
    held = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()), help_text="Rows by table."
    )


class MergedValueOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # hides what only fields have
    kept = serializers.CharField()
    other = serializers.CharField()
    result = serializers.CharField()
    is_conflict = serializers.BooleanField()


class MergedConsentOut(serializers.Serializer[Any]):
    channel = serializers.CharField()
    topic = serializers.CharField()
    kept = serializers.CharField(allow_null=True)
    other = serializers.CharField(allow_null=True)
    result = serializers.CharField()
    is_conflict = serializers.BooleanField()


class TallyOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # hides what only fields have
    moves = serializers.IntegerField()
    stays = serializers.IntegerField()


class MergePreviewOut(serializers.Serializer[Any]):
    needs_person = serializers.BooleanField()
    conflicts = serializers.IntegerField()
    values = MergedValueOut(many=True)
    consents = MergedConsentOut(many=True)
    rows = TallyOut(many=True, source="tallies")


class TimelineEntryOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    text = serializers.CharField()
    detail = serializers.CharField()


class TimelineOut(serializers.Serializer[Any]):
    results = TimelineEntryOut(many=True)
    next = serializers.URLField(allow_null=True)


class ContactFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    identity = django_filters.CharFilter(method="by_identity", label="namespace:value")
    email = django_filters.CharFilter(method="by_email", label="An address, whatever its case")
    consent = django_filters.ChoiceFilter(
        choices=[*ConsentStatus.choices, ("none", "None")], method="by_consent", label="For e-mail as a whole"
    )
    suppressed = django_filters.BooleanFilter(method="by_suppression", label="Never written to")
    search = django_filters.CharFilter(
        method="by_search", label="The beginning of an address, or an identity such as crm:4711"
    )
    where = django_filters.CharFilter(
        method="by_attributes",
        label=WHERE,
    )
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Contact
        fields: list[str] = []

    def by_identity(self, queryset: QuerySet[Contact], name: str, told: str) -> QuerySet[Contact]:
        namespace, colon, value = told.partition(":")
        if not colon:
            raise ValidationError({"identity": ["Write namespace:value, such as crm:4711."]})
        return queryset & selectors.contacts_found(namespace=namespace, value=value)

    def by_email(self, queryset: QuerySet[Contact], name: str, told: str) -> QuerySet[Contact]:
        return queryset & selectors.contacts_found(namespace="email", value=told)

    def by_search(self, queryset: QuerySet[Contact], name: str, told: str) -> QuerySet[Contact]:
        return queryset & selectors.contacts(ContactAsk(search=told.strip()))

    def by_attributes(self, queryset: QuerySet[Contact], name: str, told: str) -> QuerySet[Contact]:
        try:
            return queryset & selectors.contacts(
                ContactAsk(conditions=conditions_read(told, Attribute.objects))
            )
        except AttributeInvalid as error:
            raise ValidationError({"where": [str(error)]}) from error

    def by_consent(self, queryset: QuerySet[Contact], name: str, told: str) -> QuerySet[Contact]:
        return queryset & selectors.contacts(ContactAsk(consent=told))

    def by_suppression(self, queryset: QuerySet[Contact], name: str, told: bool) -> QuerySet[Contact]:
        return queryset & selectors.contacts(ContactAsk(is_suppressed=told))


class ContactViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Contact]):
    """People: who they are, what is known of them, and what they agreed to."""

    queryset = Contact.objects.known().prefetch_related("identities", "consents")
    serializer_class = ContactOut
    filterset_class = ContactFilter
    ordering_fields = ["id"]  # the order in which they came; others would sort all of them
    scope = "contacts"
    permissions = {
        "list": "contacts.view_contact",
        "retrieve": "contacts.view_contact",
        "create": "contacts.add_contact",
        "partial_update": "contacts.change_contact",
        "bulk": "contacts.add_contact",
        "timeline": "contacts.view_contact",
        "identities": "contacts.change_contact",
        "merge": "contacts.change_contact",
        "merge_preview": "contacts.view_contact",
        "unmerge": "contacts.change_contact",
        "export": "contacts.export_contact",
        "erase": "contacts.erase_contact",
    }
    parameters = {"timeline": ("cursor",), "merge_preview": ("contact",)}

    def get_queryset(self) -> QuerySet[Contact]:
        """Erasing finds the erased too: sent again, it is answered again, and by another key refused."""
        return Contact.objects.all() if self.action == "erase" else super().get_queryset()

    @extend_schema(request=ContactIn, responses={201: ContactOut})
    def create(self, request: Request) -> Response:
        told = self.told(ContactIn)
        given = _given(told)
        consent = told.get("consent")
        now = clock.now()
        contact = services.contact_create(**given, consent=_change(consent), by=self.user, now=now)
        return self.answer(contact, 201)

    @extend_schema(request=ContactIn, responses=ContactOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        told = self.told(ContactIn)
        contact = services.contact_update(
            contact=self.get_object(),
            **_given(told),
            consent=_change(told.get("consent")),
            by=self.user,
            now=clock.now(),
        )
        return self.answer(contact)

    @extend_schema(request=BulkIn, responses=BulkOut)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Add or update up to 1,000 contacts; each row is told how it ended."""
        payload = BulkIn(data=request.data)
        payload.is_valid(raise_exception=True)
        rows = [ContactIn(data=row) for row in payload.validated_data["contacts"]]
        faults: Any = {str(place): row.errors for place, row in enumerate(rows) if not row.is_valid()}
        for place, row in enumerate(payload.validated_data["contacts"]):
            if "consent" in row:  # of a row it would be dropped in silence
                told = _("Say it once, beside “contacts”: it is written down for all of them.")
                faults.setdefault(str(place), {})["consent"] = [told]
        if faults:
            raise ValidationError({"contacts": faults})
        results = services.contacts_upsert(
            contacts=[services.ContactIn(**_given(row.validated_data)) for row in rows],
            key=payload.validated_data["key"],
            consent=_change(payload.validated_data.get("consent")),
            by=self.user,
            now=clock.now(),
        )
        return Response({"results": BulkRowOut(results, many=True).data})

    @extend_schema(
        responses=TimelineOut,
        parameters=[OpenApiParameter("cursor", str, description="Where the page begins: follow `next`.")],
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def timeline(self, request: Request, pk: str) -> Response:
        """Everything that happened to the contact, newest first."""
        cursor = request.query_params.get("cursor", "")
        try:
            page = selectors.timeline_page(self.get_object(), now=clock.now(), cursor=cursor, size=50)
        except selectors.BadCursor as error:
            raise ValidationError({"cursor": ["This cursor is not one of this list."]}) from error
        url = request.build_absolute_uri(request.path)
        return Response(
            {
                "results": TimelineEntryOut(page.entries, many=True).data,
                "next": f"{url}?cursor={page.older}" if page.older else None,
            }
        )

    @extend_schema(request=IdentityIn, responses=ContactOut)
    @action(detail=True, methods=["post"])
    def identities(self, request: Request, pk: str) -> Response:
        """
        Let the contact be known by one more name.

        An anonymous contact of this name is merged; the answer is who it is then. Another known person: 409.
        """
        payload = IdentityIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        contact = services.identity_add(contact=self.get_object(), **told, by=self.user, now=clock.now())
        return self.answer(contact)

    @extend_schema(request=MergeIn, responses=ContactOut)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """
        Merge another contact into this one, which is answered.

        Two known people: only with `confirm`, which says that a person has compared them.
        """
        payload = MergeIn(data=request.data)
        payload.is_valid(raise_exception=True)
        told = payload.validated_data
        keep = self.get_object()
        services.contact_merge(
            keep=keep, gone=told["contact"], by=self.user, now=clock.now(), is_confirmed=told["confirm"]
        )
        return Response(ContactOut(self.get_queryset().get(pk=keep.pk)).data)

    @extend_schema(
        responses=MergePreviewOut,
        parameters=[OpenApiParameter("contact", int, description="The other one.", required=True)],
        filters=False,
    )
    @merge.mapping.get
    def merge_preview(self, request: Request, pk: str) -> Response:
        """What a merge of another contact into this one would do. Nothing is done."""
        payload = MergeIn(data=request.query_params)
        payload.is_valid(raise_exception=True)
        preview = selectors.merge_preview(
            keep=self.get_object(), gone=payload.validated_data["contact"], now=clock.now()
        )
        return Response(MergePreviewOut(preview).data)

    @extend_schema(request=UnmergeIn, responses=ContactOut)
    @action(detail=True, methods=["post"])
    def unmerge(self, request: Request, pk: str) -> Response:
        """Undo a merge into this contact, the last or that of the one named; who comes back is answered."""
        payload = UnmergeIn(data=request.data)
        payload.is_valid(raise_exception=True)
        found = selectors.contact_merges(self.get_object())
        if told := payload.validated_data.get("contact"):
            found = found.filter(gone=told)
        merge = found.first()
        if merge is None:
            raise ValidationError({"contact": ["No such contact was merged into this one."]})
        back = services.contact_unmerge(merge=merge, by=self.user, now=clock.now())
        return self.answer(back)

    @extend_schema(request=None, responses=ExportOut)
    @action(detail=True, methods=["post"])
    def export(self, request: Request, pk: str) -> Response:
        """Everything that is held about the person, table by table. That it was asked for is written down."""
        return Response(services.contact_export(contact=self.get_object(), by=self.user, now=clock.now()))

    @extend_schema(request=EraseIn, responses={204: None})
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Forget the person for ever. Their addresses stay suppressed, by hash alone."""
        services.contact_erase(contact=self.get_object(), **self.told(EraseIn), by=self.user, now=clock.now())
        return Response(status=204)


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """Return what the services take, with identities as pairs."""
    given = {name: value for name, value in data.items() if name != "consent"}
    if "identities" in given:
        given["identities"] = [(one["namespace"], one["value"]) for one in given["identities"]]
    return given


def _change(consent: dict[str, Any] | None) -> ConsentChange | None:
    return ConsentChange(**consent) if consent else None
