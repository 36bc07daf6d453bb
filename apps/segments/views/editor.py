"""The builder: the form, and what a rule finds while it is being written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.keys import key_read
from apps.segments import builder, forms, selectors, services
from apps.segments.builder import Draft
from apps.segments.live import Replaced, TookTooLong
from apps.segments.models import Segment
from apps.segments.rules import Fault, Node, RuleInvalid, Vocabulary, rule_parse
from apps.segments.rules.sentence import rule_sentence

SAVE, COUNT, EXACT = "save", "count", "exact"


@dataclass(frozen=True)
class Note:
    """Beside one row: what is wrong with it, or about which part of all contacts it holds for."""

    id: str
    fault: str
    share: float | None
    is_group: bool


@dataclass
class Editing:
    """One form as it was posted, read with today's words."""

    draft: Draft
    words: Vocabulary
    segment: Segment | None
    editor: str
    definition: str = ""  # the system name of what the rule computes, if it computes something
    faults: tuple[Fault, ...] = ()
    node: Node | None = None
    rule: object = field(default=None)

    def __post_init__(self) -> None:
        self.rule = builder.draft_to_rule(self.draft, self.words)
        try:
            pk = self.segment.pk if self.segment else None
            self.node = rule_parse(self.rule, self.words, segment=pk, definition=self.definition, is_new=True)
        except RuleInvalid as refusal:
            self.faults = refusal.faults

    @property
    def sentence(self) -> str:
        return rule_sentence(self.node) if self.node else ""

    @property
    def rule_json(self) -> str:
        return json.dumps(self.rule)

    def notes(self, shares: Mapping[str, float]) -> list[Note]:
        """Return what there is to say beside each row and group."""
        told: dict[str, list[str]] = {}
        for fault in self.told:
            told.setdefault(builder.fault_place(fault.path)[0], []).append(fault.message)
        return [
            Note(
                id=node.path.replace(".", "-"),
                fault=" ".join(told.get(node.path, [])),
                share=shares.get(node.path),
                is_group=node.is_group,
            )
            for node in self.draft.walk()
            if not node.is_unfinished  # what a refused save has said of it stays
        ]

    @property
    def told(self) -> list[Fault]:
        """The faults to tell while somebody is still typing: not those of rows that are not finished."""
        unfinished = {node.path for node in self.draft.walk() if node.is_unfinished}
        return [fault for fault in self.faults if builder.fault_place(fault.path)[0] not in unfinished]


@dataclass(frozen=True)
class Shown:
    """What stands beside the rule. Nothing found: the rule cannot be asked yet, or `refusal` says why not."""

    found: selectors.Preview | None = None
    people: Sequence[selectors.PersonChecked] = ()
    shares: Mapping[str, float] = field(default_factory=dict)  # by path of the row
    refusal: str = ""


@require_http_methods(["GET", "POST"])
@requires("segments.add_segment")
def segment_create(request: UserRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@requires("segments.change_segment", on=Segment)
def segment_change(request: UserRequest, segment: Segment) -> HttpResponse:
    return _edit(request, segment)


def _edit(request: UserRequest, segment: Segment | None) -> HttpResponse:
    if request.method == "GET":
        rule = segment.rule if segment else None
        draft = builder.draft_from_rule(rule) if rule is not None else builder.draft_new()
        form = forms.SegmentForm(
            initial={
                "name": segment.name,
                "description": segment.description,
                "seen_at": segment.updated_at.isoformat(),
            }
            if segment
            else None
        )
        return _page(request, editing_of(request, draft, segment=segment), form)
    draft = builder.draft_from_form(request.POST)
    act = request.POST.get("act", SAVE)
    if act == SAVE:
        return _save(request, editing_of(request, draft, segment=segment), forms.SegmentForm(request.POST))
    focus = builder.focus_on(draft, act, builder.draft_act(draft, act))
    editing = editing_of(request, draft, segment=segment)
    form = forms.SegmentForm(initial=request.POST.dict())  # nothing is refused before it is to be kept
    preview = shown_of(request, editing, is_exact=act == EXACT) if act in (COUNT, EXACT) else None
    return _page(request, editing, form, focus=focus, preview=preview)


def _save(request: UserRequest, editing: Editing, form: forms.SegmentForm) -> HttpResponse:
    if editing.faults:
        form.add_error(None, _("The rule is not complete: see the marked rows."))
    if form.is_valid():
        saved = forms.attempt(form, lambda: _keep(request, editing, form.cleaned_data))
        if saved:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("segments:detail", saved.pk)
    return _page(request, editing, form, is_refused=True)


def _keep(request: UserRequest, editing: Editing, fields: dict[str, Any]) -> Segment:
    now, seen_at = clock.now(), fields.pop("seen_at")
    if editing.segment is None:
        return services.segment_create(rule=editing.rule, by=request.user, now=now, **fields)
    return services.segment_change(
        segment=editing.segment, rule=editing.rule, by=request.user, now=now, seen_at=seen_at, **fields
    )


def editing_of(
    request: UserRequest, draft: Draft, *, segment: Segment | None = None, definition: str = ""
) -> Editing:
    editor = request.POST.get("editor", "")[:64] or uuid4().hex
    return Editing(draft, selectors.vocabulary(), segment, editor, definition)


def _page(
    request: UserRequest,
    editing: Editing,
    form: forms.SegmentForm,
    *,
    focus: str = "",
    is_refused: bool = False,
    preview: Shown | None = None,
) -> HttpResponse:
    context = {
        "page": builder_page_of(editing, focus=focus, faults=editing.faults if is_refused else editing.told),
        "editing": editing,
        "form": form,
        "segment": editing.segment,
        "preview": preview,
    }
    # A refusal redraws the whole form; an act of the builder only the rule.
    fragment = "segment-form" if is_refused else "segment-builder"
    response = render_page_or_fragment(request, "segments/segment_edit.html", context, fragment=fragment)
    response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


def builder_page_of(
    editing: Editing, *, focus: str, faults: Sequence[Fault], has_thresholds: bool = False
) -> builder.BuilderPage:
    terms = (
        editing.words.attributes.get(node.values.get("key", ""))
        for node in editing.draft.walk()
        if node.kind == "attribute"
    )
    open_texts = {term.key for term in terms if term and not term.choices and not term.column}
    known = builder.Known(
        events=selectors.events_known(),
        values=selectors.values_known(open_texts),
        inputs=builder.registered_inputs(editing.draft),
    )
    named_in = editing.rule if has_thresholds else None
    return builder.builder_page(
        editing.draft, editing.words, known, focus=focus, faults=faults, named_in=named_in
    )


# While it is being written


@require_POST
@requires("segments.view_segment")
def rule_preview(request: UserRequest) -> HttpResponse:
    """Answer how many people the rule of the form finds, with what there is to say of each row."""
    draft = builder.draft_from_form(request.POST)
    editing = editing_of(request, draft, segment=_segment(request), definition=_definition(request))
    try:
        shown = shown_of(request, editing, is_exact=bool(request.POST.get("exact")))
    except Replaced:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)  # htmx leaves everything as it is
    context = {"preview": shown, "editing": editing, "notes": editing.notes(shown.shares)}
    return render(request, "segments/_preview.html", context)


@require_POST
@requires("segments.view_segment")
def rule_check(request: UserRequest) -> HttpResponse:
    """Answer whether the rule of the form holds for one person, and which of its conditions do."""
    posted = request.POST.get("rule") if "r:kind" not in request.POST else None
    draft = builder.draft_from_json(posted) if posted else builder.draft_from_form(request.POST)
    editing = editing_of(request, draft, segment=_segment(request), definition=_definition(request))
    address = request.POST.get("check", "").strip()
    found = selectors.person_by_address(address)
    checked = None
    if editing.node and found:
        checked = selectors.people_checked(editing.node, [found.pk], now=clock.now())[0]
    context = {"checked": checked, "address": address, "person": found, "editing": editing}
    return render_page_or_fragment(request, "segments/rule_check.html", context, fragment="segment-check")


def _segment(request: UserRequest) -> Segment | None:
    key = key_read(request.POST.get("segment", ""))
    return Segment.objects.filter(pk=key).first() if key else None


def _definition(request: UserRequest) -> str:
    return request.POST.get("definition", "")[:63]


def shown_of(request: UserRequest, editing: Editing, *, is_exact: bool) -> Shown:
    if editing.node is None:
        return Shown()
    now = clock.now()
    try:
        # The person is part of the name: nobody ends what another waits for.
        editor = f"{request.user.pk}:{editing.editor}"
        found = selectors.rule_preview(editing.node, now=now, is_exact=is_exact, editor=editor)
    except TookTooLong as refusal:
        return Shown(refusal=str(refusal))
    people = selectors.people_checked(editing.node, found.people, now=now)
    shares = selectors.rule_shares(editing.node, now=now)
    notes = {builder.fault_place(path)[0]: share for path, share in shares.items()}
    return Shown(found=found, people=people, shares=notes)
