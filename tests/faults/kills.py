"""
Kill workers with `kill -9` at random moments of one large send, and compare with the mail server's record.

Nobody may get it twice, nobody may be lost, and as many may end as unknown as were past the point of no
return when their worker was killed: not one more.

    python -m tests.faults.kills [--kills 200] [--messages 50000] [--workers 2] [--seed N]
"""

import argparse
import json
import random
import time

from benchmarks import scratch  # isort: skip  # sets Django up

from apps.messaging.models import Recipient
from tests.faults.crew import Crew
from tests.faults.crowd import message_to
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import wait_until
from tests.mail import ScriptedServer

State = Recipient.State
PATIENCE = 600


def kill_again_and_again(*, kills, people, workers, seed):
    """Return the figures; an assertion fails where one of them may not be."""
    dice = random.Random(seed)  # noqa: S311  # when to strike, no secret
    with scratch.database(), ScriptedServer() as server:
        message = message_to(people)
        started = time.monotonic()
        most = 0  # unknown of one worker
        with Crew(server, size=workers) as crew:
            for number in range(kills):
                goal = people * (number + dice.random()) / (kills + 1)
                wait_until(lambda goal=goal: crew.man() or _done(message) >= goal, "it sends", PATIENCE)
                crew.wait(dice.uniform(0, 0.05))
                most = max(most, crew.kill(dice.choice(crew.workers)))
            wait_until(lambda: crew.man() or _done(message) > people - 500, "it is nearly through", PATIENCE)
        drain(server)
        ledger = assert_true(message, server, unknown=crew.begun)
        unknown = ledger.states[State.UNKNOWN]
        assert most <= IN_HAND, f"{most} in one worker's hands"
        assert unknown == crew.begun, f"{unknown} unknown, {crew.begun} were begun"
        taken = len(server.taken)
        return {
            "figure": "worker_kills",
            "messages": people,
            "kills": crew.kills,
            "workers": workers,
            "duplicates": taken - len({one.recipient for one in server.taken}),
            "lost": people - ledger.states[State.SENT] - unknown,
            "unknown": unknown,
            "begun_when_killed": crew.begun,
            "most_of_one_worker": most,
            "unknown_that_had_arrived": taken - ledger.states[State.SENT],
            "seconds": round(time.monotonic() - started, 1),
            "seed": seed,
        }


def _done(message):
    """How many are at their end. Not how many the server took: the dead leave some that it never got."""
    time.sleep(0.05)
    return message.recipients.filter(state__in=[State.SENT, State.UNKNOWN]).count()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311  # no secret
    asked = parser.parse_args()
    print(f"SEED={asked.seed}", flush=True)
    figures = kill_again_and_again(
        kills=asked.kills, people=asked.messages, workers=asked.workers, seed=asked.seed
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
