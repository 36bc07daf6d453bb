"""
The tree that a form posts.

Every input of a node is named `<path>:<field>`: the root is `r`, its second child `r.1`, the first child of
that `r.1.0`. So a form posts the tree without script, and `draft_act` changes it: add, remove, move.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apps.segments.builder.rows import row_from_rule, row_to_rule, where_places
from apps.segments.rules.tree import Match
from apps.segments.rules.vocabulary import Vocabulary

GROUP = "group"
# What a row is about, and what is typed into it wherever the field is there.
_SUBJECTS = {"attribute": "key", "company": "key", "event": "name", "segment": "id", "list": "id"}
_TYPED = {"value", "low", "high", "amount", "start", "end", "count", "property"}
ROOT = "r"
MAX_NODES = 250
DEEPEST = 7  # steps of a path: what the parser takes, and what `_NAME` reads back
_NAME = re.compile(r"(r(?:\.\d{1,3}){0,9}):([a-z0-9_]+(?:-\d{1,2}-[a-z_]+)?)", re.ASCII)
_STEP = re.compile(r"(?:all|any|none)\[(\d+)\]")


@dataclass(eq=False)  # two rows may say the same, and are two
class Draft:
    """One group or row. `values` are the texts of its fields."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)
    children: list["Draft"] = field(default_factory=list)
    path: str = ROOT

    @property
    def is_group(self) -> bool:
        return self.kind == GROUP

    @property
    def is_unfinished(self) -> bool:
        """Test if something is still to be typed: no fault yet, and nothing to count either."""
        if self.is_group:
            return not self.children and self.path != ROOT
        subject = _SUBJECTS.get(self.kind)
        return (subject is not None and not self.values.get(subject, "").strip()) or any(
            not text.strip() for name, text in self.values.items() if name.rpartition("-")[2] in _TYPED
        )

    def walk(self) -> Iterator["Draft"]:
        yield self
        for child in self.children:
            yield from child.walk()


def draft_new() -> Draft:
    """Return what an empty builder shows: one row to begin with."""
    return _numbered(Draft(GROUP, {"match": Match.ALL}, [Draft("attribute")]))


def draft_from_form(form: Mapping[str, str]) -> Draft:
    """Read a tree back from what a form has posted; what does not fit together is left out."""
    nodes: dict[tuple[int, ...], Draft] = {}
    for name, text in form.items():
        if found := _NAME.fullmatch(name):
            place = tuple(int(step) for step in found[1].split(".")[1:])
            nodes.setdefault(place, Draft("")).values[found[2]] = text
    root = nodes.pop((), Draft(GROUP, {"match": Match.ALL}))
    root.kind = GROUP
    for place in sorted(nodes)[:MAX_NODES]:
        parent = nodes.get(place[:-1]) if len(place) > 1 else root
        if parent is not None and parent.kind == GROUP:
            _settle(nodes[place])
            parent.children.append(nodes[place])
    return _numbered(root)


def _settle(node: Draft) -> None:
    """Forget the fields of another kind of row, or of another attribute, when that has just been changed."""
    texts = node.values
    node.kind = texts.pop("kind", "attribute")
    if texts.pop("was", node.kind) != node.kind:
        texts.clear()
    if texts.pop("was_key", texts.get("key")) != texts.get("key"):
        kept = {name: text for name, text in texts.items() if name in ("role", "member")}
        node.values = {"key": texts.get("key", ""), **kept}


def draft_from_rule(rule: object) -> Draft:
    """Return the form of a rule as JSON. What a form cannot show is kept as it is, as text."""
    draft = _node(rule)
    return _numbered(draft if draft.is_group else Draft(GROUP, {"match": Match.ALL}, [draft]))


def draft_from_json(text: str) -> Draft:
    """Read a rule as it was printed into a form; a new one if it is none."""
    try:
        return draft_from_rule(json.loads(text))
    except (ValueError, RecursionError):
        return draft_new()


def _node(rule: object) -> Draft:
    if isinstance(rule, dict) and len(rule) == 1:
        for match in Match:
            if isinstance(rule.get(match), list):
                return Draft(GROUP, {"match": match}, [_node(one) for one in rule[match]])
    kind, texts = row_from_rule(rule)
    return Draft(kind, texts)


def draft_to_rule(draft: Draft, words: Vocabulary) -> object:
    """Return the rule as JSON. What is not complete stays incomplete, for the parser to say so."""
    if draft.is_group:
        return {draft.values.get("match", Match.ALL): [draft_to_rule(one, words) for one in draft.children]}
    return row_to_rule(draft.kind, draft.values, words)


def fault_place(path: str) -> tuple[str, str]:
    """Return the node of the form that a fault's path leads to, and the rest: `("r.1", "value[0]")`."""
    end, steps = 0, [ROOT]
    while found := _STEP.match(path, end):
        steps.append(found[1])
        end = found.end() + 1  # the dot
    return ".".join(steps), path[end:]


# Acts


def draft_act(draft: Draft, act: str) -> str:
    """
    Change the tree: `add-row r`, `add-group r.1`, `remove r.1.0`, `up r.1`, `down r.0`, `move r.0 r.1 2` (to
    before the third in another group), `add-where r.2`, `remove-where r.2 1`. Return the path that the change
    is at, for the focus; an act that cannot be is none.
    """
    verb, _space, rest = act.partition(" ")
    path, _space, number = rest.partition(" ")
    found = {node.path: node for node in draft.walk()}
    node = found.get(path)
    if node is None:
        return ""
    parent = found.get(path.rpartition(".")[0])
    match verb:
        case "add-row" if node.is_group:
            node.children.append(Draft("attribute"))
        case "add-group" if node.is_group:
            node.children.append(Draft(GROUP, {"match": Match.ANY}, [Draft("attribute")]))
        case "remove" if parent:
            parent.children.remove(node)
            node = parent
        case "up" | "down" | "move" if parent:
            _move(found, parent, node, verb, number)
        case "add-where":
            node.values[f"where-{len(where_places(node.values))}-property"] = ""
        case "remove-where":
            _where_remove(node.values, number)
    _numbered(draft)
    return node.path


def _move(found: Mapping[str, Draft], parent: Draft, node: Draft, verb: str, to: str) -> None:
    if verb == "move":
        target, _space, place = to.partition(" ")
        _put(parent, node, found.get(target), place)
    else:
        _step(found, parent, node, -1 if verb == "up" else 1)


def _step(found: Mapping[str, Draft], parent: Draft, node: Draft, by: int) -> None:
    """Move a node by one, as it reads down the page: into the group beside it, at an edge out of its own."""
    siblings = parent.children
    place = siblings.index(node)
    if not 0 <= place + by < len(siblings):
        outer = found.get(parent.path.rpartition(".")[0])
        if outer is not None:
            siblings.pop(place)
            outer.children.insert(outer.children.index(parent) + (by > 0), node)
        return
    beside = siblings[place + by]
    siblings.pop(place)
    if beside.is_group and _fits(beside, node):
        beside.children.insert(0 if by > 0 else len(beside.children), node)
    else:
        siblings.insert(place + by, node)


def _put(parent: Draft, node: Draft, group: Draft | None, place: str) -> None:
    """Move a node to before the one at `place` in a group; nowhere, if that is no place for it."""
    if group is None or not group.is_group or not _fits(group, node):
        return
    if any(inner is group for inner in node.walk()):
        return
    if not place.isascii() or not place.isdecimal():
        return
    before = min(int(place[:4]), len(group.children))
    if group is parent and parent.children.index(node) < before:
        before -= 1
    parent.children.remove(node)
    group.children.insert(before, node)


def _fits(group: Draft, node: Draft) -> bool:
    """Test if no path gets too long when the node comes into the group."""
    lowest = max(inner.path.count(".") for inner in node.walk()) - node.path.count(".")
    return group.path.count(".") + 1 + lowest <= DEEPEST


def focus_on(draft: Draft, act: str, path: str) -> str:
    """Return the id of what goes on being used after an act at `path`; '' for wherever it was."""
    verb = act.partition(" ")[0]
    here = path.replace(".", "-")
    match verb if path else "":
        case "up" | "down":
            return f"{here}-{verb}"
        case "remove":
            return f"{here}-add-row"
        case "add-where":
            node = next(node for node in draft.walk() if node.path == path)
            return f"{here}-where-{where_places(node.values)[-1]}-property"
        case "remove-where":
            return f"{here}-add-where"
        case "add-row" | "add-group":
            group = next(node for node in draft.walk() if node.path == path)
            field_name = "kind" if verb == "add-row" else "match"
            return f"{here}-{len(group.children) - 1}-{field_name}" if group.children else ""
    return ""


def _where_remove(texts: dict[str, str], number: str) -> None:
    kept = [place for place in where_places(texts) if str(place) != number]
    lines = [
        {name.split("-", 2)[2]: text for name, text in texts.items() if name.startswith(f"where-{place}-")}
        for place in kept
    ]
    for name in [name for name in texts if name.startswith("where-")]:
        del texts[name]
    for place, line in enumerate(lines):
        texts.update({f"where-{place}-{name}": text for name, text in line.items()})


def _numbered(draft: Draft, path: str = ROOT) -> Draft:
    draft.path = path
    for place, child in enumerate(draft.children):
        _numbered(child, f"{path}.{place}")
    return draft
