"""Who is drawn by lot: by the contact's number alone, so that every draw can be repeated and none is kept."""

from apps.messaging import sql

# One row, whether or not anybody has set a policy.
POLICY = """
    SELECT coalesce(max(control_seed), 0) AS seed, coalesce(max(control_percent), 0) AS percent,
        coalesce(max(timezone), 'UTC') AS zone
    FROM messaging_sendingpolicy
"""


def drawn(contact: str, seed: str, percent: str) -> str:
    """Return SQL for whether a contact is drawn, for a statement with parameters; the arguments are SQL."""
    return f"(hashint8extended({contact}, {seed}) & 2147483647) %% 100 < {percent}"


def is_control(contact_id: int) -> bool:
    """Test if a contact is in the control group as it is drawn now."""
    lot = drawn("%(contact)s::bigint", "policy.seed", "policy.percent")
    [(found,)] = sql.rows(f"SELECT {lot} FROM ({POLICY}) AS policy", {"contact": contact_id})
    return bool(found)
