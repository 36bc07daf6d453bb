"""
The list that every list page is: search, filters, sort and page, all of it in the URL.

The view says once what its list can do (`ListSpec`), reads the request against it, filters its QuerySet by
what was asked, and hands the rest to `templates/components/list_….html`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from apps.core.display import dated
from apps.core.pagination import PAGE_SIZE, keyset_page

Row = TypeVar("Row", bound=Model)
Text = str | Promise
RESERVED = ("q", "sort", "cursor", "all")


@dataclass(frozen=True)
class Column:
    """
    One column. `sort` is the field it is sorted by (empty: not at all).

    `descends_first`: the first click shows the largest on top, as is right for times and amounts.
    """

    label: Text
    sort: str = ""
    is_number: bool = False
    descends_first: bool = False


@dataclass(frozen=True)
class Filter:
    """One choice above the list. `choices` are (value as in the URL, label); an empty value means all."""

    key: str
    label: Text
    choices: Sequence[tuple[Any, Text]]


@dataclass(frozen=True)
class DayFilter:
    """One day above the list, as 2030-03-01 in the URL."""

    key: str
    label: Text


@dataclass(frozen=True)
class ListSpec:
    """What a list can do. `default_sort` is as for `order_by`, and must be served by an index."""

    columns: Sequence[Column]
    default_sort: str
    filters: Sequence[Filter] = ()
    days: Sequence[DayFilter] = ()
    size: int = PAGE_SIZE
    has_search: bool = True
    search_hint: Text = ""
    csv_url: str = ""
    xlsx_url: str = ""

    @property
    def keys(self) -> list[str]:
        """What the filters are called in the URL."""
        return [one.key for one in self.filters] + [one.key for one in self.days]

    def read(self, query: QueryDict) -> "ListQuery":
        """Read what the URL asks for; what this list cannot do is ignored, so an old link still opens."""
        values = {
            one.key: query.get(one.key, "")
            for one in self.filters
            if query.get(one.key) in {str(value) for value, _ in one.choices}
        }
        days = {one.key: day for one in self.days if (day := day_read(query.get(one.key, "")))}
        allowed = {column.sort for column in self.columns if column.sort}
        sort = query.get("sort", "")
        return ListQuery(
            spec=self,
            query=query,
            search=query.get("q", "").replace("\x00", "").strip(),
            values=values,
            days=days,
            sort=sort if sort.lstrip("-") in allowed else self.default_sort,
        )


def day_read(text: str) -> date | None:
    """Return the day of an ISO date; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class ListQuery:
    """
    What one request asks of a list.

    The view filters by `search`, `values` and `days`; `page` does the rest.
    """

    spec: ListSpec
    query: QueryDict
    search: str
    values: dict[str, str]
    sort: str
    days: dict[str, date] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Test if fewer rows than all are asked for: an empty answer is then no empty page."""
        return bool(self.search or self.values or self.days)

    def page(
        self, queryset: QuerySet[Row], *, ordering: Sequence[str] = (), tie: str = "pk"
    ) -> "Listing[Row]":
        """Return the page of `queryset` that the URL names, with its links; `ordering` if not as asked."""
        page = keyset_page(
            queryset,
            ordering=ordering or [self.sort],
            tie=tie,
            cursor=self.query.get("cursor", ""),
            size=self.spec.size,
        )
        return Listing(
            asked=self,
            rows=page.rows,
            newer_url=self.url(cursor=page.newer) if page.newer else "",
            older_url=self.url(cursor=page.older) if page.older else "",
        )

    def url(self, **changes: str) -> str:
        """Return the query string with these keys changed; a new order or filter starts at the first page."""
        query = self.query.copy()
        query.pop("cursor", None)
        query.pop("all", None)
        for key, value in changes.items():
            if value:
                query[key] = value
            else:
                query.pop(key, None)
        # An address with nothing asked is the one that opens with the person's own view.
        return f"?{query.urlencode() or 'all=1'}"


@dataclass(frozen=True)
class Head:
    """One head of the table: where a click leads, and how the rows are sorted by it now, for `aria-sort`."""

    label: Text
    is_number: bool
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class Chip:
    """One filter that is on, with the address that takes it off."""

    label: Text
    value: Text
    url: str


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One page of a list with everything that its templates need."""

    asked: ListQuery
    rows: list[Row]
    newer_url: str
    older_url: str
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.asked.spec.columns]

    @property
    def chips(self) -> list[Chip]:
        asked = self.asked
        on = [Chip("", f"“{asked.search}”", asked.url(q=""))] if asked.search else []
        for one in asked.spec.filters:
            if one.key in asked.values:
                labels = {str(value): label for value, label in one.choices}
                on.append(Chip(one.label, labels[asked.values[one.key]], asked.url(**{one.key: ""})))
        days = [(day, asked.days[day.key]) for day in asked.spec.days if day.key in asked.days]
        return on + [Chip(day.label, dated(chosen), asked.url(**{day.key: ""})) for day, chosen in days]

    @property
    def filters(self) -> list[tuple[Filter, str]]:
        """The filters, each with its value now."""
        return [(one, self.asked.values.get(one.key, "")) for one in self.asked.spec.filters]

    @property
    def days(self) -> list[tuple[DayFilter, str]]:
        """The days, each as it is now."""
        known = self.asked.days
        return [(one, known[one.key].isoformat() if one.key in known else "") for one in self.asked.spec.days]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter form must send along, being neither its own fields nor the page."""
        own = {"q", "cursor", "all", *self.asked.spec.keys}
        return [
            (key, value)
            for key, value in self.asked.query.items()
            if key not in own and isinstance(value, str)
        ]

    @property
    def clear_url(self) -> str:
        return self.asked.url(q="", **dict.fromkeys(self.asked.spec.keys, ""))

    @property
    def csv_url(self) -> str:
        """What the person sees, as CSV: the same filters, without the page."""
        address = self.asked.spec.csv_url
        return f"{address}{self.asked.url()}" if address else ""

    @property
    def xlsx_url(self) -> str:
        """The same as a workbook, where the list has one."""
        address = self.asked.spec.xlsx_url
        return f"{address}{self.asked.url()}" if address else ""

    def _head(self, column: Column) -> Head:
        if not column.sort:
            return Head(column.label, column.is_number)
        now = self.asked.sort
        if now.lstrip("-") == column.sort:
            descends = now.startswith("-")
            turned = column.sort if descends else f"-{column.sort}"
            return Head(
                column.label,
                column.is_number,
                self.asked.url(sort=turned),
                "descending" if descends else "ascending",
            )
        first = f"-{column.sort}" if column.descends_first else column.sort
        return Head(column.label, column.is_number, self.asked.url(sort=first))
