"""
Keyset pages of a QuerySet, for lists on screen and over the API: no COUNT, no OFFSET.

A page begins after a row, not at a number: page 10,000 costs as much as page 1, and nothing shifts while one
reads. The row is told in the cursor, by its values of the ordering.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 50


class BadCursor(ValueError):
    """The cursor was not made by us, or for another ordering."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursors of its neighbours: empty where there is none."""

    rows: list[Row]
    newer: str
    older: str


def keyset_page(
    queryset: QuerySet[Row],
    *,
    ordering: Sequence[str],
    tie: str = "pk",
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """
    Return the page that `cursor` names; the first page for an empty cursor, and for one that cannot be read.

    `ordering` is as for `order_by`; `tie`, which tells rows apart that are equal in it, is added as the last
    word. Fields may lead to other tables (`owner__name`) and be annotations. Rows without a value stand at
    the end, whichever the direction. The index that serves it covers the ordering and the tie; going down by
    a field that may be NULL it is to be made so: `F("…").desc(nulls_last=True)`.
    """
    try:
        return keyset_page_strict(queryset, ordering=ordering, tie=tie, cursor=cursor, size=size)
    except BadCursor:
        return keyset_page_strict(queryset, ordering=ordering, tie=tie, size=size)


def keyset_page_strict(
    queryset: QuerySet[Row],
    *,
    ordering: Sequence[str],
    tie: str = "pk",
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """
    Return the same, for programs: they should hear of a broken cursor.

    :raises BadCursor: not a cursor of this ordering
    """
    keys = _keys(queryset, ordering, tie)
    backwards, position = _decode(cursor, keys) if cursor else (False, None)
    found = queryset.order_by(*(key.order(backwards=backwards) for key in keys))
    if position is not None:
        found = found.filter(_beyond(keys, position, backwards=backwards))
    rows = list(found[: size + 1])  # one more than is shown tells whether there is a next page
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_newer, has_older = (has_more, True) if backwards else (position is not None, has_more)
    return Page(
        rows=rows,
        newer=_encode(rows[0], keys, backwards=True) if rows and has_newer else "",
        older=_encode(rows[-1], keys, backwards=False) if rows and has_older else "",
    )


def cursor_after(queryset: QuerySet[Row], row: Row, *, ordering: Sequence[str]) -> str:
    """Return the cursor of the page after this row, for a list that shows its first rows otherwise."""
    return _encode(row, _keys(queryset, ordering, "pk"), backwards=False)


@dataclass(frozen=True)
class _Key:
    """One word of the ordering. `is_nullable` also where nobody knows: of an annotation."""

    name: str
    descends: bool
    field: "Field[Any, Any]"
    is_nullable: bool

    def order(self, *, backwards: bool) -> OrderBy:
        down = self.descends is not backwards
        if not self.is_nullable:
            # Said plainly, or PostgreSQL takes no index for it: to the planner NULLS LAST is another order.
            return OrderBy(F(self.name), descending=down)
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
        return OrderBy(F(self.name), descending=down, **nulls)

    def past(self, value: Any, *, backwards: bool) -> Q | None:
        """Return what lies beyond `value` in this key alone; None: nothing does."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backwards else None
        down = self.descends is not backwards
        past = Q(**{f"{self.name}__{'lt' if down else 'gt'}": value})
        return past | Q(**{f"{self.name}__isnull": True}) if self.is_nullable and not backwards else past

    def read(self, told: Any) -> Any:
        """
        Return the value that the cursor tells.

        :raises ValueError, TypeError, ValidationError: it tells none of this field
        """
        if told is None:
            return None
        if not isinstance(told, str) or "\0" in told:
            raise ValueError(told)
        value = self.field.to_python(told)
        self.field.run_validators(value)  # a number that no bigint holds would be an error of the database
        return value


def _keys(queryset: QuerySet[Row], ordering: Sequence[str], tie: str) -> list[_Key]:
    names = list(ordering)
    if not any(name.lstrip("-") in {"pk", "id"} for name in names):
        # In the direction of the last key, so that one index walked one way serves both.
        names.append(f"-{tie}" if names and names[-1].startswith("-") else tie)
    keys = []
    for name in names:
        bare = name.removeprefix("-")
        annotation = queryset.query.annotations.get(bare)
        if annotation is not None:
            field, is_nullable = annotation.output_field, True
        else:
            field, is_nullable = _field(queryset.model, bare)
        keys.append(_Key(bare, name.startswith("-"), field, is_nullable))
    return keys


def _field(model: type[Model], path: str) -> "tuple[Field[Any, Any], bool]":
    """Follow `owner__name` to its field, and whether there may be none on the way."""
    is_nullable = False
    step: Any = None
    for name in path.split("__"):
        if step is not None:
            model = step.related_model
        step = model._meta.pk if name == "pk" else model._meta.get_field(name)
        if not isinstance(step, Field):
            raise FieldDoesNotExist(path)
        is_nullable = is_nullable or step.null
    return step, is_nullable


def _beyond_row(keys: Sequence[_Key], position: Sequence[Any], *, operator: str) -> Func:
    """Say `ROW(a, b) > ROW(1, 2)`, from which PostgreSQL starts in the index, however deep the page is."""
    values = [Value(value, output_field=key.field) for key, value in zip(keys, position, strict=True)]
    # No field is of the type of a row; only their comparison has one.
    sides = [
        Func(*side, function="ROW", output_field=BooleanField())
        for side in ([F(key.name) for key in keys], values)
    ]
    return Func(*sides, template="%(expressions)s", arg_joiner=f" {operator} ", output_field=BooleanField())


def _beyond(keys: Sequence[_Key], position: Sequence[Any], *, backwards: bool) -> Q:
    """Return the rows after (or before) `position`: beyond in one key, and equal in all keys before it."""
    if len({key.descends for key in keys}) == 1 and not any(key.is_nullable for key in keys):
        down = keys[0].descends is not backwards
        return Q(_beyond_row(keys, position, operator="<" if down else ">"))
    beyond, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, position, strict=True):
        past = key.past(value, backwards=backwards)
        if past is not None:
            beyond |= equal & past
        equal &= Q(**{f"{key.name}__isnull": True}) if value is None else Q(**{key.name: value})
    first = keys[0]
    if not first.is_nullable:
        # Says nothing new, but it is what a walk through the index can start from.
        down = first.descends is not backwards
        beyond &= Q(**{f"{first.name}__{'lte' if down else 'gte'}": position[0]})
    return beyond


def _value(row: Model, name: str) -> str | None:
    value: Any = row
    for step in name.split("__"):
        value = getattr(value, step, None)
    if value is None:
        return None
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _encode(row: Model, keys: Sequence[_Key], *, backwards: bool) -> str:
    told = orjson.dumps([backwards, *(_value(row, key.name) for key in keys)])
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def _decode(cursor: str, keys: Sequence[_Key]) -> tuple[bool, list[Any]]:
    """Return the direction and the values. Whoever edits a cursor only moves among rows that they may see."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        backwards, *told = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = [key.read(text) for key, text in zip(keys, told, strict=True)]
    except (ValueError, TypeError, ValidationError) as error:
        raise BadCursor from error
    if position[0] is None and not keys[0].is_nullable:
        raise BadCursor
    return backwards is True, position
