from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts.models import Attribute, Contact
from apps.content import selectors, services
from apps.content.models import Template, TemplateVersion, UseOverride
from apps.content.previews import preview
from apps.content.rendering import EmailSource, TemplateFault
from apps.core import clock
from apps.core.texts import line_validate

PARTS = ("subject", "preheader", "mjml", "text")
# A program that writes a template sees the same words as a person: see the rendering package.
MOST = 256_000


class TemplateSummary(serializers.ModelSerializer[Template]):
    """One template of a list; what it says is in the template itself."""

    subject = serializers.CharField(source="current.subject")
    version = serializers.IntegerField(
        source="current.number", help_text="The number of the current version."
    )

    class Meta:
        model = Template
        fields = ["id", "name", "description", "subject", "version", "edited_at", "edited_by", "archived_at"]


class TemplateOut(TemplateSummary):
    preheader = serializers.CharField(source="current.preheader")
    mjml = serializers.CharField(source="current.mjml")
    text = serializers.CharField(source="current.text", help_text="Empty: made from the HTML.")

    class Meta(TemplateSummary.Meta):
        fields = [*TemplateSummary.Meta.fields, "preheader", "mjml", "text"]


class VersionOut(serializers.ModelSerializer[TemplateVersion]):
    class Meta:
        model = TemplateVersion
        fields = ["number", "subject", "preheader", "mjml", "text", "note", "by", "at"]


class TemplateIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, validators=[line_validate])
    description = serializers.CharField(max_length=500, allow_blank=True, default="")
    subject = serializers.CharField(max_length=500)
    preheader = serializers.CharField(max_length=500, allow_blank=True, default="")
    mjml = serializers.CharField(max_length=MOST, trim_whitespace=False)
    text = serializers.CharField(max_length=MOST, allow_blank=True, default="", trim_whitespace=False)
    note = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="What changed.")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        for name in ("mjml", "text"):
            if name in values:
                values[name] = values[name].replace("\r\n", "\n").replace("\r", "\n")
        return values


class TemplatePatch(TemplateIn):
    base_version = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="The version that was read; 409 if there is a newer one. Left out: overwrite.",
    )


class RenderIn(serializers.Serializer[Any]):
    contact = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Left out: a typical contact."
    )
    version = serializers.IntegerField(required=False, min_value=1, help_text="Left out: the current one.")


class WarningOut(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=["error", "warning", "note"])
    part = serializers.ChoiceField(choices=PARTS)
    code = serializers.CharField()
    message = serializers.CharField()
    line = serializers.IntegerField(help_text="From 1; 0 is the part as a whole.")
    column = serializers.IntegerField()


class RenderOut(serializers.Serializer[Any]):
    subject = serializers.CharField()
    html = serializers.CharField()
    text = serializers.CharField()
    warnings = WarningOut(many=True)


class UseOverrideOut(serializers.ModelSerializer[UseOverride]):
    attribute = serializers.CharField(source="attribute.key", help_text="Its system name.")

    class Meta:
        model = UseOverride
        fields = ["attribute", "reason", "by", "at"]


class UseOverrideIn(serializers.Serializer[Any]):
    attribute = serializers.SlugRelatedField(slug_field="key", queryset=Attribute.objects.all())
    reason = serializers.CharField(max_length=500)


class TemplateFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    archived = django_filters.BooleanFilter(
        field_name="archived_at",
        lookup_expr="isnull",
        exclude=True,
        help_text="Only archived, or only active.",
    )

    class Meta:
        model = Template
        fields: list[str] = []


class TemplateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Template]):
    """E-mails with MJML and Liquid in them. Each change is a version; a version never changes."""

    queryset = Template.objects.select_related("current")
    serializer_class = TemplateOut
    filterset_class = TemplateFilter
    search_fields = ["name", "description"]
    ordering_fields = ["name", "edited_at"]
    scope = "templates"
    permissions = {
        "list": "content.view_template",
        "retrieve": "content.view_template",
        "create": "content.add_template",
        "partial_update": "content.change_template",
        "destroy": "content.delete_template",
        "versions": "content.view_template",
        "render_email": "content.view_template",
        "overrides": "content.view_template",
        "override_give": "content.override_template",
        "override_withdraw": "content.override_template",
    }
    parameters = {"versions": ("cursor", "limit")}
    reading_actions = frozenset({"render_email"})

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return TemplateSummary if self.action == "list" else TemplateOut

    @extend_schema(request=TemplateIn, responses={201: TemplateOut})
    def create(self, request: Request) -> Response:
        values = self._valid(TemplateIn(data=request.data))
        try:
            template = services.template_create(
                name=values["name"],
                description=values["description"],
                source=_source(values),
                note=values["note"],
                by=self.user,
                now=clock.now(),
            )
        except TemplateFault as fault:
            raise _invalid(fault) from fault
        return Response(TemplateOut(template).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TemplatePatch, responses=TemplateOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        template = self.get_object()
        values = self._valid(TemplatePatch(data=request.data, partial=True))
        current = selectors.template_current(template)
        now = clock.now()
        try:
            services.template_save(
                template=template,
                source=_source({**{part: getattr(current, part) for part in PARTS}, **values}),
                base=values.get("base_version", current.number),
                note=values.get("note", ""),
                by=self.user,
                now=now,
            )
        except TemplateFault as fault:
            raise _invalid(fault) from fault
        services.template_rename(
            template=template,
            name=values.get("name", template.name),
            description=values.get("description", template.description),
            by=self.user,
            now=now,
        )
        return Response(TemplateOut(self.get_queryset().get(pk=template.pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Archive the template: what was sent is never deleted. 409 while something that runs uses it."""
        services.template_archive(template=self.get_object(), by=self.user, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=VersionOut(many=True))
    @action(detail=True, filter_backends=())
    def versions(self, request: Request, pk: str) -> Response:
        """Every version, the newest first."""
        versions: QuerySet[Any] = self.get_object().versions.order_by("-number")
        page: list[Any] = self.paginate_queryset(versions) or []
        return self.get_paginated_response(VersionOut(page, many=True).data)

    @extend_schema(request=RenderIn, responses=RenderOut)
    @action(detail=True, methods=["post"], url_path="render", url_name="render")
    def render_email(self, request: Request, pk: str) -> Response:
        """Fill the template in for one contact, exactly as it would be sent but for the tracked addresses."""
        values = self._valid(RenderIn(data=request.data))
        version = self._version(values.get("version"))
        data = selectors.preview_data(self._contact(values.get("contact")))
        known = selectors.known_attributes(template=version.template_id)
        shown = preview(selectors.version_source(version), data, known)
        if shown.rendered is None:
            raise ValidationError({"contact": [finding.message for finding in shown.findings[:1]]})
        body = {
            "subject": shown.rendered.subject,
            "html": shown.rendered.html,
            "text": shown.rendered.text,
            "warnings": shown.findings,
        }
        return Response(RenderOut(body).data)

    @extend_schema(responses=UseOverrideOut(many=True), filters=False)
    @action(detail=True, filter_backends=(), pagination_class=None)
    def overrides(self, request: Request, pk: str) -> Response:
        """The attributes that this template may print although they are not for content, and why."""
        rows = selectors.template_overrides(self.get_object())
        return Response(UseOverrideOut(rows, many=True).data)

    @extend_schema(request=UseOverrideIn, responses={201: UseOverrideOut})
    @overrides.mapping.post
    def override_give(self, request: Request, pk: str) -> Response:
        """Let it print one; sent again, the last reason stands."""
        values = self._valid(UseOverrideIn(data=request.data))
        override = services.override_give(template=self.get_object(), **values, by=self.user, now=clock.now())
        return Response(UseOverrideOut(override).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        responses={204: None},
        parameters=[
            OpenApiParameter("attribute", str, OpenApiParameter.PATH, description="Its system name.")
        ],
    )
    @action(detail=True, methods=["delete"], url_path="overrides/(?P<attribute>[a-z0-9_]+)")
    def override_withdraw(self, request: Request, pk: str, attribute: str) -> Response:
        override = get_object_or_404(self.get_object().overrides, attribute__key=attribute)
        services.override_withdraw(override=override, by=self.user, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _version(self, number: int | None) -> TemplateVersion:
        if number is None:
            return selectors.template_current(self.get_object())
        version = self.get_object().versions.filter(number=number).first()
        if version is None:
            raise ValidationError({"version": [_("There is no such version.")]})
        return version

    def _contact(self, pk: int | None) -> Contact | None:
        """Return the contact; one that the caller may not see is one that is not there."""
        if pk is None:
            return None
        known: QuerySet[Contact] = Contact.objects.known()
        contact = known.filter(pk=pk).first() if pk < 2**63 else None
        sees = self.user.has_perm("contacts.view_contact", contact) and self.reaches("contacts:read")
        if contact is None or not sees:
            raise ValidationError({"contact": [_("There is no such contact.")]})
        return contact

    def _valid(self, payload: serializers.Serializer[Any]) -> dict[str, Any]:
        payload.is_valid(raise_exception=True)
        values: dict[str, Any] = payload.validated_data
        return values


def _source(values: dict[str, Any]) -> EmailSource:
    return EmailSource(**{part: values[part] for part in PARTS})


def _invalid(fault: TemplateFault) -> ValidationError:
    return ValidationError({str(fault.part): [str(fault)]})
