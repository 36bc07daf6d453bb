import re

import pytest

from apps.contacts.selectors import contacts_as_data
from apps.messaging.delivery.composer import Composer
from tests.factories.messaging import RecipientFactory

pytestmark = pytest.mark.django_db


def html_of(recipient, noon):
    message = recipient.message
    contact = contacts_as_data([recipient.contact_id])[recipient.contact_id]
    composed = Composer(message, message.template_version).compose(recipient.pk, contact, at=noon)
    return composed.content.replace(b"=\r\n", b"")


@pytest.mark.parametrize(("is_tracked", "ways"), [(True, 1), (False, 0)], ids=["counted", "not-counted"])
def test_opens_and_clicks_are_counted_only_where_the_message_says_so(noon, settings, is_tracked, ways):
    settings.TRACKING_BASE_URL = "https://track.example"
    recipient = RecipientFactory(message__launched=True, message__is_tracked=is_tracked)

    mail = html_of(recipient, noon)

    assert (mail.count(b"https://track.example/o/") > 0) is bool(ways)
    assert (mail.count(b"https://track.example/c/") > 0) is bool(ways)
    assert b"https://track.example/u/" in mail


def test_a_senders_domain_beyond_ascii_is_in_a_labels_wherever_it_stands(noon):
    recipient = RecipientFactory(message__sender__email="news@köln.example", message__sender__reply_to="")

    mail = html_of(recipient, noon)

    assert mail.isascii()
    head = mail.partition(b"\r\n\r\n")[0].decode()
    assert "From: Shop <news@xn--kln-sna.example>" in head
    assert re.search(r"Message-ID: <[^@]+@xn--kln-sna\.example>", head)
    assert re.search(r"Feedback-ID: \d+:\d+:bookend:xn--kln-sna\.example", head)
    assert "<mailto:news@xn--kln-sna.example?subject=" in head
