"""Segment rules by the book, in plain Python, one contact at a time: what the SQL is compared with."""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta


@dataclass
class Person:
    attributes: dict = field(default_factory=dict)
    events: list = field(default_factory=list)  # (name, occurred_at, properties)
    consents: dict = field(default_factory=dict)  # (channel, topic): status
    lists: set = field(default_factory=set)
    companies: list = field(default_factory=list)  # (attributes, role)


def shift(moment, duration, sign):
    digits = "".join(letter for letter in duration if letter.isdigit())
    amount, unit = int(digits) * sign, duration[len(digits) :]
    if unit in ("mo", "y"):
        total = moment.year * 12 + moment.month - 1 + amount * (12 if unit == "y" else 1)
        year, month = divmod(total, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return (
        moment
        + amount
        * {
            "m": timedelta(minutes=1),
            "h": timedelta(hours=1),
            "d": timedelta(days=1),
            "w": timedelta(days=7),
        }[unit]
    )


def span(text):
    """Return the first moment that a date or a time stands for, and the moment after its last."""
    if len(text) == 10:
        start = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return start, start + timedelta(days=1)
    start = datetime.fromisoformat(text)
    return start, start + timedelta(seconds=1)


def compare_moments(stored, op, value, now):
    moment, _end = span(stored)
    is_date = len(stored) == 10
    if op in ("within_last", "within_next", "older_than"):
        here = now
        past, future = shift(now, value, -1), shift(now, value, 1)
        if is_date:
            here, past, future = (
                datetime.combine(one.date(), datetime.min.time(), UTC) for one in (here, past, future)
            )
        return {
            "within_last": past <= moment <= here,
            "within_next": here <= moment <= future,
            "older_than": moment < past,
        }[op]
    if op == "between":
        return span(value[0])[0] <= moment < span(value[1])[1]
    start, end = span(value)
    return {
        "eq": start <= moment < end,
        "before": moment < start,
        "lt": moment < start,
        "lte": moment < end,
        "gte": moment >= start,
        "gt": moment >= end,
        "after": moment >= end,
    }[op]


def compare_numbers(stored, op, value):
    return {
        "eq": lambda: stored == value,
        "in": lambda: stored in value,
        "gt": lambda: stored > value,
        "gte": lambda: stored >= value,
        "lt": lambda: stored < value,
        "lte": lambda: stored <= value,
        "between": lambda: value[0] <= stored <= value[1],
    }[op]()


def compare_texts(stored, op, value):
    stored = stored.lower()
    return {
        "eq": lambda: stored == value.lower(),
        "in": lambda: stored in [one.lower() for one in value],
        "contains": lambda: value.lower() in stored,
        "starts_with": lambda: stored.startswith(value.lower()),
        "ends_with": lambda: stored.endswith(value.lower()),
    }[op]()


def compare_lists(stored, op, value):
    wanted = [value] if op == "contains" else value
    return bool({one.lower() for one in stored} & {one.lower() for one in wanted})


def compare(stored, op, value, now):  # noqa: C901  # a line per kind
    match op:
        case "exists":
            return stored is not None
        case "missing":
            return stored is None
        case "ne":
            return not compare(stored, "eq", value, now)
        case "not_in":
            return not compare(stored, "in", value, now)
    if stored is None:
        return False
    if isinstance(stored, list):
        return compare_lists(stored, op, value)
    if isinstance(stored, bool):
        return stored is value
    if isinstance(stored, int | float):
        return compare_numbers(stored, op, value)
    if stored[:4].isdigit():
        return compare_moments(stored, op, value, now)
    return compare_texts(stored, op, value)


def did(person, rule, now):
    def counts(event):
        name, at, properties = event
        if name != rule["event"]:
            return False
        if "within" in rule and not shift(now, rule["within"], -1) <= at <= now:
            return False
        if "between" in rule:
            low, high = rule["between"]
            if not span(low)[0] <= at < span(high)[0]:
                return False
        return all(
            compare(properties.get(one["property"]), one["op"], one.get("value"), now)
            for one in rule.get("where", [])
        )

    times = sum(map(counts, person.events))
    return times > 0 and all(compare_numbers(times, op, bound) for op, bound in rule.get("count", {}).items())


def holds(rule, person, now, segments):  # noqa: C901  # a line per kind
    match rule:
        case {"all": rules}:
            return all(holds(one, person, now, segments) for one in rules)
        case {"any": rules}:
            return any(holds(one, person, now, segments) for one in rules)
        case {"none": rules}:
            return not any(holds(one, person, now, segments) for one in rules)
        case {"attribute": key}:
            return compare(person.attributes.get(key), rule["op"], rule.get("value"), now)
        case {"company": key}:
            found = any(
                compare(attributes.get(key), rule["op"], rule.get("value"), now)
                for attributes, role in person.companies
                if rule.get("role", role) == role
            )
            return found is rule["member"]
        case {"event": _}:
            return did(person, rule, now) is rule["did"]
        case {"segment": pk}:
            return holds(segments[pk], person, now, segments) is rule["member"]
        case {"list": pk}:
            return (pk in person.lists) is rule["member"]
        case {"consent": consent}:
            return (
                person.consents.get((consent["channel"], consent.get("topic", "")), "none") == rule["status"]
            )
    raise AssertionError(rule)
