from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ApiViewSet
from apps.contacts.models import Attribute
from apps.core import clock
from apps.segments import selectors, services
from apps.segments.api.segments import RuleIn
from apps.segments.models import Definition, DefinitionVersion
from apps.segments.thresholds import thresholds_set

State = DefinitionVersion.State


class ThresholdOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    path = serializers.CharField(help_text="Where its number stands in the rule, such as `all[0].within`.")


class DefinitionEffectOut(serializers.Serializer[Any]):
    before = serializers.IntegerField(help_text="For how many the answer is yes by the rule in force.")
    after = serializers.IntegerField()
    enter = serializers.IntegerField()
    leave = serializers.IntegerField()


class DefinitionEffectSampleOut(DefinitionEffectOut):
    entering = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of some who enter.")
    leaving = serializers.ListField(child=serializers.IntegerField())
    staying = serializers.ListField(child=serializers.IntegerField())


class DefinitionVersionOut(serializers.ModelSerializer[DefinitionVersion]):
    rule = serializers.DictField(help_text="See `segments/schema/`.")
    thresholds = ThresholdOut(many=True)
    effect = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="`before`, `after`, `enter`, `leave`, as counted when it was proposed; `{}`: not counted.",
    )

    class Meta:
        model = DefinitionVersion
        fields = [
            "id",
            "definition",
            "number",
            "state",
            "rule",
            "thresholds",
            "reason",
            "effect",
            "by",
            "at",
            "decided_by",
            "decided_at",
            "note",
            "ended_at",
        ]


class DefinitionOut(serializers.ModelSerializer[Definition]):
    """Its name, meaning and uses are changed at `attributes/{attribute}/`."""

    key = serializers.CharField(source="attribute.key")
    label = serializers.CharField(source="attribute.label")  # type: ignore[assignment]  # hides what only fields have
    meaning = serializers.CharField(source="attribute.definition")
    uses = serializers.ListField(source="attribute.uses", child=serializers.CharField())
    in_force = serializers.SerializerMethodField()
    proposed = serializers.SerializerMethodField()

    class Meta:
        model = Definition
        fields = [
            "id",
            "attribute",
            "key",
            "label",
            "meaning",
            "uses",
            "in_force",
            "proposed",
            "size",
            "computed_at",
            "is_stale",
            "fault",
            "created_at",
            "updated_at",
        ]

    @extend_schema_field(DefinitionVersionOut(allow_null=True))
    def get_in_force(self, definition: Definition) -> Any:
        return _living(definition, State.IN_FORCE)

    @extend_schema_field(DefinitionVersionOut(allow_null=True))
    def get_proposed(self, definition: Definition) -> Any:
        return _living(definition, State.PROPOSED)


def _living(definition: Definition, state: str) -> Any:
    found = next((one for one in definition.living if one.state == state), None)  # type: ignore[attr-defined]  # prefetched
    return DefinitionVersionOut(found).data if found else None


class DefinitionRuleIn(RuleIn):
    """A rule, or the names of thresholds of the rule in force with their new values."""

    rule = serializers.JSONField(required=False, help_text="See `segments/schema/`.")
    thresholds = ThresholdOut(many=True, required=False)
    set = serializers.DictField(
        required=False, help_text='Instead of a rule: thresholds by name, such as `{"Days": 60}`.'
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("rule" in attrs) == ("set" in attrs):
            raise serializers.ValidationError({"rule": ["Give either `rule` or `set`."]})
        if "set" in attrs:
            in_force = selectors.version_in_force(self.context["of"])
            if in_force is None:
                raise serializers.ValidationError(
                    {"set": ["No rule is in force whose thresholds could be set."]}
                )
            known = selectors.version_thresholds(in_force)
            attrs["rule"] = thresholds_set(in_force.rule, known, attrs.pop("set"))
            attrs["thresholds"] = in_force.thresholds
        return super().validate(attrs)


class DefinitionProposeIn(DefinitionRuleIn):
    reason = serializers.CharField(max_length=1_000)


class DefinitionIn(RuleIn):
    key = serializers.CharField(max_length=63)
    label = serializers.CharField(max_length=100)  # type: ignore[assignment]  # hides what only fields have
    meaning = serializers.CharField(source="definition", max_length=10_000, required=False, allow_blank=True)
    uses = serializers.ListField(child=serializers.ChoiceField(Attribute.Use.choices), required=False)
    rule = serializers.JSONField(help_text="See `segments/schema/`.")
    thresholds = ThresholdOut(many=True, required=False)
    reason = serializers.CharField(max_length=1_000)


class DecisionIn(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")


class DefinitionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    key = django_filters.CharFilter(field_name="attribute__key")
    state = django_filters.ChoiceFilter(
        choices=[(str(state), state.label) for state in (State.IN_FORCE, State.PROPOSED)],
        method="with_version",
        help_text="Those that have a version in this state.",
    )

    class Meta:
        model = Definition
        fields = ["attribute"]

    def with_version(self, found: Any, _name: str, state: str) -> Any:
        return found.filter(pk__in=DefinitionVersion.objects.filter(state=state).values("definition"))


class DefinitionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ApiViewSet[Definition]
):
    """What is computed of every contact by a rule, yes or no: attributes that nobody writes."""

    queryset = Definition.objects.all()
    serializer_class = DefinitionOut
    filterset_class = DefinitionFilter
    scope = "segments"
    ordering_fields = ["updated_at", "created_at"]
    search_fields = ["attribute__label", "attribute__key"]
    permissions = {
        "list": "segments.view_definition",
        "retrieve": "segments.view_definition",
        "create": "segments.add_definition",
        "propose": "segments.change_definition",
        "effect": "segments.view_definition",
        "recompute": "segments.change_definition",
        "destroy": "segments.delete_definition",
    }
    reading_actions = frozenset({"effect"})

    def get_queryset(self) -> Any:
        return selectors.definitions()

    @extend_schema(request=DefinitionIn, responses={201: DefinitionOut})
    def create(self, request: Request) -> Response:
        """Describe the attribute, and propose its first rule; somebody else approves it."""
        context = {"definition": str(request.data.get("key", "")) if hasattr(request.data, "get") else ""}
        made = services.definition_create(
            **self.told(DefinitionIn, context=context), by=self.user, now=clock.now()
        )
        return Response(DefinitionOut(self.get_queryset().get(pk=made.pk)).data, status=201)

    @extend_schema(request=DefinitionProposeIn, responses={201: DefinitionVersionOut})
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """Propose another rule, or other thresholds. The old version stays in force until one approves."""
        definition = self.get_object()
        told = self._read(DefinitionProposeIn, definition)
        version = services.definition_propose(definition=definition, **told, by=self.user, now=clock.now())
        return Response(DefinitionVersionOut(version).data, status=201)

    @extend_schema(request=DefinitionRuleIn, responses=DefinitionEffectSampleOut)
    @action(detail=True, methods=["post"])
    def effect(self, request: Request, pk: str) -> Response:
        """Say what another rule, or other thresholds, would change, without keeping it."""
        definition = self.get_object()
        rule = self._read(DefinitionRuleIn, definition)["rule"]
        node = selectors.definition_rule_read(rule, definition=definition, is_new=True)
        effect = selectors.definition_effect(node, definition=definition, now=clock.now())
        return Response(DefinitionEffectSampleOut(effect).data)

    def _read(self, serializer: type[DefinitionRuleIn], definition: Definition) -> dict[str, Any]:
        context = {"of": definition, "definition": definition.attribute.key}
        payload = serializer(data=self.request.data, context=context)
        payload.is_valid(raise_exception=True)
        return dict(payload.validated_data)

    @extend_schema(request=None, responses=DefinitionOut)
    @action(detail=True, methods=["post"])
    def recompute(self, request: Request, pk: str) -> Response:
        """Have everybody's answer computed now; `computed_at` tells when it is done."""
        definition = self.get_object()
        services.definition_recompute(definition=definition, by=self.user, now=clock.now())
        return Response(DefinitionOut(self.get_queryset().get(pk=definition.pk)).data)

    def perform_destroy(self, instance: Definition) -> None:
        services.definition_delete(definition=instance, by=self.user, now=clock.now())


class DefinitionVersionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    state = django_filters.ChoiceFilter(choices=State.choices)

    class Meta:
        model = DefinitionVersion
        fields = ["definition", "by"]


class DefinitionVersionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[DefinitionVersion]
):
    """The rules that definitions have, had, or are to have. People decide on them, and no program."""

    queryset = DefinitionVersion.objects.all()
    serializer_class = DefinitionVersionOut
    filterset_class = DefinitionVersionFilter
    scope = "segments"
    ordering_fields = ["at", "number"]
    permissions = {
        "list": "segments.view_definitionversion",
        "retrieve": "segments.view_definitionversion",
        "approve": "segments.approve_definitionversion",
        "refuse": "segments.approve_definitionversion",
        "withdraw": "segments.withdraw_definitionversion",
    }

    @extend_schema(request=DecisionIn, responses=DefinitionVersionOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Put it into force; who proposed it may not."""
        note = self._note()
        version = services.version_approve(
            version=self.get_object(), by=self.user, now=clock.now(), note=note
        )
        return self.answer(version)

    @extend_schema(request=DecisionIn, responses=DefinitionVersionOut)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Refuse it, with a note that says why."""
        note = self._note()
        if not note.strip():
            raise ValidationError({"note": ["Say why, for those who read it later."]})
        version = services.version_refuse(version=self.get_object(), by=self.user, now=clock.now(), note=note)
        return self.answer(version)

    @extend_schema(request=None, responses=DefinitionVersionOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take one's own proposal back."""
        version = services.version_withdraw(version=self.get_object(), by=self.user, now=clock.now())
        return self.answer(version)

    def _note(self) -> str:
        payload = DecisionIn(data=self.request.data)
        payload.is_valid(raise_exception=True)
        return str(payload.validated_data["note"])
