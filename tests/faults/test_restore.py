"""
A backup taken in the middle of a send and brought back after the original has sent on; tables that are
altered while workers send.
"""

import time
from contextlib import contextmanager

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core import clock
from apps.messaging import homes, services
from apps.messaging.models import Recipient, Settlement
from apps.messaging.selectors import Doubt
from tests.databases import elsewhere, program
from tests.factories.accounts import UserFactory
from tests.factories.messaging import RecipientFactory
from tests.faults.truth import assert_true, drain
from tests.faults.workers import Worker, count, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State


def slowly(_taken):
    time.sleep(0.02)


def _ring(server):
    with Worker(server, act="apps.messaging.services.messages_send") as worker:
        worker.finish()


@contextmanager
def restored(dump):
    """Bring a backup back into a database of its own, which is the one that the test uses meanwhile."""
    with elsewhere():
        program("psql", "-qX", connection.settings_dict["NAME"], input=dump)
        yield


def test_a_backup_of_the_middle_of_a_send_writes_to_nobody_twice(server, message):
    """What the original sent after the backup is unknown in the copy; people settle it by the log."""
    admin = UserFactory(role=User.Role.ADMINISTRATOR)
    server.before_answer_to_dot = slowly
    tomorrow = RecipientFactory(message=message, state="planned", due_at="2100-01-01T00:00Z")
    with Worker(server, act="tests.faults.workers.handfuls") as worker:
        wait_until(lambda: len(server.taken) >= 12, "it sends")
        dump = program("pg_dump", connection.settings_dict["NAME"])
        wait_until(lambda: len(server.taken) >= 40, "the original sends on")
        worker.kill()
    reached = {taken.recipient for taken in server.taken}

    with restored(dump):
        known = count("sent")
        _ring(server)  # a copy sends nothing by itself
        assert len(server.taken) == len(reached)
        doubted = services.sending_restore_here(by=admin, now=clock.now())
        _ring(server)
        assert len(server.taken) == len(reached)
        assert doubted == count("unknown") == 60 - known
        tomorrow.refresh_from_db()
        assert tomorrow.state == "planned"

        unknown = list(message.recipients.filter(state="unknown").values_list("pk", "address"))
        for verdict, rows in (
            (Settlement.Verdict.SENT, [pk for pk, address in unknown if address in reached]),
            (Settlement.Verdict.NOT_SENT, [pk for pk, address in unknown if address not in reached]),
        ):
            services.recipients_settle(
                message=message,
                doubt=Doubt(recipients=rows),
                verdict=verdict,
                reason="by the server's log",
                by=admin,
                now=clock.now(),
            )
        drain(server)  # as if tomorrow had come
        ledger = assert_true(message, server)
    assert ledger.states[State.SENT] == 61


def test_a_backup_brought_back_over_its_own_database_is_a_copy_too(message):
    admin = UserFactory(role=User.Role.ADMINISTRATOR)
    homes.settle_in(now=clock.now())
    with restored(program("pg_dump", connection.settings_dict["NAME"])):
        services.sending_move_here(by=admin, now=clock.now())
        again = program("pg_dump", "--clean", "--if-exists", connection.settings_dict["NAME"])
        assert not homes.is_copy()
        connection.close()
        program("psql", "-qX", connection.settings_dict["NAME"], input=again)
        assert homes.is_copy()


def test_tables_that_are_altered_while_workers_send_cost_time_and_nothing_else(server, message):
    """As migrations do: what workers have prepared must be planned anew, and locks be waited for."""
    server.before_answer_to_dot = slowly
    tables = ["messaging_recipient", "messaging_message", "contacts_contact"]
    with Worker(server, act="tests.faults.workers.handfuls") as worker:
        for number, table in enumerate(tables, start=1):
            wait_until(lambda goal=number * 12: len(server.taken) >= goal, "it sends")
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN migrated integer NOT NULL DEFAULT 0")
                cursor.execute(f"CREATE INDEX CONCURRENTLY migrated_{number} ON {table} (migrated)")
        worker.finish()
    try:
        drain(server)
        assert assert_true(message, server).states[State.SENT] == 60
    finally:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DROP COLUMN migrated")
