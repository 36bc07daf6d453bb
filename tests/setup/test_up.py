"""`manage.py up` as a person meets it: real processes, real signals, real `kill -9`."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psycopg
import pytest
from django.db import connection

from config import embedded, env
from tests.setup.running import (
    UP,
    Running,
    data_dir_new,
    environment,
    free_port,
    names,
    processes,
    try_up,
    wait_until_nothing_runs,
)

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("up")]
EVERYTHING = {
    *("granian", "celery", "config.supervisor", "config.keeper", "config.mailcatcher", "valkey", "postgres"),
}


@pytest.fixture(scope="module")
def data_dir():
    """One installation for all tests of this module, started for the first time by whichever comes first."""
    folder = data_dir_new("up")
    yield folder
    wait_until_nothing_runs(folder)
    shutil.rmtree(folder)


def was_shut_down_cleanly(data_dir):
    """Test if PostgreSQL had nothing to recover when it was started last."""
    log = (data_dir / "log" / "postgres.log").read_text()
    last_start = log[log.rindex("starting PostgreSQL") :]
    return "database system was shut down at" in last_start and "automatic recovery" not in last_start


@pytest.mark.parametrize(
    "signum",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)],
    ids=lambda signum: signum.name,
)
def test_a_signal_stops_every_process(data_dir, signum):
    with Running(data_dir) as bookend:
        running = names(data_dir)
        assert f"Bookend is ready: http://127.0.0.1:{bookend.port}" in bookend.said
        assert json.loads(bookend.get("/readyz"))["status"] == "ok"

        code = bookend.stop(signum)

    assert code == 0
    assert running == EVERYTHING


def test_killing_the_command_leaves_no_orphan_and_no_broken_data(data_dir):
    with Running(data_dir) as bookend:
        with bookend.database() as database:
            database.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
            database.execute("INSERT INTO kept VALUES ('still here')")

        bookend.process.kill()
        wait_until_nothing_runs(data_dir)

    with Running(data_dir) as bookend, bookend.database() as database:
        assert database.execute("SELECT DISTINCT word FROM kept").fetchall() == [("still here",)]
        assert was_shut_down_cleanly(data_dir)
        assert bookend.seconds < 60  # 15 on a machine of its own


@pytest.mark.long
def test_a_start_right_after_a_kill_waits_for_what_is_still_leaving(data_dir):
    with Running(data_dir) as first:
        first.process.kill()
        first.process.wait()

        with Running(data_dir) as second:
            assert second.get("/healthz") == b'{"status": "ok"}'


def test_whatever_is_killed_comes_back(data_dir):
    with Running(data_dir) as bookend:
        for name in ("granian", "valkey-server", "postgres", "config.keeper"):
            leader(data_dir, name).kill()

            assert _until(lambda: json.loads(bookend.get("/readyz")))["status"] == "ok", name

        assert _until(lambda: names(data_dir) == EVERYTHING)


@pytest.mark.long
def test_killing_the_supervisor_stops_everything_with_a_sentence(data_dir):
    with Running(data_dir) as bookend:
        (supervisor,) = [
            process for process in processes(data_dir) if "config.supervisor" in process.cmdline()
        ]
        supervisor.kill()

        assert bookend.process.wait(60) == 1
        assert "The supervisor was killed" in bookend.process.stdout.read()


@pytest.mark.long
def test_killing_make_stops_everything(data_dir):
    """`make run` passes --with-parent; here make is a program that does nothing but wait."""
    make = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    command = [*UP, "--data-dir", str(data_dir), "--port", str(free_port()), "--no-demo", "--with-parent"]
    with subprocess.Popen(
        [sys.executable, "-c", make, *command], env=environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert "Bookend is ready" in parent.stdout.readline()

        parent.kill()
        wait_until_nothing_runs(data_dir)


def test_one_data_directory_has_one_bookend(data_dir):
    with Running(data_dir) as bookend:
        code, said = try_up("--port", str(free_port()), data_dir=data_dir)

    assert code == 1
    pid = bookend.process.pid
    assert said.splitlines() == [
        f"CommandError: Bookend is running on {data_dir} already (process {pid}): stop it first."
    ]


def test_a_taken_port_is_one_sentence(data_dir):
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        code, said = try_up("--port", str(port), data_dir=data_dir)

    assert code == 1
    assert said.splitlines() == [
        f"CommandError: Port {port} cannot be used (Address already in use): "
        "choose another, as in `make run PORT=8001`."
    ]


@pytest.fixture
def own_dir():
    folder = data_dir_new("own")
    yield folder
    wait_until_nothing_runs(folder)
    shutil.rmtree(folder)


def test_data_of_another_postgresql_are_one_sentence_that_says_what_to_do(own_dir):
    (own_dir / "postgres").mkdir(parents=True)
    (own_dir / "postgres/PG_VERSION").write_text("15\n")

    code, said = try_up("--port", str(free_port()), data_dir=own_dir)

    assert (code, len(said.splitlines())) == (1, 1)
    assert said.startswith(f"CommandError: {own_dir}/postgres was made by PostgreSQL 15 and here is ")


def test_a_cluster_that_was_being_made_at_a_power_cut_is_made_again(own_dir):
    (own_dir / "postgres.new/base").mkdir(parents=True)
    (own_dir / "postgres.new/PG_VERSION").write_text("18\n")  # initdb writes this first

    subprocess.run(
        [*UP[:2], "shell", "-c", "0"],
        env=environment(DATA_DIR=str(own_dir)),
        check=True,
        timeout=120,
    )

    assert (own_dir / "postgres/global/pg_control").exists()
    assert not (own_dir / "postgres.new").exists()


@pytest.mark.parametrize("where", ["/proc/bookend", "{file}/data"])
def test_a_data_directory_that_cannot_be_written_is_one_sentence(where, tmp_path):
    (tmp_path / "file").touch()
    folder = where.format(file=tmp_path / "file")

    code, said = try_up("--port", str(free_port()), data_dir=folder)

    assert code == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(f"CommandError: The data directory {folder} cannot be used: ")


@pytest.mark.django_db(transaction=True)
def test_nothing_embedded_is_started_for_urls_that_are_set():
    """The "servers of one's own" are those of the test run, with a database of its own."""
    folder = data_dir_new("urls")
    urls = embedded.servers(env.DATA_DIR, "valkey", "mail")
    server = connection.settings_dict
    admin = {"host": server["HOST"] or server["OPTIONS"].get("host"), "user": server["USER"]}
    with psycopg.connect(**admin, dbname="postgres", autocommit=True) as database:
        database.execute("DROP DATABASE IF EXISTS bookend_urls WITH (FORCE)")
        database.execute("CREATE DATABASE bookend_urls")
        own = {
            "DATABASE_URL": f"postgresql://{admin['user']}@/bookend_urls?host={admin['host']}",
            "REDIS_URL": urls["valkey"],
            "EMAIL_URL": urls["mail"],
        }
        with Running(folder, **own):
            running = names(folder)

        database.execute("DROP DATABASE bookend_urls WITH (FORCE)")
    assert running == {"granian", "celery", "config.supervisor"}
    assert not (folder / "postgres").exists()
    assert not (folder / "mailbox").exists()
    shutil.rmtree(folder)


def leader(data_dir, name):
    """Return the process of this name whose parent has another."""
    for process in processes(data_dir):
        if name in " ".join(process.cmdline()) and name not in " ".join(process.parent().cmdline()):
            return process
    raise AssertionError(f"{name} does not run")


def _until(get):
    """Ask again until there is an answer that is true."""
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError):
            if answer := get():
                return answer
        assert time.monotonic() < deadline
        time.sleep(0.2)
