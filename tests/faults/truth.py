"""
What holds after every fault, once it is over and what was left has been drained (`reliability.md`, I1 to I7).

The mail server's own record is the measure: what it took, as often as it did, whatever the ledger says.
"""

from collections import Counter

from apps.core import clock
from apps.messaging.models import UNFINISHED, Message, Recipient
from apps.messaging.selectors import ledger_problems, message_ledger
from tests.faults.workers import Worker, leases_expire, waits_end

State = Recipient.State
IN_HAND = 25  # at most so many of one worker may end as unknown
ROUNDS = 5  # one more than the tries that a row has


def drain(server):
    """Let a healthy worker go on, after the leases of the dead and the waits of the refused. Nobody helps."""
    for _round in range(ROUNDS):
        leases_expire()
        waits_end()
        with Worker(server) as worker:
            worker.finish()
        if not Recipient.objects.filter(state__in=UNFINISHED, message__state="running").exists():
            return


def assert_true(message, server, *, unknown=0, silent=()):
    """
    Assert that nobody got it twice, nobody is lost, and every row says what the server's record says.

    `unknown`: at most so many. `silent`: addresses to which nothing may have gone. Return the ledger.
    """
    message.refresh_from_db()
    ledger = message_ledger(message)
    addresses = set(message.recipients.values_list("address", flat=True))
    ours = [taken for taken in server.taken if taken.recipient in addresses]
    twice = [address for address, times in Counter(taken.recipient for taken in ours).items() if times > 1]
    assert not twice, f"I1: more than once to {len(twice)} people"
    assert ledger.audience == message.recipients.count(), "I2: the states do not sum to the audience"
    hanging = f"{message.state} {message.pause_reason!r}, {dict(ledger.lines)}"
    assert ledger.unfinished == 0, f"I2, I6: {ledger.unfinished} rows hang; {hanging}"
    assert not {taken.recipient for taken in ours} & set(silent), "I3: somebody who left was written to"
    assert message.state in {Message.State.FINISHED, Message.State.CANCELLED}, "I4"
    record = [taken.mail_id for taken in server.taken]
    assert ledger_problems(message, now=clock.now(), record=record) == [], "I5"
    assert ledger.states[State.SENT] <= len(ours) <= ledger.states[State.SENT] + ledger.states[State.UNKNOWN]
    assert ledger.states[State.UNKNOWN] <= unknown, f"{ledger.states[State.UNKNOWN]} unknown"
    _assert_over(message, server)
    return ledger


def _assert_over(message, server):
    """I4, I7: what is finished stays as it is, however often the doorbell is rung."""
    before = list(message.recipients.order_by("pk").values())
    taken = len(server.taken)
    with Worker(server, act="apps.messaging.services.messages_send") as worker:
        worker.finish()
    assert list(message.recipients.order_by("pk").values()) == before, "I4: rows moved after the end"
    assert len(server.taken) == taken, "I4: something left after the end"
