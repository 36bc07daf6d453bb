"""Two who edit the same thing at once: the second is told who saved what, and loses nothing typed."""

from html import unescape
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.segments import services as segments
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory, SystemFactory, TopicFactory
from tests.factories.exports import ScheduleFactory
from tests.factories.messaging import MessageFactory
from tests.factories.segments import ContactListFactory, SegmentFactory
from tests.factories.usecases import UseCaseFactory

pytestmark = pytest.mark.django_db

# By form: what is edited, where it is shown and sent to, its name on the page, and two of its fields.
FORMS = {
    "topic": (TopicFactory, "contacts:topic-edit", "", "form", "name", "description"),
    "system": (SystemFactory, "contacts:system-edit", "", "form", "name", "ask"),
    "use case": (UseCaseFactory, "usecases:edit", "", "form", "name", "outcome"),
    "schedule": (ScheduleFactory, "exports:schedule-edit", "", "form", "name", "path"),
    "list": (
        ContactListFactory, "segments:list_detail", "segments:list_change", "about", "name", "description",
    ),
    "message": (MessageFactory, "messaging:settings-edit", "", "form", "name", "priority"),
}  # fmt: skip
PRIORITY = "low"


def shown(page, name):
    """Return what the browser sends of a form that nobody has touched."""
    form = page.context[name]
    values = {field.html_name: field.value() for field in form}
    values = {name: value for name, value in values.items() if value is not None and value is not False}
    return values | {"seen_at": page.context.get("seen", form)["seen_at"].value()}


@pytest.fixture
def other():
    return UserFactory(role="administrator", name="Olga Other")


@pytest.mark.parametrize("form", FORMS)
def test_the_second_is_told_who_saved_what_and_overwrites_only_knowingly(
    login, other, form, settings, tmp_path
):
    settings.EXPORT_ROOT = str(tmp_path)
    factory, seen_at, sent_to, name, field, second_field = FORMS[form]
    row = factory()
    seen_at, sent_to = (reverse(one, args=[row.pk]) for one in (seen_at, sent_to or seen_at))
    client = login(other)
    untouched = shown(client.get(seen_at), name)
    client.post(sent_to, untouched | {field: "What Olga wrote"})

    refused = client.post(sent_to, untouched | {field: "What came second", second_field: PRIORITY})

    row.refresh_from_db()
    assert getattr(row, field) == "What Olga wrote"
    told = unescape(refused.content.decode())
    assert "Olga Other has saved this since you opened it" in told
    assert field in told.partition("since you opened it: ")[2][:60]
    assert 'value="What came second"' in told

    again = client.post(sent_to, shown(refused, name) | {field: "What came second"})

    row.refresh_from_db()
    assert again.status_code == HTTPStatus.FOUND
    assert getattr(row, field) == "What came second"


def test_who_works_at_another_step_of_a_message_stands_in_nobodys_way(login, other):
    message, segment = MessageFactory(), SegmentFactory()
    client = login(other)
    untouched = shown(client.get(reverse("messaging:settings-edit", args=[message.pk])), "form")
    client.post(
        reverse("messaging:recipients-edit", args=[message.pk]),
        {"segments": [segment.pk], "holdout_percent": "5"},
    )

    client.post(reverse("messaging:settings-edit", args=[message.pk]), untouched | {"name": "Renamed"})

    message.refresh_from_db()
    assert (message.name, message.holdout_percent) == ("Renamed", 5)


def test_who_comes_onto_a_list_stands_in_nobodys_way(login, other, noon):
    contact_list, contact = ContactListFactory(), ContactFactory(email="ann@shop.example")
    client = login(other)
    untouched = shown(client.get(reverse("segments:list_detail", args=[contact_list.pk])), "about")
    segments.list_paste(contact_list=contact_list, text=contact.email, by=other, now=noon)

    client.post(reverse("segments:list_change", args=[contact_list.pk]), untouched | {"name": "Renamed"})

    contact_list.refresh_from_db()
    assert contact_list.name == "Renamed"


@pytest.mark.parametrize("name", ["\u202eevil", "\u200b\u200b", "two\nlines"])
@pytest.mark.parametrize("form", FORMS)
def test_a_name_that_cannot_be_read_is_refused(login, other, form, name, settings, tmp_path):
    settings.EXPORT_ROOT = str(tmp_path)
    factory, seen_at, sent_to, in_context, _field, _second = FORMS[form]
    row = factory()
    seen_at, sent_to = (reverse(one, args=[row.pk]) for one in (seen_at, sent_to or seen_at))
    client = login(other)

    refused = client.post(sent_to, shown(client.get(seen_at), in_context) | {"name": name})

    assert refused.status_code == HTTPStatus.OK
    assert refused.context[in_context].errors["name"]
