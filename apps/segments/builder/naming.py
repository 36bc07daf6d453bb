"""
Names of a rule's thresholds, kept in the rows that they are about, so that they move along with them.

The name of the number at `within` of a row is its field `named_within`.
"""

from collections.abc import Iterator, Mapping, Sequence

from apps.segments.builder.draft import Draft
from apps.segments.builder.rows import NAMED
from apps.segments.rules.tree import Match
from apps.segments.thresholds import places_of

# Where a row's number stands in its condition: the field of its name has no dot.
PLACES = {"within": "within", "value": "value", "count": "count."}


def names_from_draft(draft: Draft, rule: object) -> list[dict[str, str]]:
    """Return the thresholds that the rows name, as `thresholds_read` takes them."""
    known = [path for path, _value in places_of(rule)]
    found = []
    for node, path in _walk(draft):
        for place in PLACES:
            name = node.values.get(NAMED + place, "").strip()
            here = [one for one in known if one.startswith(f"{path}.{PLACES[place]}")]
            if name and here:
                found.append({"name": name, "path": here[0]})
    return found


def names_to_draft(draft: Draft, told: Sequence[Mapping[str, str]], rule: object) -> None:
    """Write the names of thresholds into the rows of the rule that they belong to."""
    is_group = isinstance(rule, dict) and any(match in rule for match in Match)
    prefix = "" if is_group else f"{Match.ALL}[0]."  # a condition alone is shown as a group of one
    nodes = {path: node for node, path in _walk(draft)}
    for one in told:
        path, _dot, place = f"{prefix}{one['path']}".rpartition(".")
        if path.endswith(".count"):
            path, place = path.removesuffix(".count"), "count"
        if path in nodes and place in PLACES:
            nodes[path].values[NAMED + place] = one["name"]


def row_places(draft: Draft, rule: object) -> dict[str, list[str]]:
    """Return by the row's path in the form which of its numbers can be named, in order."""
    known = [path for path, _value in places_of(rule)]
    found = {}
    for node, path in _walk(draft):
        here = [
            place
            for place, start in PLACES.items()
            if any(one.startswith(f"{path}.{start}") for one in known)
        ]
        if here:
            found[node.path] = here
    return found


def _walk(draft: Draft, path: str = "") -> Iterator[tuple[Draft, str]]:
    """Yield the rows with their paths in the rule that the form stands for."""
    if not draft.is_group:
        yield draft, path
        return
    match = draft.values.get("match", Match.ALL)
    for place, child in enumerate(draft.children):
        yield from _walk(child, f"{path}.{match}[{place}]" if path else f"{match}[{place}]")
