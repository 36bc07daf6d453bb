import os
import random

import pytest

from tests.faults.crowd import message_to
from tests.mail import ScriptedServer


def _seed():
    """`make test-faults` names one for the whole run; else this process has one of its own."""
    return os.environ.setdefault("SEED", str(random.randrange(10**6)))  # noqa: S311  # no secret


@pytest.fixture
def dice(request):
    """Chance that comes out the same for the same SEED; the seed is shown when the test fails."""
    print(f"SEED={_seed()}")  # noqa: T201
    return random.Random(f"{_seed()} {request.node.name}")  # noqa: S311  # no secret


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def people():
    """How many a message goes to."""
    return 60


@pytest.fixture
def message(people):
    """A message on its way to `people`, all of them in line."""
    return message_to(people)
