"""
The customers of the published experiment, and when they came. Pure.

The data says whether someone visited, ordered and spent within two weeks, not when, nor who they were:
addresses and times are derived from the row number, the same at each load, and events say so.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "hillstrom.csv.gz"
TWO_WEEKS = timedelta(days=14)
SENDING_TAKES = timedelta(minutes=10)  # nobody comes before the last mail has left
MENS, WOMENS, NONE = "Mens E-Mail", "Womens E-Mail", "No E-Mail"
RURAL = "Rural"
SAMPLE_DAYS = timedelta(days=3)  # within which those come whom the demo's second campaign samples
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


def address(number: int) -> str:
    return f"customer-{number:05}@example.com"


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
        return address(self.number)

    @property
    def group(self) -> str:
        return self.row["treatment"]


def customers() -> Iterator[Customer]:
    """Yield the 64,000 customers in the order of the file."""
    for number, row in _rows():
        visited_after = _moment(number) if row["visit"] == "1" else None
        ordered_after = None
        if visited_after is not None and row["conversion"] == "1":
            # Within the visit, and within the two weeks.
            ordered_after = visited_after + min(timedelta(minutes=12), (TWO_WEEKS - visited_after) / 2)
        yield Customer(number, row, visited_after, ordered_after, Decimal(row["spend"]))


def _rows() -> Iterator[tuple[int, dict[str, str]]]:
    with gzip.open(FILE, "rt", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=1)


def _moment(number: int) -> timedelta:
    """
    Return a time within the two weeks; most come early, as readers of e-mail do.

    Who is sampled comes before the winner is chosen, and the rest after it was sent: the published outcome
    of each counts then for the mail that they got.
    """
    share = _lot("hillstrom", number)
    first, last = SENDING_TAKES, TWO_WEEKS
    if number in rural_sample():
        last = SAMPLE_DAYS
    elif number in rural_rest():
        first = SAMPLE_DAYS + 2 * SENDING_TAKES
    return first + (last - first) * (share * share)


def _lot(purpose: str, number: int) -> float:
    """Return a number from 0 to 1, the same each time."""
    digest = hashlib.sha256(f"{purpose}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def rural_sample() -> Mapping[int, str]:
    """Return the sampled customers of rural areas, by number, with the e-mail of their published lot."""
    return _rural()[0]


def rural_rest() -> Mapping[int, str]:
    """Return as many others of them: those whom the published lot gave the men's e-mail."""
    return _rural()[1]


@lru_cache(maxsize=1)
def _rural() -> tuple[dict[int, str], dict[int, str]]:
    """
    Replay an experiment on published lots: half of the people try both e-mails, the rest gets the men's.

    Who by the published lot got another e-mail than the replay would send is in neither part. The lots were
    drawn at random, so what is left is what such an experiment would have found.
    """
    people = {
        number: row["treatment"]
        for number, row in _rows()
        if row["zip_code"] == RURAL and row["treatment"] != NONE
    }
    order = sorted(people, key=lambda number: _lot("sample", number))
    mens = sum(group == MENS for group in people.values())
    sample: dict[int, str] = {}
    for number in order:
        if len(sample) >= mens:
            break
        sample[number] = people[number]
        mens -= people[number] == MENS
    rest = {number: MENS for number in order if number not in sample and people[number] == MENS}
    return sample, rest


def contacts_csv() -> bytes:
    """Return the customers as the spreadsheet a team would upload: an address, and the published columns."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["email", *COLUMNS])
    for customer in customers():
        writer.writerow([customer.email, *(customer.row[column] for column in COLUMNS)])
    return file.getvalue().encode()
