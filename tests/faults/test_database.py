"""
PostgreSQL ends sessions, stops in order or at once, gives in to deadlocks, and lets nobody in. Workers go on
when it is back; what the mail server has said meanwhile is not forgotten.
"""

import os
import shutil
import signal
import subprocess
import time
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.db import connection

from apps.messaging.models import Recipient
from config import embedded, servers
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import Worker, count, wait_until
from tests.setup.running import data_dir_new, wait_until_nothing_runs

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
WORKERS = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def others(statement):
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} FROM {WORKERS}")
        return cursor.fetchone()[0]


def sessions_end():
    """End every session of the test's database but our own, as an administrator might."""
    return others("SELECT count(pg_terminate_backend(pid))")


def slowly(_taken):
    time.sleep(0.02)


class TestSessions:
    def test_ended_again_and_again_while_workers_send(self, server, message, dice):
        server.before_answer_to_dot = slowly
        ended = 0
        for _time in range(2):
            goal = len(server.taken) + dice.randrange(1, 8)
            with Worker(server) as worker:
                wait_until(lambda goal=goal: len(server.taken) >= goal or not count("queued"), "it sends")
                ended += sessions_end()
                worker.end()
        assert ended >= 1
        drain(server)

        # Whoever lost its session was alive, and wrote down what it knew: nothing is unknown.
        assert assert_true(message, server).states[State.SENT] == 60

    def test_one_that_cannot_come_back_yet_writes_the_answers_down_when_it_can(self, server, message):
        server.before_answer_to_dot = slowly
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE faulty LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
        try:
            with Worker(server, user="faulty") as worker:
                wait_until(lambda: len(server.taken) >= 8, "it sends")
                with connection.cursor() as cursor:
                    cursor.execute("ALTER ROLE faulty CONNECTION LIMIT 0")
                sessions_end()
                time.sleep(2)  # too many connections, whenever it asks
                known = count("sent")
                with connection.cursor() as cursor:
                    cursor.execute("ALTER ROLE faulty CONNECTION LIMIT -1")
                worker.end()
            assert count("sent") > known
            assert count("unknown", "sending") == 0
            drain(server)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP ROLE faulty")

        assert assert_true(message, server).states[State.SENT] == 60


@pytest.mark.parametrize("code", ["40P01", pytest.param("40001", marks=pytest.mark.long)])
def test_deadlocks_and_serialisation_errors_cost_time_and_nothing_else(server, message, code):
    """Every third statement that changes the ledger is given up, as PostgreSQL does with one of two."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE SEQUENCE faults;
            CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('faults') % 3 = 0 THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{code}'; END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER faults BEFORE UPDATE ON messaging_recipient
                FOR EACH STATEMENT EXECUTE FUNCTION give_up()
            """
        )
    try:
        for _ring in range(12):
            with Worker(server, act="apps.messaging.services.messages_send") as worker:
                worker.end()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION give_up CASCADE; DROP SEQUENCE faults")
    drain(server)

    assert assert_true(message, server).states[State.SENT] == 60


class Cluster:
    """A PostgreSQL of its own, which may be stopped; its keeper starts it again."""

    def __init__(self, folder):
        self.folder = folder
        url = urlsplit(embedded.servers(folder, "postgres")["postgres"])
        self._lease = embedded._leases.pop()
        self.host = parse_qs(url.query)["host"][0]

    def close(self):
        self._lease.close()
        wait_until_nothing_runs(self.folder)
        shutil.rmtree(self.folder)

    def copy(self):
        """Give it the tables of the test's database, and nothing else."""
        usual = connection.settings_dict
        host = usual["HOST"] or usual["OPTIONS"]["host"]
        dump = [servers.postgres_bin("pg_dump"), "-h", host, "-U", usual["USER"], usual["NAME"]]
        psql = [servers.postgres_bin("psql"), "-h", self.host, "-U", "postgres", "-qX", "bookend"]
        again = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        subprocess.run([*psql, "-c", again], check=True, capture_output=True)
        tables = subprocess.run(dump, check=True, capture_output=True).stdout
        subprocess.run(psql, input=tables, check=True, capture_output=True)

    def stop(self, signum):
        pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signum)
        wait_until(lambda: not self._answers() or self._pid() != pid, "it is gone")

    def wait(self):
        wait_until(self._answers, "it is back")

    def _pid(self):
        try:
            return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError):
            return None

    def _answers(self):
        try:
            psycopg.connect(host=self.host, user="postgres", dbname="bookend", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def own_cluster():
    cluster = Cluster(data_dir_new("faults"))
    yield cluster
    cluster.close()


@pytest.fixture
def cluster(own_cluster, transactional_db):
    """The test's own cluster instead of the one that all tests share."""
    own_cluster.copy()
    usual = dict(connection.settings_dict)
    connection.close()
    options = usual["OPTIONS"] | {"host": own_cluster.host}
    connection.settings_dict.update(NAME="bookend", HOST="", PORT="", USER="postgres", OPTIONS=options)
    yield own_cluster
    own_cluster.wait()
    connection.close()
    connection.settings_dict.update(usual)


@pytest.mark.long
def test_stopped_in_order_and_at_once_while_workers_send(cluster, server, message, dice):
    server.before_answer_to_dot = slowly
    stops = [signal.SIGINT, signal.SIGQUIT]
    for signum in stops:  # "fast", then "immediate": with recovery
        goal = len(server.taken) + dice.randrange(1, 12)
        with Worker(server) as worker:
            wait_until(lambda goal=goal: len(server.taken) >= goal, "it sends")
            cluster.stop(signum)
            worker.end()
        cluster.wait()
        connection.close()  # our own session has ended too
    drain(server)

    assert_true(message, server, unknown=len(stops) * IN_HAND)
