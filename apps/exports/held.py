"""What exports hold about a person: what somebody narrowed them to. Files are deleted after some days."""

from django.utils.translation import gettext_lazy as _

from apps.contacts import registries
from apps.contacts.personal import Mentions

OF_TERMS = (
    "position(lower(value) IN lower(it.terms::text)) > 0 "
    "OR it.terms->>'contact' = ANY(SELECT one::text FROM unnest(%(contacts)s::bigint[]) AS one)"
)


def register() -> None:
    for label, table in ((_("Exports"), "exports_export"), (_("Schedules"), "exports_schedule")):
        registries.holdings.register(
            table,
            Mentions(
                label,
                table,
                mention=OF_TERMS,
                # Without its terms an export would be one of everybody, so they are made to fit nobody.
                blanks={"terms": """'{"erased": true}'"""},
                hidden=("lease_token", "by_id", "file_name", "sha256"),
            ),
        )
