import pytest

from apps.messaging.delivery import engine as engines
from apps.messaging.delivery.smtp import Timeouts
from tests.mail import ScriptedServer


@pytest.fixture
def mail_server(settings, monkeypatch):
    """A mail server on loopback that does as it is told; everything that is sent goes there."""
    monkeypatch.setattr(engines, "TIMEOUTS", Timeouts(connect=2, command=0.5, answer=0.5))
    with ScriptedServer() as server:
        settings.EMAIL_URL = server.url
        yield server
    engines.engines_close()
