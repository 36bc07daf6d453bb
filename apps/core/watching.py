"""Pages that are live for as long as somebody looks, and then stop asking."""

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest, QueryDict

ASKED = "watched"  # how often the open page has asked already; "off" where it shall not


@dataclass(frozen=True)
class Watch:
    """`query` is the page's own, without ours; `next_url` is what it asks next, '' once it shall not."""

    query: QueryDict
    next_url: str
    is_off: bool

    MOST = 120  # ten minutes of every five seconds

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        query = request.GET.copy()
        told = query.pop(ASKED, ["0"])[-1]
        count = int(told) if told.isdecimal() and len(told) < 5 else cls.MOST
        following = query.copy()
        following[ASKED] = str(count + 1)
        is_over = count >= cls.MOST
        return cls(query, "" if is_over else f"{request.path}?{following.urlencode()}", is_over)

    @property
    def on_url(self) -> str:
        """The address of the page that is live."""
        return f"?{self.query.urlencode()}"

    @property
    def off_url(self) -> str:
        """The address of the page that stands still."""
        query = self.query.copy()
        query[ASKED] = "off"
        return f"?{query.urlencode()}"
