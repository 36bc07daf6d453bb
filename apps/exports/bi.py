"""
The read-only SQL views for tools of business intelligence, and the database role that may read them alone.

The views are made anew after every `migrate`; the role is made once, by `manage.py bi_role`.
"""

import hashlib
from typing import Any

from django.db import ProgrammingError, connection, transaction
from django.utils.translation import gettext as _

from apps.core.errors import DomainError

ROLE = "bookend_bi"

# name → its SELECT. Merged and erased contacts are left out, and so is whatever is said of them.
VIEWS = {
    "bi_contacts": """
        SELECT c.id AS contact_id, c.email, c.phone, c.timezone,
               c.attributes - ARRAY(SELECT key FROM contacts_attribute WHERE sensitivity = 'sensitive')
                   AS attributes,
               c.created_at, c.updated_at
        FROM contacts_contact AS c WHERE c.erased_at IS NULL""",
    "bi_identities": """
        SELECT i.contact_id, i.namespace, i.value, i.created_at
        FROM contacts_identity AS i JOIN contacts_contact AS c ON c.id = i.contact_id
        WHERE c.erased_at IS NULL""",
    "bi_attributes": """
        SELECT key, label, type, definition, source, sensitivity, uses
        FROM contacts_attribute WHERE removed_at IS NULL""",
    "bi_events": """
        SELECT id AS event_id, contact_id, name, occurred_at, received_at, source, properties
        FROM contacts_event""",
    "bi_consents": """
        SELECT o.contact_id, o.channel, o.topic, o.status, o.changed_at
        FROM contacts_consent AS o JOIN contacts_contact AS c ON c.id = o.contact_id
        WHERE c.erased_at IS NULL""",
    "bi_segments": """
        SELECT id AS segment_id, name, description, size, refreshed_at
        FROM segments_segment WHERE archived_at IS NULL""",
    "bi_segment_members": """
        SELECT m.segment_id, m.contact_id, m.since_at
        FROM segments_segmentmember AS m JOIN contacts_contact AS c ON c.id = m.contact_id
        WHERE c.erased_at IS NULL""",
    "bi_campaigns": """
        SELECT id AS campaign_id, name, stage, outcome, idea, goal_event, goal_measure, goal_target,
               goal_date, goal_reached, currency, segment_id, start_date, launch_date, created_at
        FROM campaigns_campaign WHERE archived_at IS NULL""",
    "bi_messages": """
        SELECT m.id AS message_id, m.campaign_id, h.kind AS channel, m.name, m.topic, m.state,
               m.holdout_percent, m.scheduled_at, m.launched_at, m.finished_at
        FROM messaging_message AS m JOIN campaigns_channel AS h ON h.id = m.channel_id""",
    "bi_recipients": """
        SELECT id AS recipient_id, message_id, contact_id, occurrence, state, reason, due_at, finished_at
        FROM messaging_recipient""",
    "bi_delivery_events": """
        SELECT id AS delivery_event_id, recipient_id, message_id, contact_id, kind, at, link_id,
               machine_reason
        FROM messaging_deliveryevent""",
    "bi_conversions": """
        SELECT id AS conversion_id, message_id, contact_id, recipient_id, measure, is_holdout, is_control,
               is_credited, event_id, occurred_at, value
        FROM reporting_conversion""",
    "bi_message_results": """
        SELECT message_id, audience, sent, waiting, excluded, lost, opened, opened_machine, clicked,
               clicked_machine, bounced, complained, unsubscribed, refreshed_at
        FROM reporting_messageresult""",
}
_DIGEST = hashlib.sha256(repr(VIEWS).encode()).hexdigest()[:16]


class RoleNotMade(DomainError):
    """The role cannot be made by this user of the database; the message says by whom, and how."""


def before_migrate(*, plan: list[Any] | None = None, **_about: Any) -> None:
    if plan:
        views_drop()


def after_migrate(**_about: Any) -> None:
    views_make()


def views_drop() -> None:
    with connection.cursor() as cursor:
        for name in VIEWS:
            cursor.execute(f"DROP VIEW IF EXISTS {name}")


def views_make() -> bool:
    """
    Make the views, unless they are there already; False if the tables are not, half way through migrations.

    Who may read them keeps that right.
    """
    if _are_made():
        return True
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, select in VIEWS.items():
                cursor.execute(f"DROP VIEW IF EXISTS {name}")
                # A barrier: no function that a reader brings along sees rows that the view leaves out.
                cursor.execute(f"CREATE VIEW {name} WITH (security_barrier) AS {select}")
            cursor.execute(f"COMMENT ON VIEW {next(iter(VIEWS))} IS 'bookend {_DIGEST}'")
            if role_is_there():
                _grant()
    except ProgrammingError:
        return False
    return True


def _are_made() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) = %s AND bool_or(obj_description(oid, 'pg_class') = %s) FROM pg_class "
            "WHERE relname = ANY(%s) AND relkind = 'v' AND relnamespace = current_schema()::regnamespace",
            [len(VIEWS), f"bookend {_DIGEST}", list(VIEWS)],
        )
        return cursor.fetchone()[0] is True


def role_make() -> bool:
    """
    Make the role that may read the views and nothing else, and grant it that; False if it was there already.

    It is nobody who could sign in: grant it to a user of the database who is made for the tool.

    :raises RoleNotMade: this user of the database may not make roles
    """
    is_new = not role_is_there()
    if is_new and not _may_make_roles():
        raise RoleNotMade(
            _(
                "The database user of Bookend may not make roles. Let an administrator of the database run: "
                "CREATE ROLE %(role)s NOLOGIN; then run this command again."
            )
            % {"role": ROLE}
        )
    with transaction.atomic(), connection.cursor() as cursor:
        if is_new:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
    views_make()
    with transaction.atomic():
        _grant()
        _scratch_refuse()
    return is_new


def role_is_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [ROLE])
        return bool(cursor.fetchone()[0])


def _may_make_roles() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def _grant() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        for name in VIEWS:
            cursor.execute(f"GRANT SELECT ON {name} TO {ROLE}")


# What PostgreSQL lets everybody who can sign in write: tables that live as long as they stay, large objects.
_SCRATCH = "pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer), pg_catalog.lo_from_bytea(oid, bytea)"


def _scratch_refuse() -> None:
    """
    Take from everybody what only Bookend needs, as far as this user of the database may: it fills a disk.

    Whoever owns the tables stages imports in temporary ones, also if somebody else runs this.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(datname), pg_has_role(datdba, 'USAGE'), "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user), "
            "(SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class "
            "WHERE oid = 'contacts_contact'::regclass) "
            "FROM pg_database WHERE datname = current_database()"
        )
        database, is_owner, is_superuser, owner = cursor.fetchone()
        if is_owner:
            cursor.execute(f"GRANT TEMPORARY ON DATABASE {database} TO CURRENT_USER, {owner}")
            cursor.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        if is_superuser:
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {_SCRATCH} FROM PUBLIC")
