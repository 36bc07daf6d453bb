import pytest

from apps.accounts.models import User
from apps.messaging.delivery import engine as engines
from apps.messaging.delivery.smtp import Timeouts
from tests.factories.accounts import UserFactory
from tests.mail import ScriptedServer


@pytest.fixture
def mail_server(settings, monkeypatch):
    """A mail server on loopback that does as it is told; everything that is sent goes there."""
    monkeypatch.setattr(engines, "TIMEOUTS", Timeouts(connect=30, command=30, answer=30))
    with ScriptedServer() as server:
        settings.EMAIL_URL = server.url
        yield server
    engines.engines_close()


@pytest.fixture
def impatient(mail_server, monkeypatch):
    """For a mail server that falls silent after the dot: nobody waits for it long."""
    monkeypatch.setattr(engines, "TIMEOUTS", Timeouts(connect=30, command=30, answer=2))


@pytest.fixture
def owner():
    """Someone who sends a channel's messages, but may not see people."""
    return UserFactory(role=User.Role.CONTRIBUTOR)
