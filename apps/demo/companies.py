"""
A few companies among the customers. The published data names none: they are invented, and say so.

Who belongs to them is told by the order of the file: the first customers who ordered, so that there is
something to see.
"""

from datetime import datetime
from itertools import islice

from apps.accounts.models import User
from apps.contacts import selectors
from apps.contacts.models import Attribute, Role
from apps.contacts.services import attribute_create, company_create, member_add
from apps.demo import hillstrom

# key, business name, type, choices, definition
DICTIONARY: list[tuple[str, str, str, list[str], str]] = [
    (
        "industry",
        "Industry",
        Attribute.Type.CHOICE,
        ["Outdoor clubs", "Schools", "Staff clothing"],
        "Whom the company buys for.",
    ),
    ("employees", "Employees", Attribute.Type.NUMBER, [], "How many people work there."),
    (
        "is_invented",
        "Invented",
        Attribute.Type.BOOLEAN,
        [],
        "Made up for the demo, with who belongs to it: the published data names no companies.",
    ),
]
# name, domain, industry, employees
COMPANIES = [
    ("Fernhill Walking Club", "fernhill-walkers.example", "Outdoor clubs", 12),
    ("Harbour Street School", "harbour-school.example", "Schools", 85),
    ("Larkin & Daughters", "larkin.example", "Staff clothing", 240),
    ("Three Rivers Canoe", "three-rivers.example", "Outdoor clubs", 6),
    ("Whitmore Logistics", "whitmore.example", "Staff clothing", 1_150),
]
PARTS = [
    (Role.DECISION_MAKER, "Head of Purchasing"),
    (Role.CHAMPION, "Team lead"),
    (Role.INFLUENCER, ""),
    (Role.USER, ""),
]


def companies_create(by: User, *, now: datetime) -> None:
    """Add the companies with their people; a second time changes nothing."""
    if selectors.companies_found(namespace="domain", value=COMPANIES[0][1]).exists():
        return
    for key, label, kind, choices, definition in DICTIONARY:
        if not Attribute.of_companies.filter(key=key).exists():
            attribute_create(
                applies_to=Attribute.Subject.COMPANY,
                key=key,
                label=label,
                type=kind,
                choices=choices,
                definition=definition,
                owner=by,
                source="Demo",
                by=by,
                now=now,
            )
    buyers = (customer.email for customer in hillstrom.customers() if customer.ordered_after is not None)
    for name, domain, industry, employees in COMPANIES:
        company = company_create(
            name=name,
            domain=domain,
            attributes={"industry": industry, "employees": employees, "is_invented": True},
            by=by,
            now=now,
        )
        for email, (role, title) in zip(islice(buyers, len(PARTS)), PARTS, strict=True):
            contact = selectors.contacts_found(namespace="email", value=email).first()
            if contact is not None:  # somebody may have erased them since the demo was loaded
                member_add(
                    company=company,
                    contact=contact,
                    role=role,
                    title=title,
                    is_primary=True,
                    by=by,
                    now=now,
                )
