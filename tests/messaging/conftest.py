import pytest

from apps.accounts.models import User
from apps.messaging.delivery import engine as engines
from apps.messaging.delivery.smtp import Timeouts
from tests.factories.accounts import UserFactory
from tests.mail import ScriptedServer


@pytest.fixture
def mail_server(settings, monkeypatch):
    """A mail server on loopback that does as it is told; everything that is sent goes there."""
    monkeypatch.setattr(engines, "TIMEOUTS", Timeouts(connect=2, command=0.5, answer=0.5))
    with ScriptedServer() as server:
        settings.EMAIL_URL = server.url
        yield server
    engines.engines_close()


@pytest.fixture
def owner():
    """Someone who sends a channel's messages, but may not see people."""
    return UserFactory(role=User.Role.CONTRIBUTOR)
