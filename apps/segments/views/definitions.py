"""Definitions: the list, one with its versions, and what another threshold or rule would change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import services as contacts
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.segments import builder, forms, selectors, services
from apps.segments.builder import Draft
from apps.segments.live import Replaced, TookTooLong
from apps.segments.models import Definition, DefinitionVersion
from apps.segments.rules import RuleInvalid
from apps.segments.rules.sentence import rule_sentence
from apps.segments.selectors import Effect, PersonChecked, ThresholdChange
from apps.segments.thresholds import ThresholdInvalid, thresholds_read, thresholds_set
from apps.segments.views.editor import COUNT, EXACT, SAVE, Editing, builder_page_of, editing_of, shown_of

State = DefinitionVersion.State
LIST = ListSpec(
    columns=[
        Column(_l("Definition")),
        Column(_l("In force")),
        Column(_l("Yes for"), is_number=True),
        Column(_l("Computed")),
        Column(_l("Changed"), sort="updated_at", descends_first=True),
    ],
    filters=[
        Filter(
            "state",
            _l("State"),
            [(State.PROPOSED, _l("Waits for approval")), (State.IN_FORCE, _l("In force"))],
        )
    ],
    default_sort="-updated_at",
    search_hint=_l("Search by name"),
)
VERSIONS = ListSpec(columns=[Column(_l("Version"))], default_sort="-number", has_search=False)


@dataclass(frozen=True)
class Proposal:
    """A rule that somebody may propose, with what it would change; `refusal`: why that is not known."""

    rule: object
    thresholds: Sequence[Mapping[str, str]]
    sentence: str
    changes: Sequence[ThresholdChange]
    effect: Effect | None
    people: Mapping[int, PersonChecked]
    refusal: str = ""

    @property
    def rule_json(self) -> str:
        return json.dumps(self.rule)

    @property
    def thresholds_json(self) -> str:
        return json.dumps(list(self.thresholds))

    @property
    def entering(self) -> list[PersonChecked]:
        return self._of(self.effect.entering if self.effect else ())

    @property
    def leaving(self) -> list[PersonChecked]:
        return self._of(self.effect.leaving if self.effect else ())

    @property
    def staying(self) -> list[PersonChecked]:
        return self._of(self.effect.staying if self.effect else ())

    def _of(self, ids: Sequence[int]) -> list[PersonChecked]:
        return [self.people[pk] for pk in ids if pk in self.people]


@require_GET
@requires("segments.view_definition")
def definition_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    listing = asked.page(selectors.definitions(search=asked.search, state=asked.values.get("state", "")))
    context = {"listing": listing, "may_add": request.user.has_perm("segments.add_definition")}
    return render_page_or_fragment(
        request, "segments/definition_list.html", context, fragment="definition-list"
    )


@require_GET
@requires("segments.view_definition", on=Definition)
def definition_detail(request: UserRequest, definition: Definition) -> HttpResponse:
    in_force = selectors.version_in_force(definition)
    waiting = selectors.version_proposed(definition)
    own = selectors.definition_url(definition)
    places = contacts.attribute_places(definition.attribute, user=request.user)
    context = {
        "definition": definition,
        "in_force": in_force,
        "sentence": selectors.version_sentence(in_force) if in_force else "",
        "thresholds": selectors.version_thresholds(in_force),
        "waiting": waiting,
        "listing": VERSIONS.read(request.GET).page(selectors.definition_versions(definition)),
        "places": [use for use in places if use.url != own],
        "may_change": request.user.has_perm("segments.change_definition", definition),
        "may_delete": request.user.has_perm("segments.delete_definition", definition),
    }
    return render_page_or_fragment(
        request, "segments/definition_detail.html", context, fragment="definition-versions"
    )


# A new one, and another rule


@require_http_methods(["GET", "POST"])
@requires("segments.add_definition")
def definition_create(request: UserRequest) -> HttpResponse:
    if request.method == "GET":
        return _builder(request, editing_of(request, builder.draft_new()), forms.DefinitionForm())
    draft = builder.draft_from_form(request.POST)
    act = request.POST.get("act", SAVE)
    if act == SAVE:
        form = forms.DefinitionForm(request.POST)
        return _create(request, editing_of(request, draft), form)
    return _act(request, draft, act, forms.DefinitionForm(initial=_typed(request)))


def _typed(request: UserRequest) -> dict[str, Any]:
    return {**request.POST.dict(), "uses": request.POST.getlist("uses")}


def _create(request: UserRequest, editing: Editing, form: forms.DefinitionForm) -> HttpResponse:
    if editing.faults:
        form.add_error(None, _("The rule is not complete: see the marked rows."))
    if form.is_valid() and (made := _kept(request, editing, form)):
        messages.success(request, _("“%(name)s” waits for approval.") % {"name": made.name})
        return redirect("segments:definition_detail", made.pk)
    return _builder(request, editing, form, is_refused=True)


def _kept(request: UserRequest, editing: Editing, form: forms.DefinitionForm) -> Definition | None:
    thresholds = builder.names_from_draft(editing.draft, editing.rule)
    try:
        return forms.attempt(
            form,
            lambda: services.definition_create(
                rule=editing.rule,
                thresholds=thresholds,
                by=request.user,
                now=clock.now(),
                **form.cleaned_data,
            ),
        )
    except ValidationError as refusal:
        for name, reasons in refusal.message_dict.items():
            for reason in reasons:
                form.add_error(name if name in form.fields else None, reason)
    return None


@require_http_methods(["GET", "POST"])
@requires("segments.change_definition", on=Definition)
def definition_change(request: UserRequest, definition: Definition) -> HttpResponse:
    """Another rule, in the builder. Saving leads to its effect first."""
    key = definition.attribute.key
    if request.method == "GET":
        draft = _draft_of(selectors.version_in_force(definition) or selectors.version_proposed(definition))
        return _builder(request, editing_of(request, draft, definition=key), None, definition=definition)
    draft = builder.draft_from_form(request.POST)
    act = request.POST.get("act", SAVE)
    if act != SAVE:
        return _act(request, draft, act, None, definition=definition)
    editing = editing_of(request, draft, definition=key)
    if editing.faults:
        return _builder(request, editing, None, definition=definition, is_refused=True)
    return _effect_page(
        request, definition, editing.rule, builder.names_from_draft(draft, editing.rule), forms.ReasonForm()
    )


def _draft_of(version: DefinitionVersion | None) -> Draft:
    if version is None:
        return builder.draft_new()
    draft = builder.draft_from_rule(version.rule)
    builder.names_to_draft(draft, version.thresholds, version.rule)
    return draft


def _act(
    request: UserRequest,
    draft: Draft,
    act: str,
    form: forms.DefinitionForm | None,
    *,
    definition: Definition | None = None,
) -> HttpResponse:
    """Do what a button of the builder says, and show the rule as it is then."""
    focus = builder.focus_on(draft, act, builder.draft_act(draft, act))
    editing = editing_of(request, draft, definition=definition.attribute.key if definition else "")
    preview = shown_of(request, editing, is_exact=act == EXACT) if act in (COUNT, EXACT) else None
    return _builder(request, editing, form, definition=definition, focus=focus, preview=preview)


def _builder(
    request: UserRequest,
    editing: Editing,
    form: forms.DefinitionForm | None,
    *,
    definition: Definition | None = None,
    is_refused: bool = False,
    focus: str = "",
    preview: object = None,
) -> HttpResponse:
    faults = editing.faults if is_refused else editing.told
    context = {
        "page": builder_page_of(editing, focus=focus, faults=faults, has_thresholds=True),
        "editing": editing,
        "form": form,
        "definition": definition,
        "preview": preview,
        "is_refused": is_refused,
    }
    fragment = "segment-form" if is_refused else "segment-builder"
    response = render_page_or_fragment(request, "segments/definition_edit.html", context, fragment=fragment)
    response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


# What it would change, before it is proposed


@require_GET
@requires("segments.change_definition", on=Definition)
def definition_effect(request: UserRequest, definition: Definition) -> HttpResponse:
    """What other thresholds (`threshold-0=60`), or an earlier version (`version=2`), would change."""
    told = request.GET.get("version", "")
    if told:
        version = definition.versions.filter(number=told).first() if _is_number(told) else None
    else:
        version = selectors.version_in_force(definition)
    if version is None:
        raise Http404
    known = selectors.version_thresholds(version)
    values = {
        one.name: request.GET[f"threshold-{place}"]
        for place, one in enumerate(known)
        if f"threshold-{place}" in request.GET
    }
    rule = thresholds_set(version.rule, known, values)
    return _effect_page(request, definition, rule, version.thresholds, forms.ReasonForm())


@require_POST
@requires("segments.change_definition", on=Definition)
def definition_propose(request: UserRequest, definition: Definition) -> HttpResponse:
    form = forms.ProposalForm(request.POST)
    if not form.is_valid() and "reason" not in form.errors:
        raise Http404  # not what our own page has written into the form
    rule, thresholds = form.cleaned_data.get("rule"), form.cleaned_data.get("thresholds") or []
    if form.is_valid():
        version = forms.attempt(
            form,
            lambda: services.definition_propose(
                definition=definition, by=request.user, now=clock.now(), **form.cleaned_data
            ),
        )
        if version:
            messages.success(request, _("Version %(n)s waits for approval.") % {"n": version.number})
            return redirect("segments:definition_version", version.pk)
    return _effect_page(request, definition, rule, thresholds, form)


def _effect_page(
    request: UserRequest,
    definition: Definition,
    rule: object,
    thresholds: Sequence[Mapping[str, str]],
    form: forms.ReasonForm,
) -> HttpResponse:
    in_force = selectors.version_in_force(definition)
    told = (rule, [dict(one) for one in thresholds])
    context = {
        "definition": definition,
        "in_force": in_force,
        "is_in_force": in_force is not None and told == (in_force.rule, in_force.thresholds),
        "sentence": selectors.version_sentence(in_force) if in_force else "",
        "waiting": selectors.version_proposed(definition),
        "proposal": _proposal(request, definition, rule, thresholds),
        "form": form,
    }
    return render(request, "segments/definition_effect.html", context)


def _proposal(
    request: UserRequest, definition: Definition, rule: object, thresholds: Sequence[Mapping[str, str]]
) -> Proposal:
    now = clock.now()
    try:
        node = selectors.definition_rule_read(rule, definition=definition, is_new=True)
        named = thresholds_read(rule, thresholds)
    except (RuleInvalid, ThresholdInvalid) as refusal:
        return Proposal(rule, thresholds, "", (), None, {}, str(refusal))
    before = selectors.version_thresholds(selectors.version_in_force(definition))
    changes = selectors.thresholds_compared(before, named)
    told = Proposal(rule, thresholds, rule_sentence(node), changes, None, {})
    try:
        editor = f"definition:{request.user.pk}:{definition.pk}"
        effect = selectors.definition_effect(node, definition=definition, now=now, editor=editor)
    except (TookTooLong, Replaced) as refusal:
        return Proposal(rule, thresholds, told.sentence, changes, None, {}, str(refusal))
    ids = [*effect.entering, *effect.leaving, *effect.staying]
    people = {one.contact.pk: one for one in selectors.people_checked(node, ids, now=now)}
    return Proposal(rule, thresholds, told.sentence, changes, effect, people)


# One version, and what becomes of it


@require_GET
@requires("segments.view_definitionversion", on=DefinitionVersion)
def definition_version(request: UserRequest, definitionversion: DefinitionVersion) -> HttpResponse:
    return _version_page(request, definitionversion, forms.DecisionForm())


def _version_page(request: UserRequest, version: DefinitionVersion, form: forms.DecisionForm) -> HttpResponse:
    definition = version.definition
    in_force = selectors.version_in_force(definition)
    before = selectors.version_thresholds(in_force)
    is_waiting = version.state == State.PROPOSED
    user = request.user
    context = {
        "definition": definition,
        "version": version,
        "in_force": in_force,
        "sentence": selectors.version_sentence(version),
        "old_sentence": selectors.version_sentence(in_force) if in_force and in_force != version else "",
        "changes": selectors.thresholds_compared(before, selectors.version_thresholds(version)),
        # Of one that waits, as the data is now: that is what is decided on.
        "proposal": _proposal(request, definition, version.rule, version.thresholds) if is_waiting else None,
        "form": form,
        "may_approve": is_waiting and user.has_perm("segments.approve_definitionversion", version),
        "is_own": version.by_id == user.pk,
        "may_withdraw": is_waiting and version.by_id == user.pk,
        "may_change": user.has_perm("segments.change_definition", definition),
    }
    return render(request, "segments/definition_version.html", context)


@require_POST
@requires("segments.approve_definitionversion", on=DefinitionVersion)
def version_approve(request: UserRequest, definitionversion: DefinitionVersion) -> HttpResponse:
    return _decided(request, definitionversion, services.version_approve, _("Version %(n)s is in force."))


@require_POST
@requires("segments.approve_definitionversion", on=DefinitionVersion)
def version_refuse(request: UserRequest, definitionversion: DefinitionVersion) -> HttpResponse:
    return _decided(request, definitionversion, services.version_refuse, _("Version %(n)s is refused."))


def _decided(request: UserRequest, version: DefinitionVersion, act: Any, sentence: str) -> HttpResponse:
    form = forms.DecisionForm(request.POST)
    if form.is_valid():
        note = form.cleaned_data["note"]
        if forms.attempt(form, lambda: act(version=version, by=request.user, now=clock.now(), note=note)):
            messages.success(request, sentence % {"n": version.number})
            return redirect("segments:definition_detail", version.definition_id)
    return _version_page(request, version, form)


@require_POST
@requires("segments.withdraw_definitionversion", on=DefinitionVersion)
def version_withdraw(request: UserRequest, definitionversion: DefinitionVersion) -> HttpResponse:
    try:
        services.version_withdraw(version=definitionversion, by=request.user, now=clock.now())
    except services.DefinitionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:definition_version", definitionversion.pk)
    messages.success(request, _("Version %(n)s is taken back.") % {"n": definitionversion.number})
    return redirect("segments:definition_detail", definitionversion.definition_id)


@require_POST
@requires("segments.change_definition", on=Definition)
def definition_recompute(request: UserRequest, definition: Definition) -> HttpResponse:
    try:
        services.definition_recompute(definition=definition, by=request.user, now=clock.now())
    except services.DefinitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It is being computed."))
    return redirect("segments:definition_detail", definition.pk)


@require_POST
@requires("segments.delete_definition", on=Definition)
def definition_delete(request: UserRequest, definition: Definition) -> HttpResponse:
    name = definition.name
    try:
        services.definition_delete(definition=definition, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:definition_detail", definition.pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect("segments:definition_list")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
