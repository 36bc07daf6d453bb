"""
What people read of the facts of an approval: the values themselves are exact, so that they can be compared.

By the key of a fact, up to its first hyphen; what has no reading is read as it is. Apps above add theirs from
`AppConfig.ready`: `readbacks.register("topic", lambda value, words: …)`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from django.utils.translation import gettext as _

from apps.campaigns.approvals import Change, Fact
from apps.campaigns.models import Campaign
from apps.campaigns.standings import Standing, part_standings
from apps.campaigns.wording import conditions_shown
from apps.core.registry import Registry
from apps.segments.rules import RuleInvalid, Vocabulary, rule_parse
from apps.segments.rules.sentence import rule_sentence
from apps.segments.selectors import vocabulary


class Words:
    """What rules may speak of, read once for a page, and only where one has to be read back."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return vocabulary()

    def segment(self, name: str, rule: object) -> str:
        """Return a segment with its rule as the builder reads it back."""
        try:
            said = rule_sentence(rule_parse(rule, self.vocabulary))
        except RuleInvalid:
            said = _("a rule that cannot be read any more, because what it speaks of is gone")
        return f"{name}: {said}"


readbacks: Registry[Callable[[str, Words], str]] = Registry()


def standings_read(campaign: Campaign) -> list[Standing]:
    """Return how each part stands, in the order of the parts, in words for people."""
    words = Words()
    return [
        replace(
            standing,
            facts=[_fact(fact, words) for fact in standing.facts],
            changes=[_change(change, words) for change in standing.changes],
        )
        for standing in part_standings(campaign)
    ]


def readback(key: str, value: str, words: Words) -> str:
    """Return what people read of the value of a fact."""
    read = dict(readbacks.items()).get(key.partition("-")[0])
    return read(value, words) if read and value else value


def _fact(fact: Fact, words: Words) -> Fact:
    return replace(fact, value=readback(fact.key, fact.value, words))


def _change(change: Change, words: Words) -> Change:
    old, new = (readback(change.key, value, words) for value in (change.old, change.new))
    if old == new:  # it reads the same: then what differs is how it is written
        return replace(change, reads_same=True)
    return replace(change, old=old, new=new)


def segments_in(value: str) -> list[tuple[str, object]]:
    """Return name and rule of each segment in a value: a name, a space or a new line, and JSON."""
    found, rest = [], value
    while rest.strip():
        named = _named(rest)
        if named is None:
            return []
        name, rule, rest = named
        found.append((name, rule))
    return found


def _named(text: str) -> tuple[str, object, str] | None:
    """Return the first name, its rule, and what follows; a name may have a brace in it."""
    for brace in re.finditer(r"[ \n](?=\{)", text):
        try:
            rule, end = json.JSONDecoder().raw_decode(text, brace.end())
        except ValueError:
            continue
        return text[: brace.start()].strip(), rule, text[end:]
    return None


def segments_words(value: str, words: Words) -> str:
    found = segments_in(value)
    return " ".join(words.segment(name, rule) for name, rule in found) if found else value


def register() -> None:
    """Add what is read of the facts of this app; called from `AppConfig.ready`."""
    readbacks.register("segment", segments_words)
    readbacks.register("goal_where", lambda value, _words: conditions_shown(json.loads(value)))
    readbacks.register("goal_event", lambda value, words: words.vocabulary.events.get(value, value))
    readbacks.register("goal_target", lambda value, _words: value.removesuffix(".00"))
