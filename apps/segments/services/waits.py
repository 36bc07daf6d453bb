"""When a segment or a definition is asked again: what worked, what failed, and what may have passed."""

from datetime import timedelta

EVERY = timedelta(minutes=5)
# A rule may keep a server busy for this part of the time at most: a slow one is asked less often.
SHARE_OF_TIME = 30
FAULTY_AGAIN = timedelta(hours=1)  # a rule that cannot be used may be usable again
# After a timeout, a lock or a lost connection, which say nothing of the rule.
SOON_AGAIN = timedelta(minutes=1)


def wait_after_trouble(*, fault: str, took: timedelta) -> timedelta:
    """
    Return how long to wait after an error that may have passed; `fault` is what was said before it, or ''.

    Where it had gone wrong before, the longer this try took, the longer is the wait: a rule that always runs
    into the timeout does not keep a worker busy.
    """
    return min(max(EVERY, took * SHARE_OF_TIME), FAULTY_AGAIN) if fault else SOON_AGAIN
