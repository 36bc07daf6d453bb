import pytest
from django.urls import reverse

from apps.contacts import selectors, services
from apps.contacts.addresses import address_hash
from apps.contacts.alike import email_spellings, mailbox, name_normalise
from apps.contacts.models import Contact, ContactMerge, Identity
from apps.contacts.services import ContactExists, EventIn
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory, IdentityFactory

pytestmark = pytest.mark.django_db
BROWSER = ("anonymous", "browser-1")


@pytest.fixture
def browser(noon):
    event = EventIn("Visit", noon, identity=BROWSER, message_id="v1")
    services.events_record(events=[event], source="site", now=noon)
    return Contact.objects.get(identities__value="browser-1")


def names(contact):
    return set(contact.identities.values_list("namespace", "value"))


class TestIdentityAdd:
    def add(self, contact, noon, namespace="crm", value="1"):
        return services.identity_add(contact=contact, namespace=namespace, value=value, by=None, now=noon)

    def test_a_new_name_is_one_more(self, noon):
        contact = ContactFactory(email="ann@example.com")

        assert self.add(contact, noon) == contact

        assert names(contact) == {("email", "ann@example.com"), ("crm", "1")}
        assert not ContactMerge.objects.exists()

    def test_a_first_address_becomes_the_one_in_use(self, browser, noon):
        self.add(browser, noon, "email", "Ann@Example.com")

        browser.refresh_from_db()
        assert browser.email == "ann@example.com"
        assert bytes(browser.email_hash) == address_hash("ann@example.com")

    def test_the_same_name_again_changes_nothing(self, noon):
        contact = ContactFactory()
        self.add(contact, noon)

        self.add(contact, noon)

        assert Identity.objects.filter(namespace="crm").get().contact == contact

    def test_a_browser_brings_what_it_did(self, browser, noon):
        contact = ContactFactory(email="ann@example.com")

        assert self.add(contact, noon, *BROWSER) == contact

        assert contact.events.get().name == "Visit"
        assert ContactMerge.objects.get().gone == browser

    def test_a_browser_that_says_who_it_is_becomes_the_known_person(self, browser, noon):
        contact = ContactFactory(email="ann@example.com")

        assert self.add(browser, noon, "email", "ann@example.com") == contact

        assert contact.events.get().name == "Visit"
        assert list(Contact.objects.known()) == [contact]

    def test_two_browsers_of_nobody_become_one(self, browser, noon):
        event = EventIn("Visit", noon, identity=("anonymous", "browser-2"), message_id="v2")
        services.events_record(events=[event], source="site", now=noon)

        kept = self.add(browser, noon, "anonymous", "browser-2")

        assert names(kept) == {BROWSER, ("anonymous", "browser-2")}
        assert kept.events.count() == 2

    def test_the_name_of_another_known_person_is_refused(self, noon):
        contact, other = ContactFactory(), ContactFactory()
        IdentityFactory(contact=other, namespace="crm", value="1")

        with pytest.raises(ContactExists, match="another known person"):
            self.add(contact, noon)

        assert ("crm", "1") in names(other)
        assert not ContactMerge.objects.exists()

    def test_a_name_for_somebody_merged_is_the_kept_contacts(self, browser, noon):
        contact = ContactFactory()
        services.contact_merge(keep=contact, gone=browser, by=None, now=noon)
        browser.refresh_from_db()

        assert self.add(browser, noon) == contact

        assert ("crm", "1") in names(contact)


class TestIdentityAlias:
    def test_two_names_that_nobody_has_make_one_contact(self, noon):
        contact = services.identity_alias(previous=BROWSER, current=("crm", "1"), by=None, now=noon)

        assert names(Contact.objects.get()) == {BROWSER, ("crm", "1")}
        assert contact == Contact.objects.get()

    def test_the_old_name_of_a_browser_leads_to_the_person(self, browser, noon):
        contact = ContactFactory(email="ann@example.com")

        kept = services.identity_alias(
            previous=BROWSER, current=("email", "ann@example.com"), by=None, now=noon
        )

        assert kept == contact
        assert contact.events.get().name == "Visit"

    def test_a_browser_gets_a_name_that_nobody_had(self, browser, noon):
        kept = services.identity_alias(previous=BROWSER, current=("crm", "1"), by=None, now=noon)

        assert kept == browser
        assert names(browser) == {BROWSER, ("crm", "1")}

    def test_two_known_people_are_refused(self, noon):
        ContactFactory(email="ann@example.com")
        IdentityFactory(contact=ContactFactory(), namespace="crm", value="1")

        with pytest.raises(ContactExists):
            services.identity_alias(
                previous=("crm", "1"), current=("email", "ann@example.com"), by=None, now=noon
            )


class TestContactsAlike:
    @pytest.mark.parametrize(
        "email",
        [
            "annsmith@example.com",
            "ann.smith@example.com",
            "a.nn.smith@example.com",
            "ann.smith+shop@example.com",
            "annsmith+a@example.com",
        ],
    )
    @pytest.mark.parametrize("mine", ["ann.smith@example.com", "annsmith+news@example.com"])
    def test_an_address_spelt_differently_is_found(self, mine, email):
        contact = ContactFactory(email=mine)
        if email == mine:
            return
        other = ContactFactory(email=email)

        [found] = selectors.contacts_alike(contact)

        assert (found.contact, found.why) == (other, "The same address, spelt differently")

    @pytest.mark.parametrize(
        "email", ["ann.smith@example.org", "ann.smithe@example.com", "anna.smith@example.com"]
    )
    def test_another_address_is_not(self, email):
        contact = ContactFactory(email="ann.smith@example.com")
        ContactFactory(email=email)

        assert selectors.contacts_alike(contact) == []

    def test_the_same_name_and_number_is_found(self):
        told = {"first_name": "Ánna", "last_name": "Smith"}
        contact = ContactFactory(phone="+49170123456", attributes=told)
        other = ContactFactory(phone="+49170123456", attributes={"name": "ANNA  smith"})
        ContactFactory(phone="+49170123456", attributes={"name": "Bob Smith"})
        ContactFactory(phone="+49170123457", attributes=told)

        assert [found.contact for found in selectors.contacts_alike(contact)] == [other]

    def test_a_number_without_a_name_says_nothing(self):
        contact = ContactFactory(phone="+49170123456")
        ContactFactory(phone="+49170123456")

        assert selectors.contacts_alike(contact) == []

    def test_whoever_is_gone_is_not_suggested(self, lead, noon):
        contact = ContactFactory(email="ann.smith@example.com")
        other = ContactFactory(email="annsmith@example.com")
        services.contact_merge(keep=contact, gone=other, by=lead, now=noon, is_confirmed=True)

        assert selectors.contacts_alike(contact) == []


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"first_name": "Ánna ", "last_name": "O'Hara-Smith"}, "anna o hara smith"),
        ({"full_name": "Straße"}, "strasse"),
        ({"first_name": None, "name": "Ann"}, "ann"),
        ({"city": "Bonn"}, ""),
    ],
)
def test_names_are_compared_by_their_plain_letters(attributes, name):
    assert name_normalise(attributes) == name


def test_spellings_are_few_and_of_one_mailbox():
    assert mailbox("an.n+x@example.com") == "ann@example.com"
    assert email_spellings("ann@example.com") == ["a.n.n", "a.nn", "an.n", "ann"]
    assert len(email_spellings(f"{'a' * 25}@example.com")) == 301
    assert email_spellings(f"{'a' * 26}@example.com") == ["a" * 26]


@pytest.mark.parametrize(
    "asked", ["crm:Z-4711", "Z-4711", " Z-4711 ", "Ann@Example.com", "email:ann@example.com"]
)
def test_the_admin_finds_an_identity_with_or_without_its_namespace(login, asked):
    contact = ContactFactory(email="ann@example.com")
    IdentityFactory(contact=contact, namespace="crm", value="Z-4711")
    IdentityFactory(namespace="crm", value="Z-4712")
    administrator = login(UserFactory(role="administrator"))

    page = administrator.get(reverse("admin:contacts_identity_changelist"), {"q": asked})

    assert [row.contact_id for row in page.context["cl"].result_list] == [contact.pk]
