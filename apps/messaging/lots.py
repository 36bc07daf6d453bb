"""Who is drawn by lot: by the contact's number alone, so that every draw can be repeated and none is kept."""

from apps.messaging import sql

# One row, whether or not anybody has set a policy.
POLICY = """
    SELECT coalesce(max(control_seed), 0) AS seed, coalesce(max(control_percent), 0) AS percent,
        coalesce(max(timezone), 'UTC') AS zone
    FROM messaging_sendingpolicy
"""


def lot(contact: str, seed: str) -> str:
    """Return SQL for a contact's lot, a number from 0 on, for a statement with parameters."""
    return f"(hashint8extended({contact}, {seed}) & 2147483647)"


def drawn(contact: str, seed: str, percent: str) -> str:
    """Return SQL for whether a contact is drawn, for a statement with parameters; the arguments are SQL."""
    return f"{lot(contact, seed)} %% 100 < {percent}"


def sample_size(people: int, *, percent: int, variants: int) -> int:
    """Return how many of so many people get the variants of an experiment: one each at least."""
    return min(people, max(variants, -(-people * percent // 100)))


def sampled(seed: str, percent: str, variants: str) -> str:
    """
    Return `drawn (id, variant)` of everyone in `judged` who may be written to, for a WITH; null: not drawn.

    The lowest lots are the sample, of the size that `sample_size` says, and the variants are dealt to them
    like cards: so their parts differ by one person at most.
    """
    return f"""
        dealt AS (
            SELECT id, row_number() OVER (ORDER BY {lot("id", seed)}, id) - 1 AS place,
                count(*) OVER () AS people
            FROM judged WHERE verdict = ''
        ), drawn AS (
            SELECT id, CASE
                WHEN place < greatest({variants}, (people * {percent} + 99) / 100) THEN place %% {variants}
                END AS variant
            FROM dealt
        )
    """


def is_control(contact_id: int) -> bool:
    """Test if a contact is in the control group as it is drawn now."""
    lot = drawn("%(contact)s::bigint", "policy.seed", "policy.percent")
    [(found,)] = sql.rows(f"SELECT {lot} FROM ({POLICY}) AS policy", {"contact": contact_id})
    return bool(found)
