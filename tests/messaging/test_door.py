"""The short way of opens and clicks: what it answers itself, and what it leaves to Django."""

from io import BytesIO

import pytest
from django.db import OperationalError

from apps.core import clock
from apps.messaging.door import Door
from apps.messaging.models import DeliveryEvent, Link
from apps.messaging.services import tracking
from apps.messaging.tokens import Purpose, token_make
from tests.factories.messaging import RecipientFactory
from tests.messaging.test_tracking import LONG_AGO, PERSON

pytestmark = pytest.mark.django_db
BEHIND = [b"Django"]


@pytest.fixture
def recipient():
    recipient = RecipientFactory(
        state="sent", finished_at=clock.now() - LONG_AGO, contact__attributes={"first_name": "Ann"}
    )
    Link.objects.create(message=recipient.message, position=1, url="https://shop.example/spring")
    return recipient


def ask(path, method="GET", **more):
    """Return the status, the headers and the body; those of Django are `BEHIND`."""
    told = {}
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }
    environ |= {"HTTP_USER_AGENT": PERSON["User-Agent"], **more}
    door = Door(lambda _environ, _start: BEHIND)
    body = door(environ, lambda status, headers: told.update(status=status, headers=dict(headers)))
    return told.get("status"), told.get("headers"), body


def opening(recipient):
    return f"/o/{token_make(Purpose.OPEN, recipient.pk)}.gif"


def click(recipient, link=1):
    return f"/c/{token_make(Purpose.CLICK, recipient.pk, link)}"


def test_an_open_is_kept_and_answered_with_the_pixel(recipient):
    status, headers, [body] = ask(opening(recipient))

    assert (status, headers["Content-Type"], body[:6]) == ("200 OK", "image/gif", b"GIF89a")
    assert headers["Content-Length"] == str(len(body))
    assert "no-store" in headers["Cache-Control"]
    event = DeliveryEvent.objects.get()
    assert (event.kind, event.recipient, event.machine_reason) == ("opened", recipient, "")


def test_a_click_is_kept_and_leads_where_the_database_says(recipient):
    status, headers, _body = ask(click(recipient), QUERY_STRING="url=https://evil.example/")

    assert (status, headers["Location"]) == ("302 Found", "https://shop.example/spring")
    assert DeliveryEvent.objects.get().link.position == 1


def test_a_destination_is_filled_in(recipient):
    Link.objects.update(url="https://shop.example/?for={{ contact.first_name }}")

    assert ask(click(recipient))[1]["Location"] == "https://shop.example/?for=Ann"


def test_a_destination_that_is_not_the_web_is_not_found_and_counted_once(recipient):
    Link.objects.update(url="//evil.example")

    status, headers, _body = ask(click(recipient))

    assert (status, "Location" in headers) == ("404 Not Found", False)
    assert DeliveryEvent.objects.count() == 1


def test_machines_are_told_apart(recipient):
    ask(opening(recipient), method="HEAD")
    ask(opening(recipient), HTTP_SEC_PURPOSE="prefetch")
    ask(opening(recipient), HTTP_USER_AGENT="curl/8.5")
    ask(opening(recipient), HTTP_USER_AGENT="")

    reasons = DeliveryEvent.objects.order_by("pk").values_list("machine_reason", flat=True)
    assert list(reasons) == ["head", "prefetch", "scanner", "no_agent"]


@pytest.mark.parametrize("path", ["/", "/o/x.gif", "/c/x", f"/c/{'A' * 30}", "/o/", "/contacts/", "/c/../x"])
def test_all_else_is_djangos(path):
    assert ask(path)[2] == BEHIND
    assert not DeliveryEvent.objects.exists()


def test_a_token_for_something_else_opens_nothing(recipient):
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.VIEW, Purpose.CLICK):
        assert ask(f"/o/{token_make(purpose, recipient.pk)}.gif")[2] == BEHIND
    assert ask(click(recipient, link=2))[2] == BEHIND
    assert ask(click(recipient), method="POST")[2] == BEHIND


def test_a_database_that_is_away_is_djangos_to_explain(recipient, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(tracking.prepared, "execute_first", away)

    assert [ask(opening(recipient))[2], ask(click(recipient))[2]] == [BEHIND, BEHIND]


def test_where_all_goes_by_https_what_does_not_is_djangos_to_send_there(recipient, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    assert ask(opening(recipient))[2] == BEHIND
    assert ask(opening(recipient), HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"
