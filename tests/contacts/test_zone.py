"""Where a contact is: said on its page and over the API."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import Contact
from tests.factories.contacts import ContactFactory

pytestmark = pytest.mark.django_db
PARIS = "Europe/Paris"


@pytest.fixture
def client_of_api(api, lead):
    return api(lead, "contacts:read", "contacts:write")


def test_is_said_on_the_page(login, lead):
    contact = ContactFactory()

    login(lead).post(
        reverse("contacts:edit", args=[contact.pk]),
        {"email": contact.email, "initial-email": contact.email, "timezone": PARIS, "initial-timezone": ""},
    )

    contact.refresh_from_db()
    assert contact.timezone == PARIS


def test_one_that_is_no_choice_any_more_stays_until_somebody_changes_it(login, lead):
    contact = ContactFactory(timezone="Nowhere/Land")

    page = login(lead).get(reverse("contacts:edit", args=[contact.pk])).content.decode()

    assert '<option value="Nowhere/Land" selected>' in page


def test_is_said_over_the_api(client_of_api):
    made = client_of_api.post(
        reverse("api:contact-list"), {"email": "ann@x.example", "timezone": PARIS}, format="json"
    ).json()
    changed = client_of_api.patch(
        reverse("api:contact-detail", args=[made["id"]]), {"timezone": ""}, format="json"
    ).json()

    assert (made["timezone"], changed["timezone"]) == (PARIS, "")


def test_one_that_is_none_is_refused(client_of_api):
    response = client_of_api.post(
        reverse("api:contact-list"), {"email": "ann@x.example", "timezone": "Mars/Base"}, format="json"
    )

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert not Contact.objects.exists()


def test_is_said_of_many_in_one_call(client_of_api):
    stays, moves = ContactFactory(timezone=PARIS), ContactFactory(timezone=PARIS)
    rows = [
        {"email": stays.email},
        {"email": moves.email, "timezone": "Asia/Tokyo"},
        {"email": "new@x.example", "timezone": "Asia/Tokyo"},
        {"email": "bad@x.example", "timezone": "Mars/Base"},
    ]

    told = client_of_api.post(reverse("api:contact-bulk"), {"contacts": rows}, format="json").json()

    assert [row["status"] for row in told["results"]] == ["unchanged", "updated", "created", "invalid"]
    zones = dict(Contact.objects.values_list("email", "timezone"))
    assert zones == {stays.email: PARIS, moves.email: "Asia/Tokyo", "new@x.example": "Asia/Tokyo"}


class TestImport:
    TEXT = "email,Time zone\nann@example.com,Europe/Paris\nbob@example.com,Mars/Base\ncy@example.com,\n"

    def test_a_column_of_a_file_says_it_and_a_bad_one_is_refused_with_row_and_reason(self, run):
        known = services.contact_create(by=None, now="2026-01-01T00:00Z", email="cy@example.com")
        Contact.objects.filter(pk=known.pk).update(timezone="Asia/Tokyo")

        done = run(self.TEXT)

        assert done.mapping["Time zone"] == "timezone"
        assert (done.created, done.unchanged, done.invalid) == (1, 1, 1)
        fault = done.faults.get()
        assert (fault.row, fault.column, fault.reason) == (3, "Time zone", "There is no such time zone.")
        zones = dict(Contact.objects.values_list("email", "timezone"))
        assert zones == {"ann@example.com": PARIS, "cy@example.com": "Asia/Tokyo"}

    @pytest.mark.parametrize(
        ("rule", "after", "outcome"),
        [
            ("always", PARIS, "updated"),
            ("if_empty", "Asia/Tokyo", "unchanged"),
            ("never", "Asia/Tokyo", "unchanged"),
        ],
    )
    def test_it_is_written_over_as_the_rule_of_the_column_says(self, run, rule, after, outcome):
        known = services.contact_create(by=None, now="2026-01-01T00:00Z", email="ann@example.com")
        Contact.objects.filter(pk=known.pk).update(timezone="Asia/Tokyo")

        done = run(f"email,Time zone\nann@example.com,{PARIS}\n", rules={"Time zone": rule})

        known.refresh_from_db()
        assert (known.timezone, getattr(done, outcome)) == (after, 1)

    def test_the_undoing_puts_the_former_one_back(self, run):
        known = services.contact_create(by=None, now="2026-01-01T00:00Z", email="ann@example.com")
        Contact.objects.filter(pk=known.pk).update(timezone="Asia/Tokyo")
        done = run(f"email,Time zone\nann@example.com,{PARIS}\n")

        services.import_undo(import_file=done, by=None, now=done.finished_at)
        services.imports_undo(now=done.finished_at)

        known.refresh_from_db()
        assert known.timezone == "Asia/Tokyo"
