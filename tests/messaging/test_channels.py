"""
What every way of sending must do, whichever it is: the same tests for each, over a real server on loopback.

A way that is new needs an entry in `SAMPLES`: which of its answers is a yes, and how its settings are told.
"""

import time
from dataclasses import dataclass, field

import pytest

from apps.messaging.channels import base, http, ways
from apps.messaging.channels.base import NotLetIn, NotYet
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Recipient
from apps.messaging.tokens import Purpose, token_make
from tests.factories.messaging import ProviderFactory
from tests.gateway import HALF, HANG_UP, NONSENSE, SILENCE, Gateway, free_port
from tests.mail import ScriptedServer

pytestmark = pytest.mark.django_db
State = Recipient.State
PATIENT = Timeouts(connect=30, command=30, answer=30)
IMPATIENT = Timeouts(connect=30, command=30, answer=1)
CONTENT = (
    b"Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nFrom: Shop <news@shop.example>\r\nTo: ann@example.com\r\n"
    b"Reply-To: desk@shop.example\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\nList-Id: <x.shop.example>\r\n'
    b"List-Unsubscribe: <https://shop.example/u/1>,\r\n <mailto:desk@shop.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Dear Ann\r\n..signed\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<p>Dear Ann</p>\r\n--b--\r\n"
)


def mail(pk=1, to="ann@example.com"):
    mail_id = f"{token_make(Purpose.MAIL, pk)}@shop.example"
    return Mail(id=pk, sender="news@shop.example", recipient=to, mail_id=mail_id, content=CONTENT)


@dataclass
class Sample:
    """How one way is told of, and what its server says when it says yes."""

    usual: object
    told: dict
    settings: dict = field(default_factory=dict)
    url: str = "api_url"
    repeats: bool = False  # whoever takes the same call once can be called again
    says_more: bool = True  # a yes is more than its status


SAMPLES = {
    "postmark": Sample(
        lambda call: (
            (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "p-1", "To": call.json["To"]})
            if call.method == "POST"
            else (200, {"Name": "Shop"})
        ),
        {"server_token": "token"},
    ),
    "mailgun": Sample(
        lambda call: (200, {"id": "<m-1@mg>", "message": "Queued. Thank you."}),
        {"api_key": "key", "webhook_signing_key": "signing"},
        {"sender_domain": "mg.shop.example"},
    ),
    "webhook": Sample(
        lambda call: (200, {"id": "w-1"}),
        {"signing_secret": "whsec_" + "c2VjcmV0" * 4},
        url="url",
        repeats=True,
        says_more=False,
    ),
    "webhook-sms": Sample(
        lambda call: (200, {"id": "w-1"}),
        {"signing_secret": "whsec_" + "c2VjcmV0" * 4},
        url="url",
        repeats=True,
        says_more=False,
    ),
    "twilio": Sample(
        lambda call: (201, {"sid": "SM-1", "status": "queued"}),
        {"auth_token": "token"},
        {"account_sid": "AC1"},
    ),
    "brevo": Sample(lambda call: (201, {"messageId": "<b-1@brevo>"}), {"api_key": "key"}),
    "sparkpost": Sample(
        lambda call: (
            200,
            {"results": {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": "s-1"}},
        ),
        {"api_key": "key"},
    ),
}


@pytest.fixture(params=sorted(SAMPLES))
def sample(request):
    return request.param, SAMPLES[request.param]


@pytest.fixture
def gateway(sample, settings):
    settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
    with Gateway(sample[1].usual) as server:
        yield server


@pytest.fixture
def provider(sample, gateway):
    key, how = sample
    return ProviderFactory(kind=key, told=how.told, settings={**how.settings, how.url: gateway.url})


@pytest.fixture
def engine(provider):
    engine = ways()[provider.kind].engine(provider, timeouts=PATIENT)
    yield engine
    engine.close()


@pytest.fixture
def impatient_engine(provider):
    engine = ways()[provider.kind].engine(provider, timeouts=IMPATIENT)
    yield engine
    engine.close()


def deliver(engine, *mails):
    return engine.deliver(mails).result(timeout=60)


def test_every_way_of_sending_is_tested_here():
    by_smtp = {"smtp-server"}  # test_smtp_provider
    assert {way.key for way in ways().values() if way.is_configured} == set(SAMPLES) | by_smtp


def test_the_mail_server_of_the_settings_keeps_the_same_promise(settings):
    with ScriptedServer() as server:
        settings.EMAIL_URL = server.url
        server.on("rcpt", "gone@example.com", "550 5.1.1 gone")
        server.on("rcpt", "later@example.com", "451 4.7.1 later")
        server.on("dot", "cut@example.com", "hang up")
        engine = ways()["smtp"].engine(None, timeouts=PATIENT)
        engine.reach()
        people = ["ann@example.com", "gone@example.com", "later@example.com", "cut@example.com"]
        outcomes = deliver(engine, *(mail(pk, to) for pk, to in enumerate(people, 1)))
        engine.close()

    assert [outcomes[pk].state for pk in range(1, 5)] == ["sent", "failed", "failed", "unknown"]
    assert [outcomes[pk].tries_again for pk in range(1, 5)] == [False, False, True, False]


def test_a_yes_is_sent_once_with_what_the_provider_calls_it(gateway, engine):
    engine.reach()

    outcomes = deliver(engine, mail(1), mail(2))

    assert {pk: outcome.state for pk, outcome in outcomes.items()} == {1: State.SENT, 2: State.SENT}
    assert len(gateway.taken) == 2
    assert "-1" in outcomes[1].answer


@pytest.mark.parametrize("misbehaviour", [SILENCE, HANG_UP, HALF, NONSENSE])
def test_without_an_answer_that_can_be_read_nobody_knows(gateway, impatient_engine, misbehaviour):
    gateway.on("", misbehaviour)

    assert deliver(impatient_engine, mail())[1].state == State.UNKNOWN
    assert len(gateway.calls) == 1  # and nobody has tried again


@pytest.mark.parametrize("answer", ["<html>Welcome</html>", "", [1, 2], None, {"hello": "world"}, "{}"])
def test_a_yes_that_says_nothing_else_is_not_believed(gateway, engine, sample, answer):
    gateway.on("", (200, answer))

    outcome = deliver(engine, mail())[1]

    assert outcome.state == (State.UNKNOWN if sample[1].says_more else State.SENT)
    assert outcome.answer.startswith("200")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_error_from_behind_the_door_does_not_say_that_it_was_not_taken(gateway, engine, sample, status):
    gateway.on("", (status, {}))

    outcome = deliver(engine, mail())[1]

    repeats = sample[1].repeats
    assert (outcome.state, outcome.tries_again) == (State.FAILED if repeats else State.UNKNOWN, repeats)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_no_is_final(gateway, engine, status):
    gateway.on("", (status, {"ErrorCode": 300, "Message": "Invalid email", "message": "no"}))

    outcome = deliver(engine, mail())[1]

    assert (outcome.state, outcome.is_retryable, outcome.tries_again) == (State.FAILED, False, False)


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_asked_to_wait_waits_as_long_as_told(gateway, engine, status):
    gateway.on("", (status, {}), headers={"Retry-After": "120"})

    outcomes = deliver(engine, *(mail(pk) for pk in range(1, 41)))

    later = [outcome for outcome in outcomes.values() if outcome.tries_again]
    assert len(later) == len(gateway.calls) <= 16  # who was in a call when the first answer came
    assert {outcome.state for outcome in outcomes.values()} == {State.FAILED, State.QUEUED}
    with pytest.raises(NotYet, match=r"1[12][0-9] more seconds"):
        engine.reach()


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_refused_stop_everything_at_once(gateway, engine, status):
    gateway.on("", (status, {"Message": "Bad token"}))

    outcomes = deliver(engine, *(mail(pk) for pk in range(1, 41)))

    assert {outcome.state for outcome in outcomes.values()} == {State.QUEUED}
    assert len(gateway.calls) <= 16
    with pytest.raises(NotLetIn, match=f"does not let us in: {status}"):
        engine.reach()


def test_credentials_that_were_mended_at_the_provider_are_tried_again_soon(gateway, engine, monkeypatch):
    monkeypatch.setattr(http, "LOCKED_FOR", 0.1)
    gateway.on("", (401, {}), times=1)
    deliver(engine, mail(1))
    time.sleep(0.2)

    engine.reach()

    assert deliver(engine, mail(2))[2].state == State.SENT


def test_a_host_that_no_dns_can_have_is_out_of_reach(provider, sample):
    provider.settings[sample[1].url] = "http://api..example"
    engine = ways()[provider.kind].engine(provider, timeouts=PATIENT)

    with pytest.raises(ServerOutOfReach, match="no name of a host"):
        engine.reach()
    with pytest.raises(ServerOutOfReach):
        ways()[provider.kind].check(provider)

    assert deliver(engine, mail())[1].state == State.QUEUED
    engine.close()


def test_a_provider_that_is_not_there_is_given_nothing(provider, sample):
    provider.settings[sample[1].url] = f"http://127.0.0.1:{free_port()}"
    engine = ways()[provider.kind].engine(provider, timeouts=PATIENT)

    with pytest.raises(ServerOutOfReach, match="No connection"):
        engine.reach()
    outcome = deliver(engine, mail())[1]

    assert (outcome.state, outcome.tries_again) == (State.QUEUED, False)
    engine.close()


def test_an_address_behind_the_firewall_is_not_gone_to(provider, gateway, settings):
    settings.OUTGOING_PRIVATE_HOSTS = []
    engine = ways()[provider.kind].engine(provider, timeouts=PATIENT)

    with pytest.raises(ServerOutOfReach, match="not a public address"):
        engine.reach()

    assert deliver(engine, mail())[1].state == State.QUEUED
    assert gateway.calls == []
    engine.close()


def test_a_redirect_is_not_followed(gateway, engine):
    gateway.on("", (302, {}), headers={"Location": f"{gateway.url}/elsewhere"})

    assert deliver(engine, mail())[1].state == State.UNKNOWN
    assert len(gateway.calls) == 1


def test_an_answer_without_end_is_not_read_to_its_end(gateway, engine):
    gateway.on("", (200, "x" * 1_100_000))

    assert deliver(engine, mail())[1].state == State.UNKNOWN


def test_the_engine_is_kept_until_the_provider_is_changed(provider):
    way = ways()[provider.kind]
    first = way.engine_kept(provider)
    again = way.engine_kept(provider)
    provider.save()
    other = way.engine_kept(provider)
    base.engines_close()

    assert first is again
    assert other is not first


class TestCheck:
    def test_finds_a_connection_that_stands(self, provider):
        ways()[provider.kind].check(provider)

    def test_finds_credentials_that_are_refused(self, provider, gateway):
        gateway.on("", (401, {}))

        with pytest.raises(NotLetIn, match="credentials"):
            ways()[provider.kind].check(provider)

    @pytest.mark.parametrize("answer", [(500, {}), (302, {}), HANG_UP, NONSENSE])
    def test_finds_whatever_else_is_wrong(self, provider, gateway, answer):
        gateway.on("", answer)

        with pytest.raises(ServerOutOfReach):
            ways()[provider.kind].check(provider)
