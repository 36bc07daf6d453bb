"""Signatures, read by somebody else's verifier, with the key out of a real name server."""

from email import message_from_bytes

import dkim as verifier
import pytest

from apps.core import clock, secrets
from apps.messaging import resolver, services
from apps.messaging.delivery import dkim
from apps.messaging.models import SendingDomain
from tests.dns import NameServer
from tests.factories.messaging import MessageFactory, RecipientFactory, SenderFactory

pytestmark = pytest.mark.django_db
KEY = dkim.key_make()
TAGS = "from", "to", "list-unsubscribe", "list-unsubscribe-post", "message-id", "subject", "date"


@pytest.fixture
def dns(settings):
    with NameServer() as server:
        settings.DNS_RESOLVERS = [server.address]
        server.text("bookend._domainkey.shop.example", f"v=DKIM1; k=rsa; p={KEY.public}")
        yield server


@pytest.fixture
def now():
    """The real one: the verifier takes no signature from the future."""
    return clock.now()


def is_verified(content):
    def ask(name, timeout=5):
        return "".join(resolver.lookup(name.decode().rstrip("."), "TXT")).encode()

    return verifier.verify(content, dnsfunc=ask)


def signer():
    return dkim.Signer(domain="shop.example", selector="bookend", private_pem=KEY.private_pem)


def on_the_wire(body):
    return b"From: Shop <news@shop.example>\r\nSubject: =?utf-8?B?w7w=?=\r\n =?utf-8?B?w7w=?=\r\n\r\n" + body


class TestSign:
    @pytest.mark.parametrize(
        "body",
        [
            b"Hello\r\n",
            b"..one dot at the beginning\r\n..\r\n...and more\r\n",
            b"\r\n\r\nempty lines\r\n\r\n\r\n",
            b"no end",
            b"spaces  \t inside\r\n",
        ],
    )
    def test_somebody_else_verifies_it(self, dns, now, body):
        signed = signer().sign(on_the_wire(body), at=now)

        assert is_verified(signed.replace(b"\r\n..", b"\r\n."))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"Hello", b"Hullo"),
            (b"Shop <", b"Evil <"),
            (b"From:", b"From: other@x.example\r\nFrom:"),
        ],
    )
    def test_a_change_on_the_way_is_seen(self, dns, now, old, new):
        signed = signer().sign(on_the_wire(b"Hello\r\n"), at=now)

        assert is_verified(signed)
        assert not is_verified(signed.replace(old, new, 1))

    def test_the_key_is_in_no_text_that_ends_up_in_logs(self):
        assert KEY.private_pem[40:80] not in repr(signer())


class TestSending:
    @pytest.fixture
    def domain(self):
        return SendingDomain.objects.create(
            name="shop.example",
            public_key=KEY.public,
            private_key=secrets.seal(KEY.private_pem),
            is_signing=True,
        )

    def test_what_a_server_gets_is_signed_with_both_list_headers(self, dns, domain, mail_server, now):
        message = MessageFactory(sender=SenderFactory(email="news@shop.example"), launched=True)
        rows = [RecipientFactory(message=message, contact__email=f"ann{n}@example.com") for n in range(3)]

        services.messages_send(now=now)

        assert len(mail_server.taken) == len(rows)
        for taken in mail_server.taken:
            signature = message_from_bytes(taken.content)["DKIM-Signature"]
            assert is_verified(taken.content)
            assert set(TAGS) <= set(signature.partition("h=")[2].partition(";")[0].split(":"))

    def test_who_does_not_sign_sends_as_before(self, domain, mail_server, now):
        SendingDomain.objects.update(is_signing=False)
        RecipientFactory(message=MessageFactory(sender__email="news@shop.example", launched=True))

        services.messages_send(now=now)

        assert mail_server.taken[0].mail["DKIM-Signature"] is None

    def test_it_holds_from_the_next_batch_on(self, dns, domain, mail_server, now):
        SendingDomain.objects.update(is_signing=False)
        message = MessageFactory(sender__email="news@shop.example", launched=True)
        RecipientFactory(message=message)
        services.messages_send(now=now)
        SendingDomain.objects.update(is_signing=True, updated_at=now)
        message.refresh_from_db()
        RecipientFactory(message=message)
        message.state, message.finished_at = "running", None
        message.save()
        services.messages_send(now=now)

        assert [bool(taken.mail["DKIM-Signature"]) for taken in mail_server.taken] == [False, True]

    def test_a_key_that_cannot_be_read_holds_the_message_with_a_reason(self, domain, mail_server, now):
        SendingDomain.objects.update(private_key="nonsense")
        row = RecipientFactory(message=MessageFactory(sender__email="news@shop.example", launched=True))

        services.messages_send(now=now)

        row.message.refresh_from_db()
        assert (row.message.state, mail_server.taken) == ("paused", [])
        assert row.message.pause_reason == "The DKIM key of the sender “Shop” cannot be read any more."

    def test_mails_return_to_the_domains_own_path_and_links_name_its_host(self, domain, mail_server, now):
        SendingDomain.objects.update(
            is_signing=False,
            return_path="back@mail.shop.example",
            tracking_host="link.shop.example",
            findings=[{"key": "tracking", "state": "ok"}],
        )
        RecipientFactory(message=MessageFactory(sender__email="news@shop.example", launched=True))

        services.messages_send(now=now)

        [taken] = mail_server.taken
        assert taken.sender.startswith("back+")
        assert taken.mail["List-Unsubscribe"].startswith("<https://link.shop.example/u/")
