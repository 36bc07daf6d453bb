from datetime import timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml.html import document_fromstring

from apps.contacts import services
from apps.contacts.models import Attribute, Consent, Contact, EventSchema, EventType, Suppression
from apps.contacts.services import EventIn
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    ConsentFactory,
    ContactFactory,
    IdentityFactory,
    SuppressionFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


def url(name, contact=None):
    return reverse(f"contacts:{name}", args=[contact.pk] if contact else [])


@pytest.fixture
def person(login, lead):
    return login(lead)


def shown(page):
    return [contact.email for contact in page.context["listing"].rows]


class TestList:
    @pytest.fixture
    def people(self):
        kinds = {"city": "text", "visits": "number", "vip": "boolean", "tags": "list", "seen": "datetime"}
        for key, kind in kinds.items():
            AttributeFactory(key=key, label=key.title(), type=kind)
        ann = ContactFactory(
            email="ann@example.com",
            attributes={"city": "Bonn", "visits": 12, "vip": True, "tags": ["A", "b"]},
        )
        bob = ContactFactory(
            email="bob@example.com", attributes={"city": "Paris", "visits": 3}, consent="unsubscribed"
        )
        bob.attributes["seen"] = "2030-01-02T18:30:00Z"
        bob.save()
        cat = ContactFactory(email="cat@example.com", consent=False)
        SuppressionFactory(address="cat@example.com")
        return ann, bob, cat

    @pytest.mark.parametrize(
        ("query", "emails"),
        [
            ({}, ["cat", "bob", "ann"]),
            ({"sort": "id"}, ["ann", "bob", "cat"]),
            ({"q": "BO"}, ["bob"]),
            ({"q": "b%"}, []),
            ({"consent": "subscribed"}, ["ann"]),
            ({"consent": "none"}, ["cat"]),
            ({"suppressed": "yes"}, ["cat"]),
            ({"suppressed": "no"}, ["bob", "ann"]),
            ({"added": "1"}, ["cat", "bob", "ann"]),
            ({"added": "7"}, ["cat", "bob", "ann"]),
            ({"where": [["city", "eq", "bonn"]]}, ["ann"]),
            ({"where": [["city", "starts", "PA"]]}, ["bob"]),
            ({"where": [["city", "missing", ""]]}, ["cat"]),
            ({"where": [["city", "exists", ""], ["visits", "lte", "3"]]}, ["bob"]),
            ({"where": [["visits", "gte", "4"]]}, ["ann"]),
            ({"where": [["vip", "eq", "yes"]]}, ["ann"]),
            ({"where": [["tags", "eq", "B"]]}, ["ann"]),
            ({"where": [["seen", "eq", "2030-01-02"]]}, ["bob"]),
            ({"where": [["seen", "lte", "2.1.2030"]]}, ["bob"]),
            ({"where": [["seen", "gte", "2030-01-02"], ["seen", "lte", "9999-12-31"]]}, ["bob"]),
            ({"where": [["seen", "gte", "2030-01-03"]]}, []),
            ({"where": [["seen", "lte", "2030-01-02T18:00:00Z"]]}, []),
            ({"where": [["seen", "lte", "2030-01-02T18"]]}, []),
            ({"where": [["unknown", "eq", "1"]]}, ["cat", "bob", "ann"]),
            ({"where": [["city", "eq", "\0"]]}, ["cat", "bob", "ann"]),
        ],
    )
    def test_is_narrowed_by_what_the_url_says(self, person, people, query, emails):
        if "where" in query:
            query["where"] = orjson.dumps(query["where"]).decode()

        page = person.get(url("list"), query)

        assert shown(page) == [f"{name}@example.com" for name in emails]

    def test_finds_people_by_another_identity(self, person, people):
        IdentityFactory(contact=people[1], namespace="crm", value="C-1")

        assert shown(person.get(url("list"), {"q": "crm:C-1"})) == ["bob@example.com"]

    def test_the_small_forms_become_the_url_of_the_list(self, person, people):
        asked = {
            "attribute": "city",
            "operator": "eq",
            "value": " Bonn ",
            "consent": "subscribed",
            "cursor": "x",
        }

        response = person.get(url("list"), asked)

        page = person.get(response.headers["Location"])
        assert shown(page) == ["ann@example.com"]
        assert [str(chip.value) for chip in page.context["listing"].chips] == ["Subscribed", "is Bonn"]
        assert "cursor" not in response.headers["Location"]

    def test_columns_are_chosen(self, person, people):
        response = person.get(url("list"), {"show": ["", "visits", "tags"]})

        page = person.get(response.headers["Location"])
        assert [str(head.label) for head in page.context["listing"].heads] == [
            "E-mail",
            "Tags",
            "Visits",
            "Consent",
            "Added",
        ]
        assert "A, b" in page.content.decode()

    def test_a_value_that_does_not_fit_is_told(self, person, people):
        where = orjson.dumps([["visits", "eq", "many"]]).decode()

        page = person.get(url("list"), {"where": where}, follow=True)

        assert "“many” is not a number." in page.content.decode()
        assert len(shown(page)) == 3

    @pytest.mark.parametrize(
        ("key", "operator", "value"),
        [
            ("visits", "starts", "1"),
            ("vip", "gte", "yes"),
            ("tags", "lte", "a"),
            ("seen", "starts", "2030-01-02"),
        ],
    )
    def test_a_comparison_that_means_nothing_is_told_and_the_others_stay(
        self, person, people, key, operator, value
    ):
        where = [["city", "eq", "Bonn"], [key, operator, value]]

        page = person.get(url("list"), {"where": orjson.dumps(where).decode()}, follow=True)

        assert "cannot be asked of “" in page.content.decode()
        assert shown(page) == ["ann@example.com"]

    @pytest.mark.parametrize(
        "where", ["x", "{}", "[1]", '[["city"]]', '[["city","like","x"]]', '[["city","eq",1]]']
    )
    def test_a_broken_url_still_opens(self, person, people, where):
        assert len(shown(person.get(url("list"), {"where": where, "cursor": "x"}))) == 3

    def test_pages_follow_each_other_and_nothing_is_counted(self, person, monkeypatch):
        ContactFactory.create_batch(60)

        first = person.get(url("list"))
        second = person.get(url("list") + first.context["listing"].older_url)

        emails = shown(first) + shown(second)
        assert len(emails) == len(set(emails)) == 60

    def test_costs_the_same_for_one_and_for_many(self, person, people, django_assert_num_queries):
        person.get(url("list"))
        ContactFactory.create_batch(20)

        with django_assert_num_queries(5):
            person.get(url("list"))

    def test_page_and_fragment(self, person, people):
        fragment = person.get(url("list"), headers=HTMX).content.decode()

        assert 'id="contact-list"' in fragment
        assert "<html" not in fragment

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_today_begins_where_the_viewer_is(self, login, zone):
        client = login(UserFactory(role="marketing_lead", timezone=zone))
        midnight = clock.now().astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        for name, at in (("new", midnight), ("old", midnight - timedelta(seconds=1))):
            contact = ContactFactory(email=f"{name}@example.com")
            Contact.objects.filter(pk=contact.pk).update(created_at=at)

        page = client.get(url("list"), {"added": "1"})

        assert shown(page) == ["new@example.com"]

    @pytest.mark.parametrize("name", ["list", "csv"])
    def test_a_value_that_cannot_be_leads_back_to_the_list_and_is_told(self, person, people, name):
        page = person.get(url(name), {"where": '[["visits","gte","abc"]]', "q": "ann"}, follow=True)

        assert page.redirect_chain == [("/contacts/?q=ann", HTTPStatus.FOUND)]
        assert "“abc” is not a number." in page.content.decode()

    def test_csv_is_what_the_list_shows_with_formulas_made_text(self, person, people):
        Contact.objects.filter(email="ann@example.com").update(attributes={"city": "=1+1", "visits": -3})

        response = person.get(url("csv"), {"columns": "city,visits", "consent": "subscribed"})

        lines = b"".join(response.streaming_content).decode().splitlines()
        assert lines[0] == "\ufeffE-mail,Telephone,City,Visits,Consent,Added"
        assert lines[1].startswith("ann@example.com,,'=1+1,-3,Subscribed,20")
        assert len(lines) == 2

    def test_an_empty_list_says_what_it_is_for(self, person):
        assert "Nobody here yet" in person.get(url("list")).content.decode()

    def test_many_contacts_are_told_by_estimate(self, person, monkeypatch):
        monkeypatch.setattr("apps.contacts.selectors.people.COUNTED_EXACTLY", 2)
        ContactFactory.create_batch(4)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE contacts_contact")

        assert "≈ 4 people" in person.get(url("list")).content.decode()


class TestProfile:
    def test_shows_everything_that_is_known(self, person, lead, noon):
        AttributeFactory(key="city", label="Town", definition="Where they live.")
        contact = ContactFactory(email="ann@example.com", attributes={"city": "Bonn", "undescribed": 7})
        IdentityFactory(contact=contact, namespace="crm", value="C-1")
        services.consent_record(
            contact=contact,
            change=services.ConsentChange(status="unsubscribed", basis="telephone"),
            by=lead,
            now=noon,
        )

        page = person.get(url("detail", contact)).content.decode()

        for told in ("Town", "Bonn", "Where they live.", "undescribed", "C-1", "Unsubscribed", "telephone"):
            assert told in page

    def test_costs_the_same_for_one_event_and_for_many(self, person, django_assert_max_num_queries):
        contact, now = ContactFactory(), clock.now()
        visits = [
            EventIn(
                name="Visit", occurred_at=now - timedelta(hours=n), contact_id=contact.pk, message_id=str(n)
            )
            for n in range(60)
        ]
        services.events_record(events=visits[:1], source="shop", now=now)
        person.get(url("detail", contact))  # what a process learns once is learnt here
        with CaptureQueriesContext(connection) as for_one:
            person.get(url("detail", contact))
        services.events_record(events=visits[1:], source="shop", now=now)

        with django_assert_max_num_queries(len(for_one)):
            page = person.get(url("detail", contact))

        assert len(for_one) <= 21
        assert page.context["page"].older

    def test_nobody_is_found_behind_an_absent_id(self, person):
        assert person.get("/contacts/999999/").status_code == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("role", ["executive", "contributor"])
    def test_whoever_does_not_work_with_people_finds_nothing(self, login, role):
        client = login(UserFactory(role=role))

        assert client.get(url("detail", ContactFactory())).status_code == HTTPStatus.NOT_FOUND
        assert client.get(url("list")).status_code == HTTPStatus.NOT_FOUND


class TestTimeline:
    @pytest.fixture
    def contact(self):
        """Seventy visits, forty of them at the very same moment, and a consent."""
        contact = ContactFactory(consent=False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            now = cursor.fetchone()[0]
        moments = [now - timedelta(days=1)] * 40 + [now - timedelta(days=2, hours=n) for n in range(30)]
        events = [
            EventIn(name=f"Visit {n}", occurred_at=moment, contact_id=contact.pk, message_id=str(n))
            for n, moment in enumerate(moments)
        ]
        services.events_record(events=events, source="shop", now=now)
        change = services.ConsentChange(status="unsubscribed", basis="letter")
        services.consent_record(contact=contact, change=change, by=None, now=now)
        return contact

    def test_an_event_stands_there_by_its_business_name_and_by_the_other_one(self, person, contact):
        EventSchema.objects.create(event_type=EventType.objects.get(name="Visit 39"), label="Came by")

        page = person.get(url("timeline", contact)).content.decode()

        assert "Came by" in page
        assert "Visit 39" in page

    def test_every_entry_stands_on_one_page_newest_first(self, person, contact):
        page = person.get(url("timeline", contact))
        entries = list(page.context["page"].entries)
        while older := page.context["page"].older:
            page = person.get(url("timeline", contact), {"cursor": older})
            entries += page.context["page"].entries

        assert entries[0].text == "E-mail: unsubscribed"
        assert {entry.text for entry in entries[1:]} == {f"Visit {n}" for n in range(70)}
        assert len(entries) == 71
        assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)

    @pytest.mark.parametrize(
        "cursor", ["x", "20240101T000000.000000--100", "99991231T235959.999999-0", "20240101T000000.000000-"]
    )
    def test_a_broken_cursor_is_not_found(self, person, contact, cursor):
        assert person.get(url("timeline", contact), {"cursor": cursor}).status_code == HTTPStatus.NOT_FOUND


def filled(page):
    """Return what a browser would send of the form on the page, hidden inputs and all."""
    inputs = document_fromstring(page.content).get_element_by_id("contact-form").fields
    return {name: inputs[name] or "" for name in dict(inputs)}


class TestEdit:
    def test_what_others_changed_meanwhile_stays_where_this_edit_says_nothing(self, person, lead, noon):
        for key in ("city", "plan"):
            AttributeFactory(key=key)
        contact = ContactFactory(attributes={"city": "Bonn", "plan": "Tin"}, phone="+4917011")
        told = filled(person.get(url("edit", contact)))
        services.contact_update(
            contact=contact, phone="+4917022", attributes={"city": "Paris"}, by=lead, now=noon
        )

        person.post(url("edit", contact), told | {"attr-plan": "Gold"})

        contact.refresh_from_db()
        assert contact.attributes == {"city": "Paris", "plan": "Gold"}
        assert contact.phone == "+4917022"

    def test_what_others_changed_meanwhile_is_shown_and_overwritten_only_when_saved_again(
        self, person, lead, noon
    ):
        AttributeFactory(key="city")
        contact = ContactFactory(attributes={"city": "Bonn"})
        told = filled(person.get(url("edit", contact))) | {"attr-city": "Rome"}
        services.contact_update(contact=contact, attributes={"city": "Paris"}, by=lead, now=noon)

        page = person.post(url("edit", contact), told)
        contact.refresh_from_db()

        assert "Somebody else has changed this to “Paris”" in page.content.decode()
        assert contact.attributes == {"city": "Paris"}
        assert filled(page)["attr-city"] == "Rome"
        person.post(url("edit", contact), filled(page))
        contact.refresh_from_db()
        assert contact.attributes == {"city": "Rome"}

    def test_text_of_several_lines_is_no_change(self, person):
        AttributeFactory(key="note")
        contact = ContactFactory(attributes={"note": "one\ntwo"})
        page = person.get(url("edit", contact))
        told = filled(page)
        assert '<textarea name="attr-note"' in page.content.decode()
        sent = {name: text.replace("\n", "\r\n") for name, text in told.items()}

        person.post(url("edit", contact), sent | {"phone": "+4917011"})

        contact.refresh_from_db()
        assert (contact.phone, contact.attributes) == ("+4917011", {"note": "one\ntwo"})

    def test_fields_are_typed_and_only_changes_are_saved(self, person):
        AttributeFactory(key="vip", type=Attribute.Type.BOOLEAN)
        AttributeFactory(key="plan", type=Attribute.Type.CHOICE, choices=["Gold", "Tin"])
        contact = ContactFactory(attributes={"vip": True, "plan": "Old", "kept": 1})
        told = filled(person.get(url("edit", contact))) | {"attr-plan": "Gold"}

        response = person.post(url("edit", contact), told)

        contact.refresh_from_db()
        assert response.headers["Location"] == url("detail", contact)
        assert contact.attributes == {"vip": True, "plan": "Gold", "kept": 1}

    def test_a_refusal_stands_beside_its_field_with_what_was_typed(self, person):
        AttributeFactory(key="visits", label="Visits", type=Attribute.Type.NUMBER)
        contact = ContactFactory(email="ann@example.com")

        page = person.post(url("edit", contact), {"email": "ann@example.com", "attr-visits": "many"})

        assert page.status_code == HTTPStatus.OK
        assert page.context["form"].errors == {"attr-visits": ["“many” is not a number."]}
        assert 'value="many"' in page.content.decode()

    def test_somebody_new(self, person):
        AttributeFactory(key="city")

        person.post(url("create"), {"email": "New@example.com", "attr-city": "Bonn"})

        contact = Contact.objects.get()
        assert (contact.email, contact.attributes) == ("new@example.com", {"city": "Bonn"})

    def test_somebody_who_is_there_already(self, person):
        ContactFactory(email="ann@example.com")

        page = person.post(url("create"), {"email": "ann@example.com"})

        assert "Another contact has this address or identity already." in page.content.decode()
        assert Contact.objects.count() == 1

    def test_sales_looks_and_does_not_change(self, login):
        contact = ContactFactory(email="ann@example.com")
        client = login(UserFactory(role="sales"))

        assert client.get(url("detail", contact)).status_code == HTTPStatus.OK
        for name in ("edit", "consent", "suppress", "lift"):
            assert client.post(url(name, contact)).status_code == HTTPStatus.FORBIDDEN
        assert not Suppression.objects.exists()


class TestConsentByHand:
    def test_is_written_down_with_the_ground(self, person):
        contact = ContactFactory()

        person.post(url("consent", contact), {"status": "unsubscribed", "basis": "telephone call"})

        assert Consent.objects.get().status == "unsubscribed"
        assert contact.consent_events.get().basis == "telephone call"

    def test_without_a_ground_it_is_refused_in_place(self, person):
        contact = ContactFactory(consent=False)

        page = person.post(url("consent", contact), {"status": "subscribed", "basis": "", "wording": "Yes!"})

        assert "basis" in page.context["consent_form"].errors
        assert "Yes!" in page.content.decode()
        assert not Consent.objects.exists()

    def test_a_suppressed_address_is_not_subscribed(self, person):
        contact = ContactFactory(email="ann@example.com", consent=False)
        SuppressionFactory(address="ann@example.com")

        page = person.post(url("consent", contact), {"status": "subscribed", "basis": "form"})

        assert "This address is suppressed." in page.content.decode()


class TestSuppressByHand:
    def test_and_lift_again(self, person):
        contact = ContactFactory(email="ann@example.com")

        person.post(url("suppress", contact))
        assert Suppression.objects.get().reason == "by_hand"
        refused = person.post(url("lift", contact), {"why": ""})
        assert "why" in refused.context["lift_form"].errors
        person.post(url("lift", contact), {"why": "They asked for it."})

        assert not Suppression.objects.exists()
        assert ConsentFactory.create(contact=contact, topic="news", changed_at=Now())

    def test_a_marketer_may_suppress_and_not_lift(self, login):
        contact = ContactFactory(email="ann@example.com")
        client = login(UserFactory(role="marketer"))

        client.post(url("suppress", contact))
        response = client.post(url("lift", contact), {"why": "I want to."})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert Suppression.objects.get().reason == "by_hand"
