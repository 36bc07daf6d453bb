from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import Contact, ContactMerge
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory, IdentityFactory

pytestmark = pytest.mark.django_db


def url(name, contact):
    return reverse(f"contacts:{name}", args=[contact.pk])


@pytest.fixture
def person(login, lead):
    return login(lead)


@pytest.fixture
def program(api):
    return api(UserFactory(role="integration"))


@pytest.fixture
def ann():
    return ContactFactory(email="ann@example.com", attributes={"city": "Bonn"})


@pytest.fixture
def anna():
    contact = ContactFactory(email="anna@example.com", attributes={"city": "Köln"})
    IdentityFactory(contact=contact, namespace="crm", value="2")
    return contact


class TestPages:
    def test_the_other_is_found_by_any_name(self, person, ann, anna):
        for told in ("anna@example.com", "crm:2", str(anna.pk)):
            page = person.get(url("merge", ann), {"q": told})

            assert page.context["found"] == [anna]
            assert f"?other={anna.pk}" in page.content.decode()

    def test_nobody_found_is_said(self, person, ann):
        for told in ("nobody@example.com", "ann@example.com", "9" * 30, "crm:\0"):
            page = person.get(url("merge", ann), {"q": told})

            assert "Nobody else is known by this." in page.content.decode()

    def test_the_two_are_compared(self, person, ann, anna):
        # What nobody has said is no conflict.
        AttributeFactory(key="active", type="boolean", is_computed=True)
        for contact, is_active in ((ann, True), (anna, False)):
            contact.attributes["active"] = is_active
            contact.save()

        page = person.get(url("merge", ann), {"other": anna.pk})

        shown = page.content.decode()
        assert "Both are known people" in shown
        assert "<s>Köln</s>" in shown
        assert page.context["preview"].conflicts == 2

    def test_they_are_merged_once_confirmed(self, person, lead, ann, anna):
        response = person.post(url("merge", ann), {"other": anna.pk, "is_same": "on"}, follow=True)

        merge = ContactMerge.objects.get()
        assert (merge.contact, merge.gone, merge.by) == (ann, anna, lead)
        assert 'id="contact-merges"' in response.content.decode()

    @pytest.mark.parametrize(
        ("given", "refusal"),
        [
            ({}, "Confirm that you have compared the two."),
            ({"is_same": "on", "other": "0"}, "There is no such contact any more."),
        ],
    )
    def test_without_confirmation_nothing_happens(self, person, ann, anna, given, refusal):
        page = person.post(url("merge", ann), {"other": anna.pk, **given})

        assert page.status_code == HTTPStatus.OK
        assert refusal in page.content.decode()
        assert not ContactMerge.objects.exists()

    def test_the_old_page_leads_to_the_kept_contact(self, person, lead, noon, ann, anna):
        services.contact_merge(keep=ann, gone=anna, by=lead, now=noon, is_confirmed=True)

        assert person.get(url("detail", anna)).headers["Location"] == url("detail", ann)

    def test_a_merge_is_undone(self, person, lead, noon, ann, anna):
        merge = services.contact_merge(keep=ann, gone=anna, by=lead, now=noon, is_confirmed=True)

        page = person.post(url("unmerge", ann), {"merge": merge.pk}, follow=True)

        assert "They are two contacts again." in page.content.decode()
        assert set(Contact.objects.known()) == {ann, anna}

    @pytest.mark.parametrize("told", ["", "x", "9" * 30])
    def test_a_merge_that_is_not_there_is_said(self, person, ann, told):
        page = person.post(url("unmerge", ann), {"merge": told}, follow=True)

        assert "There is no such merge." in page.content.decode()

    def test_the_profile_suggests_who_may_be_the_same(self, person, ann):
        other = ContactFactory(email="a.nn@example.com")

        shown = person.get(url("alike", ann)).content.decode()

        assert f"{url('merge', ann)}?other={other.pk}" in shown

    def test_sales_sees_suggestions_but_no_merge(self, login, ann):
        ContactFactory(email="a.nn@example.com")
        client = login(UserFactory(role="sales"))

        assert url("merge", ann) not in client.get(url("alike", ann)).content.decode()
        assert client.get(url("merge", ann)).status_code == HTTPStatus.FORBIDDEN

    def test_one_more_name_is_added(self, person, ann):
        page = person.post(url("identity", ann), {"namespace": "crm", "value": "7"}, follow=True)

        assert "The contact is known by this name too." in page.content.decode()
        assert ann.identities.filter(namespace="crm", value="7").exists()

    @pytest.mark.parametrize(
        ("given", "refusal"),
        [
            ({"namespace": "crm"}, "Say the system and the name"),
            ({"namespace": "CRM!", "value": "7"}, "is not a name for identities"),
            ({"namespace": "crm", "value": "2"}, "belongs to another known person"),
        ],
    )
    def test_a_name_that_cannot_be_is_refused(self, person, ann, anna, given, refusal):
        page = person.post(url("identity", ann), given, follow=True)

        assert refusal in page.content.decode()
        assert ann.identities.get().namespace == "email"


class TestApi:
    URL = "/api/v1/contacts/"

    def test_two_known_people_need_somebody_who_confirms(self, program, ann, anna):
        refused = program.post(f"{self.URL}{ann.pk}/merge/", {"contact": anna.pk}, format="json")

        assert refused.status_code == HTTPStatus.CONFLICT
        assert not ContactMerge.objects.exists()

        told = {"contact": anna.pk, "confirm": True}
        done = program.post(f"{self.URL}{ann.pk}/merge/", told, format="json")

        assert done.json()["id"] == ann.pk
        assert {"namespace": "crm", "value": "2"} in done.json()["identities"]
        assert program.get(f"{self.URL}{anna.pk}/").status_code == HTTPStatus.NOT_FOUND
        assert program.get(self.URL, {"identity": "crm:2"}).json()["results"][0]["id"] == ann.pk

    def test_a_preview_does_nothing(self, program, ann, anna):
        told = program.get(f"{self.URL}{ann.pk}/merge/", {"contact": anna.pk}).json()

        assert (told["needs_person"], told["conflicts"]) == (True, 2)
        assert {"label": "Identities", "moves": 2, "stays": 0} in told["rows"]
        assert not ContactMerge.objects.exists()

    @pytest.mark.parametrize("contact", [None, 0, "x"])
    def test_an_unknown_contact_is_refused(self, program, ann, contact):
        refused = program.post(f"{self.URL}{ann.pk}/merge/", {"contact": contact}, format="json")

        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert refused.json()["errors"][0]["field"] == "contact"

    def test_the_last_merge_is_undone(self, program, lead, noon, ann, anna):
        services.contact_merge(keep=ann, gone=anna, by=lead, now=noon, is_confirmed=True)

        back = program.post(f"{self.URL}{ann.pk}/unmerge/", {}, format="json")

        assert back.json()["id"] == anna.pk
        again = program.post(f"{self.URL}{ann.pk}/unmerge/", {"contact": anna.pk}, format="json")
        assert again.status_code == HTTPStatus.BAD_REQUEST

    def test_one_more_name(self, program, ann, anna):
        url = f"{self.URL}{ann.pk}/identities/"

        told = program.post(url, {"namespace": "crm", "value": "7"}, format="json").json()
        refused = program.post(url, {"namespace": "crm", "value": "2"}, format="json")

        assert {"namespace": "crm", "value": "7"} in told["identities"]
        assert refused.status_code == HTTPStatus.CONFLICT
