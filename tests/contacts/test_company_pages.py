from datetime import date
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.contacts.models import Company, CompanyMember, Contact
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ContactFactory,
    IdentityFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client):
    client.force_login(UserFactory(role=User.Role.MARKETING_LEAD))
    return client


@pytest.fixture
def sales(client):
    client.force_login(UserFactory(role=User.Role.SALES))
    return client


@pytest.fixture
def acme():
    AttributeFactory(applies_to="company", key="industry", label="Industry")
    AttributeFactory(key="city", label="City")  # of contacts: nothing of it stands on these pages
    return CompanyFactory(name="Acme", domain="acme.com", attributes={"industry": "Tools"})


def url(name, *args):
    return reverse(f"contacts:company-{name}", args=args)


class TestList:
    def test_shows_companies_with_their_attributes_and_people(self, lead, acme):
        CompanyMemberFactory(company=acme)

        page = lead.get(url("list"))

        assert [(company.name, company.people) for company in page.context["listing"].rows] == [("Acme", 1)]
        assert [str(head.label) for head in page.context["listing"].heads] == [
            "Name",
            "Industry",
            "People",
            "Added",
        ]
        assert "acme.com" in page.text

    def test_is_narrowed_by_an_attribute_through_the_url(self, lead, acme):
        CompanyFactory(name="Bolt")

        page = lead.get(
            url("list"), {"attribute": "industry", "operator": "eq", "value": "tools"}, follow=True
        )

        assert [company.name for company in page.context["listing"].rows] == ["Acme"]
        assert [str(chip.label) for chip in page.context["listing"].chips] == ["Industry"]

    def test_answers_htmx_with_the_list_alone(self, lead, acme):
        page = lead.get(url("list"), {"q": "ac"}, headers={"hx-request": "true"})

        assert page.text.lstrip().startswith('<div id="company-list"')

    def test_costs_the_same_for_one_company_and_for_many(self, lead, acme, django_assert_max_num_queries):
        CompanyFactory.create_batch(20)

        with django_assert_max_num_queries(9):
            lead.get(url("list"))


class TestDetail:
    def test_shows_attributes_people_and_identities(self, lead, acme):
        acme.identities.create(namespace="group", value="g-1", created_at=acme.created_at)
        member = CompanyMemberFactory(company=acme, role="champion", title="Buyer", since=date(2029, 1, 1))

        page = lead.get(url("detail", acme.pk))

        for text in ("Tools", "g-1", member.contact.email, "Champion", "Buyer", "1 person belongs to it."):
            assert text in page.text

    def test_sales_looks_and_changes_nothing(self, sales, acme):
        CompanyMemberFactory(company=acme)

        page = sales.get(url("detail", acme.pk))

        assert page.status_code == HTTPStatus.OK
        assert "Add a person" not in page.text
        assert "company-delete" not in page.text

    def test_costs_the_same_for_one_person_and_for_many(self, lead, acme, django_assert_max_num_queries):
        CompanyMemberFactory.create_batch(20, company=acme)

        with django_assert_max_num_queries(12):
            page = lead.get(url("detail", acme.pk))

        assert len(page.context["listing"].rows) == 20


class TestCreateAndChange:
    def test_adds_a_company(self, lead, acme):
        told = {"name": "Bolt", "domain": "www.bolt.com", "attr-industry": "Toys"}

        response = lead.post(url("create"), told)

        company = Company.objects.get(name="Bolt")
        assert response.headers["Location"] == url("detail", company.pk)
        assert (company.domain, company.attributes) == ("bolt.com", {"industry": "Toys"})

    def test_a_new_one_has_its_name_even_if_it_is_sent_as_unchanged(self, lead):
        lead.post(url("create"), {"name": "Bolt", "initial-name": "Bolt"})

        assert Company.objects.get().name == "Bolt"

    def test_what_is_refused_stands_beside_its_field(self, lead, acme):
        page = lead.post(url("create"), {"name": "", "domain": "acme.com"})
        taken = lead.post(url("create"), {"name": "Again", "domain": "acme.com"})

        assert list(page.context["form"].errors) == ["name"]
        assert taken.context["form"].errors["domain"] == ["Another company has this domain already."]
        assert Company.objects.count() == 1

    def test_changes_what_was_changed(self, lead, acme):
        shown = {"initial-name": "Acme", "initial-domain": "acme.com", "initial-attr-industry": "Tools"}

        lead.post(url("edit", acme.pk), shown | {"name": "Acme", "domain": "", "attr-industry": "Toys"})

        acme.refresh_from_db()
        assert (acme.name, acme.domain, acme.attributes) == ("Acme", "", {"industry": "Toys"})

    def test_what_somebody_else_has_changed_is_shown_before_it_is_overwritten(self, lead, acme):
        shown = {"initial-name": "Acme Old", "initial-domain": "acme.com", "initial-attr-industry": "Tools"}

        page = lead.post(
            url("edit", acme.pk), shown | {"name": "Acme New", "domain": "acme.com", "attr-industry": "Tools"}
        )

        assert "“Acme”" in page.context["form"].errors["name"][0]
        acme.refresh_from_db()
        assert acme.name == "Acme"


class TestDelete:
    def test_says_that_the_people_stay_and_deletes(self, lead, acme):
        CompanyMemberFactory(company=acme)
        page = lead.get(url("detail", acme.pk))

        response = lead.post(url("delete", acme.pk), follow=True)

        assert "who stays a contact" in page.text
        assert "Its people are still contacts" in response.text
        assert not Company.objects.exists()
        assert Contact.objects.count() == 1


class TestMembers:
    @pytest.mark.parametrize("person", ["ann@example.com", " ANN@example.com", "crm:7"])
    def test_a_contact_is_put_in_by_address_or_identity(self, lead, acme, person):
        ann = ContactFactory(email="ann@example.com")
        IdentityFactory(contact=ann, namespace="crm", value="7")

        lead.post(url("member-add", acme.pk), {"person": person, "role": "user", "is_primary": "on"})

        member = CompanyMember.objects.get()
        assert (member.contact, member.role, member.is_primary) == (ann, "user", True)

    def test_who_is_no_contact_and_who_belongs_already_is_refused_beside_the_field(self, lead, acme):
        member = CompanyMemberFactory(company=acme)

        unknown = lead.post(url("member-add", acme.pk), {"person": "nobody@example.com"})
        again = lead.post(url("member-add", acme.pk), {"person": member.contact.email})

        assert "Add the contact first" in unknown.context["member_form"].errors["person"][0]
        assert "already" in again.context["member_form"].errors["person"][0]
        assert CompanyMember.objects.get() == member

    def test_what_somebody_is_there_is_changed(self, lead, acme):
        member = CompanyMemberFactory(company=acme, title="Clerk")

        page = lead.get(url("member-edit", member.pk))
        lead.post(url("member-edit", member.pk), {"role": "gatekeeper", "title": "", "since": "2029-01-01"})

        assert 'value="Clerk"' in page.text
        member.refresh_from_db()
        assert (member.role, member.title, member.since) == ("gatekeeper", "", date(2029, 1, 1))

    def test_a_person_is_taken_out(self, lead, acme):
        member = CompanyMemberFactory(company=acme)

        lead.post(url("member-remove", member.pk))

        assert not CompanyMember.objects.exists()

    def test_stands_on_the_page_of_the_contact(self, sales, acme):
        member = CompanyMemberFactory(company=acme, role="champion", title="Buyer", is_primary=True)

        page = sales.get(reverse("contacts:detail", args=[member.contact_id]))

        assert url("detail", acme.pk) in page.text
        assert "Buyer" in page.text
        assert url("member-edit", member.pk) not in page.text


def test_the_search_box_finds_companies(lead, acme):
    page = lead.get(reverse("search"), {"q": "acm"})

    assert url("detail", acme.pk) in page.text
