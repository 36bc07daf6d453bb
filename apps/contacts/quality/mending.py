"""
What an act makes of a contact's attributes, as SQL: the values before and after, as JSON of the keys that
it touches.

A key that is missing afterwards is taken away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.contacts.quality.statements import Statements

SUPPRESS, MERGE = "suppress", "merge"
# One capital a word where there were none, or nothing else; spaces at the ends and doubled ones go.
_TRIMMED = r"trim(regexp_replace({0}, '\s+', ' ', 'g'))"
_NO_NAME = "lower(trim({0})) ~ %(placeholders)s OR lower({0}) ~ %(keyboard)s"
_IS_ONE_CASE = "length({0}) > 2 AND ({0} = upper({0})) <> ({0} = lower({0}))"
_TIDY = f"CASE WHEN {_NO_NAME} THEN {{0}} WHEN {_IS_ONE_CASE} THEN initcap({_TRIMMED}) ELSE {_TRIMMED} END"


@dataclass(frozen=True)
class MendPlan:
    """
    What an act is about to be done to: what the scan of this number found by one rule, and the attributes
    that it may touch. `details` are those of the findings; none: whatever they say.
    """

    scan: int
    scanned_at: datetime
    rule: str
    act: str
    detail: str
    keys: list[str]
    details: list[str]
    statements: Statements


# The next contacts of this rule, locked in their order, with what they have now and would have then.
TODO = """
    SELECT c.id, {before} AS before, {after} AS after FROM contacts_contact AS c
    WHERE c.erased_at IS NULL AND c.id IN (
        SELECT contact_id FROM contacts_qualityfinding
        WHERE scan_id = %(scan)s AND rule = %(rule)s AND contact_id > %(position)s {details}
        ORDER BY contact_id LIMIT %(most)s
    ) ORDER BY c.id
"""


def keys_of(act: str, detail: str, statements: Statements) -> list[str]:
    """Return the attributes that the act may touch; none where it is not about attributes, or knows none."""
    match act:
        case "names_tidy" | "names_clear":
            return statements.name_keys
        case "names_swap":
            return [*(statements.name_pair or ())]
        case "values_clear":
            return [detail]
    return []


def before_sql(keys: Sequence[str]) -> str:
    """Return the JSON of what stands at these keys now, of the row `c`."""
    return _object([(key, f"c.attributes->'{key}'") for key in keys])


def after_sql(act: str, keys: Sequence[str], statements: Statements) -> str:
    """Return the JSON of what stands there afterwards; parameters are those of `statements`."""
    match act:
        case "names_tidy":
            return _object(
                [(key, f"to_jsonb({_TIDY.format(f'(c.attributes->>{_quoted(key)})')})") for key in keys]
            )
        case "names_clear":
            wrong = _NO_NAME.format("(c.attributes->>'{0}')")
            return _object(
                [
                    (key, f"CASE WHEN {wrong.format(key)} THEN NULL ELSE c.attributes->'{key}' END")
                    for key in keys
                ]
            )
        case "names_swap":
            first, last = keys
            # What ends with a comma was “Last, First” in one column.
            plain = "to_jsonb(regexp_replace(c.attributes->>'{0}', ',[[:space:]]*$', ''))"
            return _object([(first, plain.format(last)), (last, plain.format(first))])
        case "values_clear":
            (key,) = keys
            wrong = statements.misfit(key) or "false"
            return _object([(key, f"CASE WHEN {wrong} THEN NULL ELSE c.attributes->'{key}' END")])
    raise ValueError(act)


def act_sql(plan: MendPlan) -> tuple[str, str]:
    """Return the SQL of what the contact `c` has before and after the act, as JSON."""
    if plan.act == SUPPRESS:
        # The address may be another one by now.
        still = [one.sql for one in plan.statements.conditions() if one.rule == plan.rule]
        told = "jsonb_build_object('hash', encode(c.email_hash, 'hex'))"
        return "'{}'::jsonb", f"CASE WHEN {' OR '.join(still) or 'false'} THEN {told} ELSE '{{}}' END"
    before, after = before_sql(plan.keys), after_sql(plan.act, plan.keys, plan.statements)
    if plan.act == "names_swap":
        # Nothing in the names themselves says that somebody has swapped them already.
        after = f"CASE WHEN c.updated_at <= %(scanned_at)s THEN {after} ELSE {before} END"
    return before, after


def plan_params(plan: MendPlan) -> dict[str, Any]:
    plan.statements.conditions()  # they bring the parameters that the act shares with the rule
    told = {
        "scan": plan.scan,
        "scanned_at": plan.scanned_at,
        "rule": plan.rule,
        "details": plan.details,
        "keys": plan.keys,
    }
    return {**plan.statements.params, **told, "position": 0}


def _object(pairs: Sequence[tuple[str, str]]) -> str:
    told = ", ".join(f"'{key}', {value}" for key, value in pairs)
    return f"jsonb_strip_nulls(jsonb_build_object({told}))"


def _quoted(key: str) -> str:
    return f"'{key}'"
