"""A mail server as a provider: what every way of sending must do (see test_channels), in its own language."""

import pytest
from django.core.exceptions import ValidationError

from apps.messaging import services
from apps.messaging.channels import base, ways
from apps.messaging.channels.base import NotLetIn
from apps.messaging.channels.smtp.account import port_fault
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Message, Provider, Recipient
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, ProviderFactory, RecipientFactory, SenderFactory
from tests.gateway import free_port
from tests.mail import HANG_UP, SILENCE, ScriptedServer
from tests.messaging.test_channels import deliver, mail

pytestmark = pytest.mark.django_db
State = Recipient.State
PATIENT = Timeouts(connect=30, command=30, answer=30)
IMPATIENT = Timeouts(connect=30, command=30, answer=1)
TOLD = {"host": "relay.example", "security": "starttls", "port": "", "user": "shop", "password": "s3cret"}


@pytest.fixture
def server(settings):
    settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
    with ScriptedServer(extensions=["AUTH PLAIN", "PIPELINING"]) as server:
        yield server
    base.engines_close()


def make(port, **settings):
    told = {"host": "127.0.0.1", "port": str(port), "security": "none", "user": "shop"}
    return ProviderFactory(kind="smtp-server", told={"password": "s3cret"}, settings=told | settings)


@pytest.fixture
def provider(server):
    return make(server.port)


@pytest.fixture
def engine(provider):
    engine = ways()["smtp-server"].engine(provider, timeouts=PATIENT)
    yield engine
    engine.close()


def send(noon, provider, *people):
    message = MessageFactory(launched=True, sender=SenderFactory(provider=provider))
    for address in people:
        RecipientFactory(message=message, contact=ContactFactory(email=address))
    services.messages_send(now=noon)
    message.refresh_from_db()
    return message


class TestTheContract:
    def test_a_yes_is_sent_once_and_a_no_concerns_nobody_else(self, server, engine):
        server.on("rcpt", "gone@example.com", "550 5.1.1 gone")
        server.on("rcpt", "later@example.com", "451 4.7.1 later")
        server.on("dot", "cut@example.com", HANG_UP)
        engine.reach()

        people = ["ann@example.com", "gone@example.com", "later@example.com", "cut@example.com"]
        outcomes = deliver(engine, *(mail(pk, to) for pk, to in enumerate(people, 1)))

        assert [outcomes[pk].state for pk in range(1, 5)] == ["sent", "failed", "failed", "unknown"]
        assert [outcomes[pk].tries_again for pk in range(1, 5)] == [False, False, True, False]
        assert server.recipients == ["ann@example.com", "cut@example.com"]

    def test_without_an_answer_nobody_knows(self, server, provider):
        server.on("dot", "*", SILENCE)
        engine = ways()["smtp-server"].engine(provider, timeouts=IMPATIENT)

        assert deliver(engine, mail())[1].state == State.UNKNOWN
        engine.close()

    def test_a_password_that_is_refused_stops_everything(self, server, engine):
        server.on("auth", "*", "535 5.7.8 wrong")

        with pytest.raises(NotLetIn, match="refused our user name and password: 535"):
            engine.reach()

        assert server.taken == []

    def test_one_that_is_refused_for_now_is_only_a_server_that_is_away(self, server, engine):
        server.on("auth", "*", "454 4.7.0 busy")

        with pytest.raises(ServerOutOfReach) as refusal:
            engine.reach()

        assert not isinstance(refusal.value, NotLetIn)

    def test_a_server_that_is_not_there_is_given_nothing(self, server):
        engine = ways()["smtp-server"].engine(make(free_port()), timeouts=PATIENT)

        with pytest.raises(ServerOutOfReach, match="No connection"):
            engine.reach()

        assert deliver(engine, mail())[1].state == State.QUEUED
        engine.close()

    def test_an_address_behind_the_firewall_is_not_gone_to(self, server, engine, settings):
        settings.OUTGOING_PRIVATE_HOSTS = []

        with pytest.raises(ServerOutOfReach, match="not a public address"):
            engine.reach()

        assert server.connections == 0

    def test_the_engine_is_kept_until_the_provider_is_changed(self, provider):
        way = ways()["smtp-server"]
        first = way.engine_kept(provider)
        again = way.engine_kept(provider)
        provider.save()

        assert first is again
        assert way.engine_kept(provider) is not first

    def test_checking_signs_in_and_sends_nothing(self, server, provider):
        ways()["smtp-server"].check(provider)

        assert "AUTH PLAIN AHNob3AAczNjcmV0" in server.commands  # shop, s3cret
        assert not [line for line in server.commands if line.startswith("MAIL")]


class TestEncryption:
    def test_no_starttls_where_it_is_asked_for_is_no_way_to_send(self, server):
        engine = ways()["smtp-server"].engine(make(server.port, security="starttls"), timeouts=PATIENT)

        with pytest.raises(ServerOutOfReach, match="does not offer STARTTLS"):
            engine.reach()
        engine.close()
        assert not [line for line in server.commands if line.startswith("AUTH")]


class TestSaving:
    def save(self, lead, noon, **told):
        provider = Provider(kind="smtp-server", name="Relay")
        return services.provider_save(provider=provider, told=TOLD | told, by=lead, now=noon)

    def test_the_password_is_sealed(self, lead, noon):
        provider = self.save(lead, noon)

        assert "s3cret" not in str(Provider.objects.filter(pk=provider.pk).values().get())
        assert provider.secret("password") == "s3cret"

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"host": ""}, "host"),
            ({"host": "mail.example/x"}, "host"),
            ({"host": "mail..example"}, "host"),
            ({"security": "rot13"}, "security"),
            ({"port": "smtp"}, "port"),
            ({"user": "shop\r\nRCPT TO:<x>"}, "user"),
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field(self, lead, noon, told, field):
        with pytest.raises(ValidationError) as refusal:
            self.save(lead, noon, **told)

        assert list(refusal.value.message_dict) == [field]
        assert not Provider.objects.exists()

    @pytest.mark.parametrize("port", ["0", "65536", "-1", "\uff12\uff15"])
    def test_a_port_that_is_none_is_refused(self, port):
        assert port_fault(port)


class TestSending:
    def test_each_message_goes_through_the_server_of_its_sender(self, noon, server, provider, settings):
        with ScriptedServer() as other:
            settings.EMAIL_URL = other.url
            send(noon, provider, "ann@example.com")
            send(noon, None, "bob@example.com")

        assert (server.recipients, other.recipients) == (["ann@example.com"], ["bob@example.com"])

    def test_a_refused_password_pauses_the_message_and_keeps_its_people_in_line(self, noon, server, provider):
        server.on("auth", "*", "535 5.7.8 wrong")

        message = send(noon, provider, "ann@example.com")

        assert message.state == Message.State.PAUSED
        assert message.recipients.get().state == "queued"
