"""What a rule speaks of, valid or not, and whether that leads back to where it began."""

from collections.abc import Collection, Iterator

from apps.segments.rules.vocabulary import Vocabulary


def named(rule: object, key: str) -> Iterator[int | str]:
    """Yield the ids or names in conditions `{key: id}` of a rule, valid or not."""
    match rule:
        case dict():
            if isinstance(rule.get(key), int | str):
                yield rule[key]
            for inner in rule.values():
                yield from named(inner, key)
        case list():
            for inner in rule:
                yield from named(inner, key)


def leads_back(key: str, words: Vocabulary, *, segments: Collection[int], definition: str) -> bool:
    """
    Test if the computed attribute `key` rests on one of these segments, or on the definition of this key.

    It rests on what its rules name, on what the rules of those name, and so on.
    """
    keys, ids = [key], list[int]()
    seen: set[int | str] = {key}
    while keys or ids:
        if keys:
            term = words.attributes.get(keys.pop())
            rules: Collection[object] = term.rules if term else ()
        else:
            segment = words.segments.get(ids.pop())
            rules = [segment.rule] if segment else []
        for rule in rules:
            found_keys, found_ids = set(named(rule, "attribute")), set(named(rule, "segment"))
            if (definition and definition in found_keys) or not found_ids.isdisjoint(segments):
                return True
            keys += [one for one in found_keys - seen if isinstance(one, str)]
            ids += [one for one in found_ids - seen if isinstance(one, int)]
            seen |= found_keys | found_ids
    return False
