"""What two save at once about sending: the second is told, keeps what it typed, and overwrites knowingly."""

from http import HTTPStatus

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse
from lxml import html

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.collaboration.stale import saved_check
from apps.core.errors import SavedSince
from apps.messaging.models import SendingDomain, SendingPolicy
from apps.messaging.services import cap_delete, quiet_delete, rate_limit_delete
from tests.factories.accounts import UserFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    ProviderFactory,
    QuietHoursFactory,
    RateLimitFactory,
    SenderFactory,
    SendingDomainFactory,
    SendingPolicyFactory,
    WarmUpFactory,
)

pytestmark = pytest.mark.django_db

SAVED = b"has saved this since you opened it"
ROWS = {
    "sender": SenderFactory,
    "cap": FrequencyCapFactory,
    "quiet": QuietHoursFactory,
    "rate": RateLimitFactory,
    "domain-edit": SendingDomainFactory,
    "provider-edit": ProviderFactory,
}


def page_of(name):
    if name == "policy":
        SendingPolicyFactory()
        return reverse("messaging:policy-edit")
    if name == "warm-up":
        return reverse("messaging:warm-up", args=[WarmUpFactory().sender_id])
    return reverse(f"messaging:{name}", args=[ROWS[name]().pk])


def typed(response):
    """Return what the form of the page holds, as a browser would send it."""
    [form] = html.fromstring(response.content).xpath(
        "//form[.//input[@name='once']][.//button[text()='Save']]"
    )
    return {name: value or "" for name, value in form.fields.items()}


@pytest.mark.parametrize("name", [*ROWS, "warm-up", "policy"])
def test_who_saves_second_is_told_first(login, name):
    client, url = login(UserFactory(role=User.Role.ADMINISTRATOR)), page_of(name)
    first, second = typed(client.get(url)), typed(client.get(url))

    done = client.post(url, _changed(first))
    told = client.post(url, second)
    again = client.post(url, typed(told))

    assert (done.status_code, told.status_code, again.status_code) == (302, 200, 302)
    assert SAVED in told.content


def _changed(fields):
    """Return the form with something else in it: what changes nothing is no change to anybody."""
    other = {"control_percent": "7", "spf": "include:_spf.other.example"}
    return fields | {name: value for name, value in other.items() if name in fields}


def test_a_new_one_asks_nothing(login):
    page = login(UserFactory(role=User.Role.ADMINISTRATOR)).get(reverse("messaging:cap-create"))

    assert b"seen_at" not in page.content
    assert not SendingPolicy.objects.exists()


def test_what_somebody_has_deleted_does_not_come_back(login):
    client, domain = login(UserFactory(role=User.Role.ADMINISTRATOR)), SendingDomainFactory()
    read = SendingDomain.objects.get(pk=domain.pk)
    SendingDomain.objects.filter(pk=domain.pk).delete()

    with pytest.raises(SavedSince, match="has deleted this"):
        saved_check(read, read.updated_at)

    url = reverse("messaging:domain-edit", args=[domain.pk])
    assert client.post(url, {}).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("make", "delete", "word"),
    [
        (FrequencyCapFactory, cap_delete, "cap"),
        (QuietHoursFactory, quiet_delete, "quiet"),
        (RateLimitFactory, rate_limit_delete, "limit"),
    ],
)
def test_what_two_delete_is_deleted_once(noon, make, delete, word):
    row, by = make(), UserFactory(role=User.Role.ADMINISTRATOR)
    seen_by_another = type(row).objects.get(pk=row.pk)

    delete(**{word: row}, by=by, now=noon)
    with pytest.raises(ObjectDoesNotExist):
        delete(**{word: seen_by_another}, by=by, now=noon)

    assert AuditEvent.objects.filter(action__endswith=".deleted").count() == 1
