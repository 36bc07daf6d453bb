"""
The customers of the published experiment, and when they came. Pure.

The data says whether someone visited, ordered and spent within two weeks, not when, nor who they were:
addresses and times are derived from the row number, the same at each load, and events say so.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).parent / "data" / "hillstrom.csv.gz"
TWO_WEEKS = timedelta(days=14)
SENDING_TAKES = timedelta(minutes=10)  # nobody comes before the last mail has left
MENS, WOMENS, NONE = "Mens E-Mail", "Womens E-Mail", "No E-Mail"
# Marks what was made up: the rest is as published.
SIMULATED = {"time": "simulated"}

# Column of the published file → key of the dictionary.
COLUMNS = {
    "recency": "months_since_purchase",
    "history_segment": "spend_band",
    "history": "spend_past_year",
    "mens": "bought_mens",
    "womens": "bought_womens",
    "zip_code": "area",
    "newbie": "is_new_customer",
    "channel": "purchase_channel",
    "treatment": "test_group",
}


@dataclass(frozen=True)
class Customer:
    """One row. The times count from the hour of the e-mail; None: did not happen. `spend` is in dollars."""

    number: int
    row: dict[str, str]
    visited_after: timedelta | None
    ordered_after: timedelta | None
    spend: Decimal

    @property
    def email(self) -> str:
        return f"customer-{self.number:05}@example.com"

    @property
    def group(self) -> str:
        return self.row["treatment"]


def customers() -> Iterator[Customer]:
    """Yield the 64,000 customers in the order of the file."""
    with gzip.open(FILE, "rt", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            visited_after = _moment(number) if row["visit"] == "1" else None
            ordered_after = None
            if visited_after is not None and row["conversion"] == "1":
                # Within the visit, and within the two weeks.
                ordered_after = visited_after + min(timedelta(minutes=12), (TWO_WEEKS - visited_after) / 2)
            yield Customer(number, row, visited_after, ordered_after, Decimal(row["spend"]))


def _moment(number: int) -> timedelta:
    """Return a time within the two weeks; most come early, as readers of e-mail do."""
    digest = hashlib.sha256(f"hillstrom:{number}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return SENDING_TAKES + (TWO_WEEKS - SENDING_TAKES) * (share * share)


def contacts_csv() -> bytes:
    """Return the customers as the spreadsheet a team would upload: an address, and the published columns."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["email", *COLUMNS])
    for customer in customers():
        writer.writerow([customer.email, *(customer.row[column] for column in COLUMNS)])
    return file.getvalue().encode()
