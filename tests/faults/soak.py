"""
Send for minutes while everything fails at random: workers killed, sessions ended, mail servers that refuse,
hang up and fall silent, people who pause, leave and launch. Then all is well again, what is left is drained,
and every message is compared with the mail server's record.

    python -m tests.faults.soak [--minutes 10] [--seed N]

The seed decides which faults come, in which order, and how long they last; not what the machine makes of it.
"""

import argparse
import json
import random
import time
from collections import Counter
from contextlib import suppress

from benchmarks import scratch  # isort: skip  # sets Django up

from django.db import connection

from apps.accounts.models import User
from apps.core import clock
from apps.messaging import services
from apps.messaging.models import Message, Recipient
from tests.factories.accounts import UserFactory
from tests.factories.contacts import SuppressionFactory
from tests.faults.crew import Crew
from tests.faults.crowd import message_to
from tests.faults.truth import assert_true, drain
from tests.mail import EVERYONE, HANG_UP, SILENCE, ScriptedServer

State = Recipient.State
WAITING = ["planned", "queued", "leased"]  # not yet past the point of no return
WORKERS = 3
PEOPLE = 400
IMPATIENT = (2, 2, 2)
MOODS = ["421 4.3.2 going down", "451 4.3.0 later", "550 5.7.1 no", HANG_UP, SILENCE]


class Soak:
    """What goes wrong, a method each. `done` counts it."""

    def __init__(self, server, crew, dice):
        self.server, self.crew, self.dice = server, crew, dice
        self.lead = UserFactory(role=User.Role.MARKETING_LEAD)
        self.messages = [message_to(PEOPLE)]
        self.gone = {}  # address: how many had left when its owner was suppressed
        self.silences = 0  # mails to which the server gave no answer
        self.done = Counter()

    def run(self, seconds):
        faults = [self.kill, self.kill, self.sessions_end, self.server_is_unwell, self.people_pause]
        faults += [self.somebody_leaves, self.somebody_leaves, self.a_message_more, self.failed_are_retried]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            fault = self.dice.choice(faults)
            self.done[fault.__name__] += 1
            fault()
            self.crew.wait(self.dice.uniform(0, 1))
            if not Recipient.objects.unfinished().exists():
                self.a_message_more()

    def kill(self):
        self.crew.man()
        self.crew.kill(self.dice.choice(self.crew.workers))

    def sessions_end(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'worker-%' AND datname = current_database()"
            )

    def server_is_unwell(self):
        verb = self.dice.choice(["greeting", "ehlo", "mail", "rcpt", "data", "body", "dot"])
        mood, times = self.dice.choice(MOODS), self.dice.randrange(1, 12)
        self.silences += times if verb in {"body", "dot"} else 0
        self.server.on(verb, EVERYONE, mood, times=times)
        self.crew.wait(self.dice.uniform(0, 3))
        self.server.script.answers.clear()

    def people_pause(self):
        for message in Message.objects.filter(state="running"):
            with suppress(services.MessageRefused):  # it has ended meanwhile, or paused by itself
                services.message_pause(message=message, by=self.lead, now=clock.now())
        self.crew.wait(self.dice.uniform(0, 1))
        self._resume()

    def somebody_leaves(self):
        """Somebody who still waits; if a worker has begun their mail meanwhile, it may go."""
        row = Recipient.objects.filter(state__in=WAITING).order_by("?").first()
        if row and row.address not in self.gone:
            SuppressionFactory(address=row.address)
            begun = Recipient.objects.filter(pk=row.pk).exclude(state__in=WAITING)
            self.gone[row.address] = begun.exists()

    def a_message_more(self):
        self.messages.append(message_to(PEOPLE))

    def failed_are_retried(self):
        for message in Message.objects.filter(state__in=["running", "finished"]):
            with suppress(services.MessageRefused):  # nobody is left to retry, or it has paused by itself
                services.message_retry_failed(message=message, by=self.lead, now=clock.now())

    def end(self):
        """All is well again. Messages that paused themselves are let go on, as their owners would."""
        self.server.script.answers.clear()
        for _time in range(5):
            self._resume()
            drain(self.server)
        silent = {address for address, had_begun in self.gone.items() if not had_begun}
        unknown = 0
        for message in self.messages:
            ledger = assert_true(message, self.server, silent=silent, unknown=PEOPLE)
            unknown += ledger.states[State.UNKNOWN]
        most = self.crew.begun + self.silences
        assert unknown <= most, f"{unknown} unknown, where at most {most} could not be known"
        return unknown

    def _resume(self):
        for message in Message.objects.filter(state="paused"):
            services.message_resume(message=message, by=self.lead, now=clock.now())


def soak(*, minutes, seed):
    """Return what was done; an assertion fails where something that must hold does not."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    with scratch.database(), ScriptedServer() as server:
        server.before_answer_to_dot = lambda _taken: time.sleep(0.005)
        with Crew(server, size=WORKERS, timeouts=IMPATIENT) as crew:
            soaking = Soak(server, crew, dice)
            soaking.run(minutes * 60)
        unknown = soaking.end()
        return {
            "figure": "soak",
            "minutes": minutes,
            "seed": seed,
            "messages": len(soaking.messages),
            "recipients": Recipient.objects.count(),
            "taken": len(server.taken),
            "unknown": unknown,
            "faults": dict(soaking.done),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311  # no secret
    asked = parser.parse_args()
    print(f"SEED={asked.seed}", flush=True)
    print(json.dumps(soak(minutes=asked.minutes, seed=asked.seed)))


if __name__ == "__main__":
    main()
