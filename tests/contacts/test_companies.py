from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services
from apps.contacts.attributes import index_name
from apps.contacts.models import Attribute, Company, CompanyIdentity, CompanyMember, Contact, EventType
from apps.contacts.selectors import CompanyAsk, Condition
from apps.contacts.services import (
    AlreadyMember,
    CompanyChanged,
    CompanyExists,
    CompanyIn,
    CompanyOutcome,
    ContactGone,
    EventIn,
)
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ContactFactory,
)
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(noon):
    AttributeFactory(applies_to="company", key="industry", label="Industry")
    AttributeFactory(key="industry", type="number")  # of contacts: the same name, another meaning
    return services.company_create(
        name="Acme",
        domain="acme.com",
        identities=[("crm", "A-17")],
        attributes={"industry": "Tools"},
        by=None,
        now=noon,
    )


def everything():
    tables = (Company, CompanyIdentity, CompanyMember, AuditEvent)
    return [list(table.objects.order_by("pk").values()) for table in tables]


class TestCompanyCreate:
    def test_keeps_what_is_said_each_value_by_the_dictionary_of_companies(self, acme):
        assert (acme.name, acme.domain, acme.attributes) == ("Acme", "acme.com", {"industry": "Tools"})
        assert acme.identities.get().value == "A-17"
        assert AuditEvent.objects.get().action == "company.created"

    def test_a_key_that_nobody_described_is_kept_and_flagged(self, noon):
        services.company_create(name="Acme", attributes={"employees": 80}, by=None, now=noon)

        entry = Attribute.of_companies.get()
        assert (entry.key, entry.type, entry.is_defined) == ("employees", "number", False)

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "A", "domain": "acme"}, "domain"),
            ({"name": "A", "identities": [("CRM", "1")]}, "identities"),
            ({"name": "A", "identities": [("domain", "b.com")]}, "identities"),
            ({"name": "A", "attributes": {"Bad key": 1}}, "attributes.Bad key"),
        ],
    )
    def test_what_cannot_be_kept_is_refused_by_field(self, told, field, noon):
        with pytest.raises(ValidationError) as refusal:
            services.company_create(**told, by=None, now=noon)

        assert list(refusal.value.message_dict) == [field]
        assert not Company.objects.exists()

    @pytest.mark.parametrize(
        ("told", "field"),
        [({"domain": "https://WWW.acme.com/x"}, "domain"), ({"identities": [("crm", "A-17")]}, "identities")],
    )
    def test_what_another_company_is_known_by_is_refused(self, acme, told, field, noon):
        before = everything()

        with pytest.raises(CompanyExists) as refusal:
            services.company_create(name="Acme again", **told, by=None, now=noon)

        assert refusal.value.field == field
        assert everything() == before


class TestCompanyUpdate:
    def test_changes_what_is_given_and_says_what_in_the_log(self, acme, noon):
        services.company_update(
            company=acme, name="Acme Ltd", attributes={"industry": None, "size": "L"}, by=None, now=noon
        )

        acme.refresh_from_db()
        assert (acme.name, acme.domain, acme.attributes) == ("Acme Ltd", "acme.com", {"size": "L"})
        event = AuditEvent.objects.get(action="company.changed")
        assert event.details == {"fields": ["name", "attributes.industry", "attributes.size"]}

    def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(self, acme, noon):
        services.company_update(company=acme, name="Acme Ltd", by=None, now=noon)
        before = everything()

        with pytest.raises(CompanyChanged) as refusal:
            services.company_update(company=acme, name="Acme Inc", seen={"name": "Acme"}, by=None, now=noon)

        assert refusal.value.fields == ["name"]
        assert everything() == before

    def test_nothing_new_writes_nothing(self, acme, noon):
        before = everything()

        services.company_update(company=acme, name="Acme", domain="acme.com", by=None, now=noon)

        assert everything() == before


class TestCompanyDelete:
    def test_the_people_stay(self, acme, noon):
        member = CompanyMemberFactory(company=acme)

        services.company_delete(company=acme, by=None, now=noon)

        assert not Company.objects.exists()
        assert not CompanyIdentity.objects.exists()
        assert not CompanyMember.objects.exists()
        assert Contact.objects.get() == member.contact
        assert AuditEvent.objects.get(action="company.deleted").details == {"name": "Acme", "people": 1}


class TestMembers:
    def test_a_person_may_belong_to_several_of_which_one_is_the_main_one(self, acme, noon):
        ann = ContactFactory()
        first = services.member_add(company=acme, contact=ann, is_primary=True, by=None, now=noon)

        second = services.member_add(
            company=CompanyFactory(),
            contact=ann,
            role="champion",
            title=" Buyer ",
            since=date(2029, 1, 1),
            is_primary=True,
            by=None,
            now=noon,
        )

        first.refresh_from_db()
        assert (first.is_primary, second.is_primary) == (False, True)
        assert (second.role, second.title, second.since) == ("champion", "Buyer", date(2029, 1, 1))
        assert selectors.contact_companies(ann) == [second, first]
        subjects = AuditEvent.objects.filter(action="company.joined").values_list("subject", flat=True)
        assert f"contacts.contact:{ann.pk}" in subjects

    def test_nobody_belongs_to_a_company_twice(self, acme, noon):
        member = CompanyMemberFactory(company=acme)
        before = everything()

        with pytest.raises(AlreadyMember):
            services.member_add(company=acme, contact=member.contact, is_primary=True, by=None, now=noon)

        assert everything() == before

    def test_who_was_erased_joins_nothing_and_changes_nothing(self, acme, noon):
        member = CompanyMemberFactory(company=acme)
        gone = ContactFactory(erased_at=noon)
        Contact.objects.filter(pk=member.contact_id).update(erased_at=noon)

        with pytest.raises(ContactGone):
            services.member_add(company=acme, contact=gone, by=None, now=noon)
        with pytest.raises(ContactGone):
            services.member_update(member=member, role="user", by=None, now=noon)

        assert CompanyMember.objects.get().role == ""

    def test_a_role_that_there_is_not_is_refused(self, acme, noon):
        with pytest.raises(ValidationError):
            services.member_add(company=acme, contact=ContactFactory(), role="boss", by=None, now=noon)

        assert not CompanyMember.objects.exists()

    def test_changes_what_is_given(self, acme, noon):
        member = CompanyMemberFactory(company=acme, role="user", title="Clerk")

        services.member_update(member=member, role="gatekeeper", title="Clerk", by=None, now=noon)

        member.refresh_from_db()
        assert (member.role, member.title) == ("gatekeeper", "Clerk")
        changed = AuditEvent.objects.filter(action="company.member_changed").first()
        assert changed.details["fields"] == ["role"]

    def test_takes_a_person_out(self, acme, noon):
        member = CompanyMemberFactory(company=acme)

        services.member_remove(member=member, by=None, now=noon)

        assert not CompanyMember.objects.exists()
        assert AuditEvent.objects.filter(action="company.left").count() == 2


class TestCompaniesUpsert:
    def test_says_of_each_how_it_ended(self, acme, lead, noon):
        results = services.companies_upsert(
            companies=[
                CompanyIn(domain="new.com", attributes={"employees": 5}),
                CompanyIn(domain="acme.com", attributes={"industry": "Toys"}),
                CompanyIn(name="Again", domain="NEW.com"),
                CompanyIn(name="Nameless"),
                CompanyIn(domain="third.com", attributes={"employees": "few"}),
                CompanyIn(domain="fourth.com", identities=[("crm", "A-17")]),
            ],
            key="domain",
            by=lead,
            now=noon,
        )

        assert [str(result.outcome) for result in results] == [
            "created",
            "updated",
            "duplicate",
            "invalid",
            "invalid",
            "invalid",
        ]
        assert [list(result.errors) for result in results[3:]] == [
            ["domain"],
            ["attributes.employees"],
            ["identities"],
        ]
        acme.refresh_from_db()
        assert (acme.name, acme.attributes) == ("Acme", {"industry": "Toys"})
        assert Company.objects.get(domain="new.com").name == "new.com"
        assert Company.objects.count() == 2
        assert AuditEvent.objects.get(action="companies.upserted").details["created"] == 1

    def test_an_identity_may_be_the_key(self, acme, noon):
        told = [CompanyIn(identities=[("crm", "A-17"), ("erp", "9")], domain="acme.com")]

        first = services.companies_upsert(companies=told, key="identity:crm", by=None, now=noon)
        again = services.companies_upsert(companies=told, key="identity:crm", by=None, now=noon)

        assert (first[0].outcome, first[0].company_id) == (CompanyOutcome.UPDATED, acme.pk)
        assert again[0].outcome == CompanyOutcome.UNCHANGED
        assert set(acme.identities.values_list("namespace", "value")) == {("crm", "A-17"), ("erp", "9")}

    @pytest.mark.parametrize("key", ["name", "identity:domain", "email"])
    def test_a_key_that_names_no_company_is_refused(self, key, noon):
        with pytest.raises(services.BulkRefused):
            services.companies_upsert(companies=[CompanyIn(name="A")], key=key, by=None, now=noon)

    def test_costs_the_same_for_two_companies_and_for_many(self, noon, django_assert_max_num_queries):
        told = [CompanyIn(domain=f"c{n}.com", identities=[("crm", str(n))]) for n in range(200)]

        with django_assert_max_num_queries(8):
            services.companies_upsert(companies=told, key="domain", by=None, now=noon)


class TestMerge:
    def test_places_follow_the_kept_contact_and_come_back_as_they_were(self, acme, lead, noon):
        keep, gone = ContactFactory(), ContactFactory()
        other, third = CompanyFactory(), CompanyFactory()
        CompanyMemberFactory(contact=keep, company=acme, is_primary=True, role="user")
        CompanyMemberFactory(contact=gone, company=acme, role="champion")
        CompanyMemberFactory(contact=gone, company=other, is_primary=True, title="Head")
        CompanyMemberFactory(contact=gone, company=third)
        fields = ("pk", "contact", "company", "role", "title", "is_primary")
        before = list(CompanyMember.objects.order_by("pk").values(*fields))

        done = services.contact_merge(keep=keep, gone=gone, by=lead, now=noon, is_confirmed=True)

        kept = keep.memberships.order_by("pk").values_list("company", "role", "is_primary")
        assert list(kept) == [(acme.pk, "user", True), (other.pk, "", False), (third.pk, "", False)]
        assert selectors.company_people(acme).count() == 1

        services.contact_unmerge(merge=done, by=lead, now=noon)

        assert list(CompanyMember.objects.order_by("pk").values(*fields)) == before

    def test_the_main_company_of_who_came_along_stays_the_main_one_where_there_was_none(
        self, acme, lead, noon
    ):
        keep, gone = ContactFactory(), ContactFactory()
        CompanyMemberFactory(contact=gone, company=acme, is_primary=True)

        services.contact_merge(keep=keep, gone=gone, by=lead, now=noon, is_confirmed=True)

        assert keep.memberships.get().is_primary is True

    def test_a_place_that_became_the_main_one_since_gives_way_to_the_one_that_waited(self, acme, lead, noon):
        keep, gone = ContactFactory(), ContactFactory()
        CompanyMemberFactory(contact=keep, company=acme)
        waiting = CompanyMemberFactory(contact=gone, company=acme, is_primary=True)
        moved = CompanyMemberFactory(contact=gone, company=CompanyFactory())
        done = services.contact_merge(keep=keep, gone=gone, by=lead, now=noon, is_confirmed=True)
        services.member_update(member=moved, is_primary=True, by=lead, now=noon)

        services.contact_unmerge(merge=done, by=lead, now=noon)

        assert list(gone.memberships.filter(is_primary=True)) == [waiting]


class TestDictionaryOfCompanies:
    @pytest.mark.django_db(transaction=True)
    def test_is_indexed_and_taken_away_on_the_table_of_companies_alone(self, acme, noon):
        entry = Attribute.of_companies.get()
        ann = ContactFactory(attributes={"industry": 7})
        services.attribute_update(attribute=entry, is_indexed=True, by=None, now=noon)
        services.attributes_settle(now=noon)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [index_name("industry", "company")])
            assert "contacts_company" in cursor.fetchone()[0]

        services.attribute_delete(attribute=entry, by=None, now=noon)
        services.attributes_settle(now=noon)

        acme.refresh_from_db()
        ann.refresh_from_db()
        assert (acme.attributes, ann.attributes) == ({}, {"industry": 7})
        assert Attribute.all_objects.get().applies_to == "contact"

    def test_what_a_segment_asks_of_companies_stays(self, acme, noon):
        SegmentFactory(name="Toolmakers", rule={"company": "industry", "op": "eq", "value": "Tools"})

        with pytest.raises(services.AttributeRefused, match="is used by Segment “Toolmakers”"):
            services.attribute_delete(attribute=Attribute.of_companies.get(), by=None, now=noon)

        assert services.attribute_places(Attribute.objects.get(), user=None) == []
        assert Attribute.of_companies.exists()

    def test_the_type_stays_while_companies_have_values(self, acme, noon):
        entry = Attribute.of_companies.get()

        with pytest.raises(ValidationError, match="“Tools” is not a number"):
            services.attribute_update(attribute=entry, type="number", by=None, now=noon)

    def test_coverage_is_that_of_companies(self, acme, noon):
        CompanyFactory()
        entries = list(Attribute.current.order_by("applies_to"))

        shares = selectors.coverage_of(entries)

        assert [shares[entry.pk] for entry in entries] == [0.5, None]


class TestCompanies:
    def found(self, **asked):
        return [company.name for company in selectors.companies(CompanyAsk(**asked)).order_by("name")]

    def test_is_narrowed_by_everything(self, acme):
        CompanyFactory(name="Bolt", domain="acme.net")
        CompanyMemberFactory(company=acme, role="champion")
        industry = Attribute.of_companies.get()

        assert self.found() == ["Acme", "Bolt"]
        assert self.found(search="ac") == ["Acme", "Bolt"]
        assert self.found(search="BO") == ["Bolt"]
        assert self.found(search="crm:A-17") == ["Acme"]
        assert self.found(conditions=[Condition(industry, value="tools")]) == ["Acme"]
        assert self.found(has_people=False) == ["Bolt"]
        assert self.found(role="champion") == ["Acme"]

    def test_people_who_are_gone_are_not_counted(self, acme, noon):
        CompanyMemberFactory(company=acme)
        CompanyMemberFactory(company=acme, contact__erased_at=noon)

        company = selectors.companies_with_people(selectors.companies(CompanyAsk())).get()

        assert company.people == 1
        assert selectors.company_people_count(acme) == 1


class TestTimeline:
    def test_shows_the_latest_of_its_people_and_of_nobody_else(self, acme, noon):
        ann, bob, eve = (ContactFactory(email=f"{name}@example.com") for name in ("ann", "bob", "eve"))
        for contact in (ann, bob):
            CompanyMemberFactory(company=acme, contact=contact)
        events = [EventIn(f"from {one.email}", noon, contact_id=one.pk) for one in (ann, bob, eve)]
        services.events_record(events=events, source="shop", now=noon)

        entries = selectors.company_timeline(acme)

        assert {(entry.text, entry.by) for entry in entries} == {
            ("from ann@example.com", "ann@example.com"),
            ("from bob@example.com", "bob@example.com"),
        }

    def test_calls_events_by_their_business_name(self, acme, noon):
        member = CompanyMemberFactory(company=acme)
        told = EventIn("order_placed", noon, contact_id=member.contact_id)
        services.events_record(events=[told], source="shop", now=noon)
        order = EventType.objects.get(name="order_placed")
        services.event_type_describe(event_type=order, label="Order placed", by=None, now=noon)

        (entry,) = selectors.company_timeline(acme)

        assert entry.text == "Order placed"
