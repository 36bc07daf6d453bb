from http import HTTPStatus
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from apps.contacts import registries
from apps.contacts.models import Attribute
from apps.contacts.registries import Use
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory, EventTypeFactory

pytestmark = pytest.mark.django_db


def url(name, attribute=None):
    return reverse(f"contacts:attribute-{name}", args=[attribute.pk] if attribute else [])


def text(response):
    return response.content.decode()


@pytest.fixture
def person(login, lead):
    return login(lead)


NEW = {
    "label": "Last order",
    "applies_to": "contact",
    "key": "last_order",
    "type": "date",
    "sensitivity": "normal",
    "uses": ["insight"],
}


class TestIndexProgress:
    def test_is_asked_for_while_an_index_is_wanted_and_not_there(self, person):
        waits = AttributeFactory(is_indexed=True)
        there = AttributeFactory(is_indexed=True, index_built_at="2030-01-01T00:00Z")

        page = person.get(url("detail", waits), headers={"hx-request": "true"}).content.decode()

        assert page.strip().startswith("<dd")
        assert 'hx-trigger="every 2s"' in page
        assert "The index is being built" in page
        assert 'hx-trigger="every 2s"' not in person.get(url("detail", there)).content.decode()

    def test_that_failed_is_told_with_its_reason_and_tried_again_by_hand(self, person):
        failed = AttributeFactory(
            is_indexed=True, index_fault="Some values do not fit.", index_due_at="2030-01-01T00:00Z"
        )

        page = person.get(url("detail", failed)).content.decode()
        person.post(url("index-again", failed))

        failed.refresh_from_db()
        assert "Some values do not fit." in page
        assert 'hx-trigger="every 2s"' not in page
        assert (failed.index_fault, failed.index_due_at) == ("", None)
        assert "no index here that could not be built" in text(person.post(url("index-again", failed)))


class TestUndescribed:
    def test_are_ticked_and_tidied_in_their_own_list(self, person):
        ticked = [AttributeFactory(key=key, label=key, is_defined=False) for key in ("shoe_size", "pet")]
        AttributeFactory(key="pets", label="Pets")

        whole, own = text(person.get(url("list"))), text(person.get(url("list"), {"described": "no"}))
        told = person.post(
            reverse("contacts:attributes-adopt"), {"row": [one.pk for one in ticked] + ["x"]}, follow=True
        )

        assert ("2 keys arrived before" in whole, "data-bulk-row" in whole) == (True, False)
        assert own.count("data-bulk-row") == 2
        assert "1 key is adopted as it came." in text(told)
        assert "Left alone: “pet”: It may mean the same as “Pets”." in text(told)

    def test_nothing_ticked_is_told(self, person):
        told = person.post(reverse("contacts:attributes-remove"), follow=True)

        assert "Tick at least one." in text(told)

    def test_are_tidied_by_programs_too(self, api, lead):
        kept, gone = (AttributeFactory(key=key, is_defined=False) for key in ("shoe_size", "pet"))

        adopted = api(lead).post("/api/v1/attributes/adopt/", {"ids": [kept.pk]}, format="json")
        removed = api(lead).post("/api/v1/attributes/remove/", {"ids": [kept.pk, gone.pk]}, format="json")

        assert (adopted.status_code, adopted.json()) == (200, {"done": [kept.pk], "left": []})
        assert removed.json()["done"] == [gone.pk]
        assert [(one["id"], one["key"]) for one in removed.json()["left"]] == [(kept.pk, "shoe_size")]


def test_types_and_uses_are_told_in_plain_words(person):
    page = person.get(url("create")).content.decode()

    assert "Yes or no: such as has bought before" in page
    assert "Content: messages may print it" in page


class TestCsv:
    def test_tells_everything_of_the_entries_that_the_list_shows(self, person):
        AttributeFactory(
            key="tier",
            label="=Tier",
            type="choice",
            choices=["gold", "tin"],
            definition="How dear",
            source="CRM",
        )
        AttributeFactory(key="visits", label="Visits", type="number")
        ContactFactory(attributes={"tier": "gold"})

        told = person.get(url("csv") + "?type=choice")

        lines = b"".join(told.streaming_content).decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Business name,System name,About,Type,Choices,Definition,Owner,")
        assert lines[1:] == [
            "'=Tier,tier,Contacts,One of a list,gold; tin,How dear,,CRM,Normal,"
            "Targeting; Content; Insight,no,yes,no,100.0%"
        ]

    def test_is_there_as_a_workbook_too(self, person):
        AttributeFactory(key="tier", label="=Tier", type="number")
        AttributeFactory(key="visits", label="Visits")

        told = person.get(url("xlsx") + "?type=number")

        rows = list(load_workbook(BytesIO(told.content)).active.iter_rows(values_only=True))
        assert [row[:4] for row in rows] == [
            ("Business name", "System name", "About", "Type"),
            ("=Tier", "tier", "Contacts", "Number"),
        ]
        assert told.headers["Content-Disposition"] == 'attachment; filename="dictionary.xlsx"'

    def test_is_offered_beside_the_list(self, person):
        page = person.get(url("list"), {"type": "number"}).content.decode()

        assert (f"{url('csv')}?type=number" in page, f"{url('xlsx')}?type=number" in page) == (True, True)


class TestList:
    def test_shows_each_attribute_with_its_coverage(self, person):
        AttributeFactory(key="city", label="Town", is_defined=False)
        ContactFactory(attributes={"city": "Bonn"})
        ContactFactory()

        page = person.get(url("list")).content.decode()

        assert "≈ 50\N{NO-BREAK SPACE}%" in page
        assert "To be described" in page

    def test_costs_the_same_for_one_and_for_many(self, person, django_assert_num_queries):
        AttributeFactory()
        person.get(url("list"))
        AttributeFactory.create_batch(20)

        with django_assert_num_queries(5):
            person.get(url("list"))

    def test_is_narrowed_by_type_and_by_name(self, person):
        AttributeFactory(key="city", label="Town")
        AttributeFactory(key="visits", label="Visits", type="number")

        for query in ({"type": "number"}, {"q": "visi"}):
            assert [row.key for row in person.get(url("list"), query).context["listing"].rows] == ["visits"]


class TestCreate:
    def test_adds_to_the_dictionary(self, person):
        person.post(url("create"), NEW)

        attribute = Attribute.objects.get()
        assert (attribute.key, attribute.type, attribute.uses) == ("last_order", "date", ["insight"])

    def test_a_name_that_is_none_comes_back_with_one_that_would_be(self, person):
        page = person.post(url("create"), NEW | {"key": "Last Order"})

        assert "such as “last_order”" in page.context["form"].errors["key"][0]
        assert 'value="Last Order"' in page.content.decode()

    def test_what_may_mean_the_same_is_shown_before_it_is_made(self, person):
        AttributeFactory(key="last_orders", label="Orders")

        page = person.post(url("create"), NEW)
        assert "There may be one already" in page.content.decode()
        assert Attribute.objects.count() == 1

        person.post(url("create"), NEW | {"is_other": "on"})
        assert Attribute.objects.count() == 2

    def test_while_typing_a_system_name_and_the_likes_of_it_are_suggested(self, person):
        AttributeFactory(key="last_orders", label="Orders")

        fragment = person.get(url("alike"), {"label": "Last order"}).content.decode()

        assert "last_order</code>" in fragment
        assert "Orders" in fragment


class TestDetail:
    def test_says_where_it_is_used(self, person, monkeypatch):
        attribute = AttributeFactory(key="city")
        monkeypatch.setitem(
            registries.attribute_uses._entries,
            "test",
            lambda key: [Use("Segment", f"By {key}", "/segments/1/")],
        )

        page = person.get(url("detail", attribute)).content.decode()

        assert '<a href="/segments/1/">By city</a>' in page

    def test_what_is_used_is_not_taken_away(self, person, monkeypatch):
        attribute = AttributeFactory(key="city", label="Town")
        monkeypatch.setitem(
            registries.attribute_uses._entries, "test", lambda key: [Use("Segment", "Berliners")]
        )

        page = person.post(url("delete", attribute)).content.decode()

        assert "is used by Segment “Berliners”" in page
        assert Attribute.objects.get() == attribute

    def test_is_edited(self, person):
        attribute = AttributeFactory(key="city", label="City", is_defined=False)
        form = person.get(url("edit", attribute)).context["form"]
        told = {field.html_name: field.value() for field in form if field.value() not in (None, False)}

        person.post(url("edit", attribute), told | {"label": "Town", "is_indexed": "on"})

        attribute.refresh_from_db()
        assert (attribute.label, attribute.is_indexed, attribute.is_defined) == ("Town", True, True)

    def test_what_another_tab_has_saved_is_not_taken_back_unseen(self, person):
        attribute = AttributeFactory(key="city", label="City")
        form = person.get(url("edit", attribute)).context["form"]
        shown = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
        person.post(url("edit", attribute), shown | {"definition": "Where they live."})

        refused = person.post(url("edit", attribute), shown | {"label": "Town"})
        again = refused.context["form"].data.dict() | {"uses": shown["uses"]}

        assert "has saved this since you opened it" in text(refused)
        assert 'value="Town"' in text(refused)
        assert Attribute.objects.get().definition == "Where they live."
        assert person.post(url("edit", attribute), again).status_code == HTTPStatus.FOUND
        assert Attribute.objects.get().label == "Town"

    def test_the_type_is_refused_beside_its_field(self, person):
        attribute = AttributeFactory(key="city")
        ContactFactory(attributes={"city": "Bonn"})

        page = person.post(url("edit", attribute), NEW | {"type": "number"})

        assert "“Bonn” is not a number." in page.context["form"].errors["type"]

    def test_another_type_is_asked_about_and_then_taken(self, person):
        attribute = AttributeFactory(key="born", is_defined=False)
        ContactFactory(attributes={"born": "2000-02-29"})

        asked = person.post(url("edit", attribute), NEW | {"type": "date"})
        person.post(url("edit", attribute), NEW | {"type": "date", "is_converted": "on"})

        attribute.refresh_from_db()
        assert 'name="is_converted"' in asked.content.decode()
        assert (attribute.type, attribute.is_defined) == ("date", True)

    @pytest.mark.parametrize(("role", "status"), [("marketer", 403), ("sales", 403), ("executive", 404)])
    def test_only_the_data_lead_and_the_leads_take_away(self, login, role, status):
        attribute = AttributeFactory()

        response = login(UserFactory(role=role)).post(url("delete", attribute))

        assert response.status_code == status
        assert Attribute.objects.get() == attribute


class TestEventPages:
    def test_an_empty_page_says_what_it_is_for(self, person):
        assert "No events yet" in person.get(reverse("contacts:event-list")).content.decode()

    def test_each_name_is_listed_with_a_link_to_its_page(self, person):
        order = EventTypeFactory(name="Order")

        page = person.get(reverse("contacts:event-type-list")).content.decode()

        assert f'href="{reverse("contacts:event-type-detail", args=[order.pk])}">Order' in page
        assert person.get(reverse("contacts:event-list")).status_code == HTTPStatus.OK
