"""Workers of which always so many live: whoever is killed is followed by another. For kills and soaks."""

import time

from django.db import connection

from apps.messaging.models import Recipient
from tests.faults.workers import Worker, held_by, session_name, wait_until

ENOUGH = 0.02  # seconds between two looks


class Crew:
    """Use as a context manager. `begun` counts the rows that the dead had past the point of no return."""

    def __init__(self, server, *, size, **options):
        self.server, self.size, self.options = server, size, options
        self.workers = []
        self.begun = self.kills = 0

    def man(self):
        """Replace whoever has ended, in whatever way."""
        for worker in [worker for worker in self.workers if not worker.process.is_alive()]:
            self.workers.remove(worker)
            worker.process.close()
        while len(self.workers) < self.size:
            self.workers.append(Worker(self.server, **self.options))

    def kill(self, victim):
        """
        `kill -9` one of them, and let its leases run out. Return how many rows it had begun.

        Its session may still be committing what it was told before: that is waited for.
        """
        pid = victim.pid
        victim.kill()
        wait_until(lambda: not _has_session(pid), "the session of the dead is over")
        begun = held_by(pid).filter(state=Recipient.State.SENDING).count()
        held_by(pid).update(leased_until="2020-01-01T00:00Z")
        self.begun += begun
        self.kills += 1
        return begun

    def wait(self, seconds):
        """Let them work, and replace who ends meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.man()
            time.sleep(ENOUGH)

    def __enter__(self):
        self.man()
        return self

    def __exit__(self, *_exc):
        for worker in self.workers:
            self.kill(worker)
            worker.process.close()


def _has_session(pid):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [session_name(pid)]
        )
        return cursor.fetchone()[0] > 0
