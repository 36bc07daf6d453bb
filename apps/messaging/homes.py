"""Whether this database is the one that may send, or a copy of it."""

from datetime import datetime

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from apps.messaging import sql

# A dump that was restored is in another cluster, or has another number in the same; so has a copy made by
# CREATE DATABASE. Restored over the database it was made of, its tables have other numbers: dropped and made
# anew. A replica that takes over is the same database, and sends on.
THIS = """
    (SELECT c.system_identifier || '/' || d.oid || '/' || 'messaging_sendinghome'::regclass::oid
    FROM pg_control_system() AS c, pg_database AS d WHERE d.datname = current_database())
"""
# The same as `is_copy`, for a statement that asks more than this.
IS_COPY = RawSQL(  # noqa: S611  # ours
    f"(SELECT EXISTS (SELECT FROM messaging_sendinghome WHERE id = 1 AND database <> {THIS}))",  # noqa: S608
    [],
    output_field=BooleanField(),
)


def is_copy() -> bool:
    """Test if another database than this one was sending when this one was copied from it."""
    home, this = _home_and_this()
    return home not in {None, this}


def settle_in(*, now: datetime) -> bool:
    """Return if this database may send; where none has ever sent, it is the one from now on."""
    home, this = _home_and_this()
    if home is None:
        sql.run(
            """
            INSERT INTO messaging_sendinghome (id, database, since) VALUES (1, %(this)s, %(now)s)
            ON CONFLICT DO NOTHING
            """,
            {"this": this, "now": now},
        )
    return home in {None, this}


def _home_and_this() -> tuple[str | None, str]:
    asked = f"SELECT (SELECT database FROM messaging_sendinghome WHERE id = 1), {THIS}"  # noqa: S608  # ours
    [(home, this)] = sql.rows(asked, {})
    return home, this


def leave(*, now: datetime) -> None:
    """Let this database send nothing until somebody says that it may: it was brought back from a backup."""
    sql.run(
        """
        INSERT INTO messaging_sendinghome (id, database, since) VALUES (1, 'a backup', %(now)s)
        ON CONFLICT (id) DO UPDATE SET database = excluded.database
        """,
        {"now": now},
    )


def move_here(*, by: int, now: datetime) -> bool:
    """Let this database send, and no other that is copied from it; return False if it may already."""
    moved = sql.run(
        f"UPDATE messaging_sendinghome SET database = {THIS}, since = %(now)s, by_id = %(by)s"  # noqa: S608
        f" WHERE id = 1 AND database <> {THIS}",
        {"now": now, "by": by},
    )
    return moved > 0
