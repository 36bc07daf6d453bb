"""What this room and those below it hold about a person; registered from `AppConfig.ready`."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.models import Company
from apps.contacts.personal import Holding, Mentions, Person, Rows

OF_CONTACT = """it.object_id = ANY(%(contacts)s::bigint[]) AND it.content_type_id = (
    SELECT id FROM django_content_type WHERE app_label = 'contacts' AND model = 'contact'
)"""

IS_PHONE = "left(value, 1) = '+'"
DIGITS = "regexp_replace({}, '[^0-9]', '', 'g')"
FIRST_ROWS = "(it.samples::text || it.columns::text)"
NO_SAMPLES = """(
    SELECT COALESCE(jsonb_agg(told || '{"samples": []}' ORDER BY place), '[]')
    FROM jsonb_array_elements(it.columns) WITH ORDINALITY AS one(told, place)
)"""


class CommentHolding(Holding):
    @property
    def _theirs(self) -> str:
        return OF_CONTACT


class MemberHolding(Holding):
    """Places in companies, told with the names of those: a number says nothing to the person."""

    def export(self, person: Person) -> Rows:
        rows = super().export(person)
        found = [row["company_id"] for row in rows]
        names = dict(Company.objects.filter(pk__in=found).values_list("pk", "name"))
        return [{**row, "company": names[row["company_id"]]} for row in rows]


# What a program has written about a company may name a person of it.
IN_COMPANY = """(position('@' IN value) > 0 OR left(value, 1) = '+')
    AND position(lower(value) IN lower({}::text)) > 0"""
WITHOUT_PERSON = f"""(
    SELECT COALESCE(jsonb_object_agg(key, told), '{{}}') FROM jsonb_each(it.attributes) AS one(key, told)
    WHERE NOT EXISTS (
        SELECT FROM unnest(%(values)s::text[]) AS value
        WHERE length(value) > 5 AND {IN_COMPANY.format("told")}
    )
)"""  # noqa: S608  # ours, as all of these


IMPORTS_ABOUT = "it.import_file_id = ANY(ARRAY(SELECT id FROM contacts_importfile WHERE about = '{}'))"


@dataclass(frozen=True)
class KeyHolding(Holding):
    """
    What imports have changed of the contact and of its places in companies, and what they have changed of
    companies where that names it; by import, as the table's only key begins with it.
    """

    with_companies: bool = True

    def export(self, person: Person) -> Rows:
        """Return what is about the person; what companies say of them is told with these."""
        return super(KeyHolding, replace(self, with_companies=False)).export(person)

    @property
    def _theirs(self) -> str:
        own = (
            f"{IMPORTS_ABOUT.format('contacts')} AND it.key = ANY(%(contacts)s::bigint[]) "
            f"OR {IMPORTS_ABOUT.format('members')} "
            "AND (it.before ->> 'contact')::bigint = ANY(%(contacts)s::bigint[])"
        )
        mentions = (
            f"{IMPORTS_ABOUT.format('companies')} AND EXISTS ("
            "SELECT FROM unnest(%(values)s::text[]) AS value "
            f"WHERE length(value) > 5 AND {IN_COMPANY.format('it.before')})"
        )
        return f"{own} OR {mentions}" if self.with_companies else own


class PairHolding(Holding):
    @property
    def _theirs(self) -> str:
        return f"{super()._theirs} OR it.other_id = ANY(%(contacts)s::bigint[])"


HOLDINGS = (
    CommentHolding(_("Comments"), "collaboration_comment"),
    Mentions(
        _("Answers to programs, kept for a day"),
        "accounts_idempotentanswer",
        mention="position(convert_to(to_json(value)::text, 'UTF8') IN it.body) > 0",
        hidden=("body", "key", "fingerprint", "headers", "user_id"),
    ),
    Holding(_("Identities"), "contacts_identity"),
    Holding(_("Events"), "contacts_event", hidden=("message_key",)),
    Holding(_("Events in quarantine"), "contacts_heldevent", hidden=("message_key",)),
    Holding(_("Where events that did not fit are found"), "contacts_eventsample", hidden=("message_key",)),
    Holding(_("Message ids seen"), "contacts_eventreceipt"),
    Holding(_("Consent"), "contacts_consent"),
    Holding(_("Consent ledger"), "contacts_consentevent", hidden=("by_id",)),
    Holding(_("Questions to confirm"), "contacts_confirmation", hidden=("address_hash", "by_id")),
    MemberHolding(_("Companies"), "contacts_companymember"),
    Mentions(
        _("Attributes of companies"),
        "contacts_company",
        mention=IN_COMPANY.format("it.attributes"),
        blanks={"attributes": WITHOUT_PERSON},
        # The rest is about the company, and about others.
        hidden=("attributes",),
    ),
    Holding(_("What looked wrong with the data"), "contacts_qualityfinding"),
    PairHolding(
        _("Who may be the same person"),
        "contacts_qualitypair",
        # The numbers are those of other people too.
        hidden=("contact_id", "other_id", "decided_by_id"),
    ),
    Holding(_("Values before and after a mend"), "contacts_qualitymendrow"),
    Holding(_("Merges"), "contacts_contactmerge", hidden=("moved", "by_id", "undone_by_id")),
    Mentions(
        _("Refused rows of imports"),
        "contacts_importfault",
        # An address may stand within a cell, and a row that could not be read is one cell.
        mention=f"EXISTS (SELECT FROM unnest(it.cells) AS cell WHERE lower(trim(cell)) = lower(value) "
        f"OR position('@' IN value) > 0 AND position(lower(value) IN lower(cell)) > 0 "
        f"OR {IS_PHONE} AND {DIGITS.format('cell')} = {DIGITS.format('value')})",
        blanks={"cells": "'{}'", "reason": "'Erased'"},
    ),
    Mentions(
        _("First rows of imports"),
        "contacts_importfile",
        # Within what stands around it: cells come with spaces and as numbers are written.
        mention=f"position(lower(value) IN lower({FIRST_ROWS})) > 0 "
        f"OR {IS_PHONE} AND position({DIGITS.format('value')} IN {DIGITS.format(FIRST_ROWS)}) > 0",
        blanks={"samples": "'{}'", "columns": NO_SAMPLES},
        # The rows beside theirs are of other people.
        hidden=("file", "columns", "samples", "mapping", "lease_token", "by_id"),
    ),
    KeyHolding(
        _("What imports changed, kept while they can be undone"),
        "contacts_importkey",
        blanks={"before": "NULL", "kept": "'erased'", "digest": "NULL"},
        hidden=("digest", "version"),
    ),
    # Last, since the others look at it; `erased_at` is when it was first done.
    Holding(
        _("The contact itself"),
        "contacts_contact",
        contact="id",
        blanks={
            "email": "''",
            "email_hash": "NULL",
            "phone": "''",
            "phone_hash": "NULL",
            "attributes": "'{}'",
            "timezone": "''",
            "erased_at": "coalesce(it.erased_at, %(now)s)",
        },
        hidden=("email_hash", "phone_hash"),
    ),
)


def register() -> None:
    for holding in HOLDINGS:
        registries.holdings.register(holding.table, holding)
