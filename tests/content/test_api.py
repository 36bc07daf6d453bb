from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.content.models import Template
from tests.content.mails import mjml
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.content import LONG_AGO, TemplateFactory, TemplateVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(api):
    return api(UserFactory(role="integration"), "templates:read", "templates:write", "contacts:read")


def url(name, *args):
    return reverse(f"api:template-{name}", args=args)


def errors(response):
    assert response.status_code == HTTPStatus.BAD_REQUEST
    return {error["field"]: error["message"] for error in response.json()["errors"]}


class TestTemplates:
    def test_are_listed_without_what_they_say(self, program):
        template = TemplateFactory(name="Spring")

        (row,) = program.get(url("list")).json()["results"]

        assert (row["id"], row["name"], row["version"], row["subject"]) == (
            *(template.pk, "Spring"),
            *(1, "Spring is here"),
        )
        assert "mjml" not in row

    def test_are_listed_in_a_fixed_number_of_queries(self, program, django_assert_max_num_queries):
        TemplateFactory.create_batch(20)

        with django_assert_max_num_queries(3):
            program.get(url("list"))

    @pytest.mark.parametrize(("archived", "names"), [("true", ["Old"]), ("false", ["New"])])
    def test_are_filtered_by_shelf(self, program, archived, names):
        TemplateFactory(name="New")
        TemplateFactory(name="Old", archived_at=LONG_AGO)

        rows = program.get(url("list"), {"archived": archived}).json()["results"]

        assert [row["name"] for row in rows] == names

    def test_are_made_and_read_back(self, program):
        made = program.post(
            url("list"), {"name": "Spring", "subject": "Hi", "mjml": mjml("Hello\r\n")}, format="json"
        )

        assert made.status_code == HTTPStatus.CREATED
        body = program.get(url("detail", made.json()["id"])).json()
        assert body == made.json()
        assert (body["version"], body["mjml"], body["text"]) == (1, mjml("Hello\n"), "")

    def test_are_refused_with_the_line_of_the_fault(self, program):
        response = program.post(
            url("list"), {"name": "Spring", "subject": "Hi", "mjml": mjml("\n{{ x |")}, format="json"
        )

        assert errors(response) == {"mjml": "Line 3: “{{” is never closed with “}}”."}
        assert not Template.objects.exists()

    @pytest.mark.parametrize("name", ["\u202elas", "two\nlines"])
    def test_are_called_by_a_line_that_can_be_read(self, program, name):
        response = program.post(
            url("list"), {"name": name, "subject": "Hi", "mjml": mjml("Hello")}, format="json"
        )

        assert "nothing to read" in errors(response)["name"]

    def test_a_patch_is_a_version_of_what_it_names(self, program):
        template = TemplateFactory()

        body = program.patch(url("detail", template.pk), {"subject": "Changed"}, format="json").json()

        assert (body["subject"], body["version"], body["name"]) == ("Changed", 2, template.name)
        assert body["mjml"] == template.versions.get(number=1).mjml

    def test_a_patch_over_a_newer_version_is_a_conflict(self, program):
        template = TemplateFactory()
        TemplateVersionFactory(template=template, number=2, subject="Theirs")

        response = program.patch(
            url("detail", template.pk), {"subject": "Mine", "base_version": 1}, format="json"
        )

        assert response.status_code == HTTPStatus.CONFLICT
        assert template.versions.count() == 2

    def test_deleting_archives(self, program):
        template = TemplateFactory()

        assert program.delete(url("detail", template.pk)).status_code == HTTPStatus.NO_CONTENT
        assert Template.objects.archived().get() == template

    def test_versions_are_paged_newest_first(self, program):
        template = TemplateFactory()
        TemplateVersionFactory(template=template, number=2)

        body = program.get(url("versions", template.pk), {"limit": 1}).json()

        assert [row["number"] for row in body["results"]] == [2]
        assert [row["number"] for row in program.get(body["next"]).json()["results"]] == [1]


class TestRender:
    def test_gives_what_would_be_sent_and_what_is_wrong_with_it(self, program):
        AttributeFactory(key="city")
        contact = ContactFactory(email="ann@example.com", attributes={"city": "<Lyon>"})
        version = TemplateVersionFactory(
            subject="Hi {{ contact.city }}",
            mjml=mjml('{{ contact.city }}\n<a href="https://shop.net/?e={{ contact.email }}">x</a>'),
        )

        body = program.post(url("render", version.template_id), {"contact": contact.pk}, format="json").json()

        assert body["subject"] == "Hi <Lyon>"
        assert "&lt;Lyon&gt;" in body["html"]
        assert body["text"] == "<Lyon> x (https://shop.net/?e=ann@example.com)\n"
        assert [(one["level"], one["code"], one["part"], one["line"]) for one in body["warnings"]] == [
            ("error", "no-unsubscribe", "mjml", 0),
            ("warning", "no-fallback", "subject", 1),
            ("warning", "no-fallback", "mjml", 2),
            ("note", "no-preheader", "preheader", 0),
            ("note", "text-made", "text", 0),
        ]

    def test_fills_in_somebody_typical_for_nobody(self, program):
        version = TemplateVersionFactory(mjml=mjml("{{ contact.email }}"))

        body = program.post(url("render", version.template_id), {}, format="json").json()

        assert body["text"] == "alex.morgan@example.com\n"

    def test_shows_old_versions_too(self, program):
        template = TemplateFactory(version__mjml=mjml("Old"))
        TemplateVersionFactory(template=template, number=2, mjml=mjml("New"))

        body = program.post(url("render", template.pk), {"version": 1}, format="json").json()

        assert body["text"] == "Old\n"

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"contact": 999}, "contact"),
            ({"contact": "x"}, "contact"),
            ({"contact": 10**30}, "contact"),
            ({"version": 9}, "version"),
        ],
    )
    def test_says_what_is_not_there(self, program, asked, field):
        response = program.post(url("render", TemplateFactory().pk), asked, format="json")

        assert list(errors(response)) == [field]

    @pytest.mark.parametrize(
        ("role", "scopes"),
        [("contributor", ["templates:read", "contacts:read"]), ("marketer", ["templates:read"])],
    )
    def test_shows_nobody_to_those_who_may_not_see_people(self, api, role, scopes):
        contact = ContactFactory()

        response = api(UserFactory(role=role), *scopes).post(
            url("render", TemplateFactory().pk), {"contact": contact.pk}, format="json"
        )

        assert errors(response) == {"contact": "There is no such contact."}

    def test_a_contact_it_cannot_be_filled_in_for_is_said(self, program):
        version = TemplateVersionFactory(mjml=mjml("{{ contact.email | base64_decode }}"))

        response = program.post(url("render", version.template_id), {}, format="json")

        assert "cannot be filled in for this contact" in errors(response)["contact"]
