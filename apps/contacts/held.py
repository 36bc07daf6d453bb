"""What this room and those below it hold about a person; registered from `AppConfig.ready`."""

from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.personal import Holding, Mentions

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


class KeyHolding(Holding):
    """What imports have changed of the contact; by import, as the table's only key begins with it."""

    @property
    def _theirs(self) -> str:
        return (
            "it.import_file_id = ANY(ARRAY(SELECT id FROM contacts_importfile)) "
            "AND it.key = ANY(%(contacts)s::bigint[])"
        )


class CommentHolding(Holding):
    @property
    def _theirs(self) -> str:
        return OF_CONTACT


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
    Holding(_("Message ids seen"), "contacts_eventreceipt"),
    Holding(_("Consent"), "contacts_consent"),
    Holding(_("Consent ledger"), "contacts_consentevent", hidden=("by_id",)),
    Holding(_("Questions to confirm"), "contacts_confirmation", hidden=("address_hash", "by_id")),
    Holding(_("Merges"), "contacts_contactmerge", hidden=("moved", "by_id", "undone_by_id")),
    Mentions(
        _("Refused rows of imports"),
        "contacts_importfault",
        mention=f"EXISTS (SELECT FROM unnest(it.cells) AS cell WHERE lower(trim(cell)) = lower(value) "
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
        blanks={"before": "NULL", "kept": "'erased'"},
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
