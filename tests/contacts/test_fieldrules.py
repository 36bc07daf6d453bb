import pytest
from django.urls import reverse

from apps.contacts import services, staging
from apps.contacts.fieldrules import FieldRules
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import Contact, ImportFile
from apps.contacts.staging import Terms
from tests.factories.contacts import AttributeFactory, ContactFactory, IdentityFactory

pytestmark = pytest.mark.django_db

FILE = "email,city,zip,phone\nann@example.com,Paris,75001,+4917099\ncat@example.com,Rome,00100,+4917011\n"
ANN = {"email": "ann@example.com", "phone": "+49170123456"}


@pytest.fixture(autouse=True)
def dictionary():
    AttributeFactory(key="city")
    AttributeFactory(key="zip")


def told(email):
    contact = Contact.objects.get(email=email)
    return contact.attributes, contact.phone


class TestRules:
    def test_only_if_empty_fills_and_never_overwrites(self, run):
        ContactFactory(**ANN, attributes={"city": "Bonn"})

        done = run(FILE, rules={"city": "if_empty", "zip": "if_empty", "phone": "if_empty"})

        assert (done.created, done.updated) == (1, 1)
        assert told("ann@example.com") == ({"city": "Bonn", "zip": "75001"}, "+49170123456")
        assert told("cat@example.com") == ({"city": "Rome", "zip": "00100"}, "+4917011")

    def test_only_for_new_contacts_leaves_known_ones_as_they_are_even_where_they_are_empty(self, run):
        ContactFactory(email="ann@example.com", attributes={})

        done = run(FILE, rules={"city": "never", "zip": "never", "phone": "never"})

        assert (done.created, done.unchanged) == (1, 1)
        assert told("ann@example.com") == ({}, "")
        assert told("cat@example.com") == ({"city": "Rome", "zip": "00100"}, "+4917011")

    def test_each_column_has_its_own(self, run):
        ContactFactory(**ANN, attributes={"city": "Bonn", "zip": "53111", "age": 1})

        run(FILE, rules={"city": "always", "zip": "never", "phone": "if_empty"})

        assert told("ann@example.com") == ({"city": "Paris", "zip": "53111", "age": 1}, "+49170123456")

    @pytest.mark.parametrize(
        ("rule", "before", "after"),
        [
            ("always", "old@example.com", "new@example.com"),
            ("if_empty", "old@example.com", "old@example.com"),
            ("if_empty", "", "new@example.com"),
            ("never", "", ""),
        ],
    )
    def test_an_address_that_is_not_the_key_has_one_too(self, run, rule, before, after):
        contact = ContactFactory(email=before, consent=None)
        IdentityFactory(contact=contact, namespace="crm", value="7")

        run(
            "id,mail\n7,new@example.com\n",
            mapping={"id": "identity:crm", "mail": "email"},
            key="identity:crm",
            rules={"mail": rule},
        )

        contact.refresh_from_db()
        assert contact.email == after
        assert contact.identities.filter(namespace="email", value="new@example.com").exists()

    @pytest.mark.parametrize("rule", ["if_empty", "never"])
    def test_what_the_dry_run_counts_is_what_happens(self, run, rule):
        ContactFactory(**ANN, attributes={"city": "Bonn", "zip": "53111"})
        ContactFactory(email="cat@example.com", attributes={"city": "Rome"})
        rules = {"city": rule, "zip": rule, "phone": rule}

        promised = run(FILE, rules=rules, is_dry_run=True)
        done = run(FILE, rules=rules)

        assert (promised.updated, promised.unchanged) == (done.updated, done.unchanged)
        assert done.updated == {"if_empty": 1, "never": 0}[rule]

    def test_where_everything_is_always_written_the_statements_are_what_they_are_without_rules(self, run):
        plain = Terms(namespace="email")
        always = Terms(namespace="email", rules=FieldRules({"phone": "always", "attr:city": "always"}))

        assert staging._plan_sql(plain, has_names=True) == staging._plan_sql(always, has_names=True)
        assert staging._update_sql(plain) == staging._update_sql(always)
        assert "attributes = c.attributes || p.attributes,\n" in staging._update_sql(plain)
        assert "phone_hash = COALESCE(p.phone_hash, c.phone_hash)," in staging._update_sql(plain)


class TestRefusals:
    @pytest.mark.parametrize(
        ("rules", "reason"),
        [
            ({"city": "sometimes"}, "“sometimes” is no rule for a column."),
            ({"email": "never"}, "Column “email” overwrites nothing"),
            ({"nowhere": "if_empty"}, "Column “nowhere” overwrites nothing"),
        ],
    )
    def test_what_no_rule_can_be_set_for_is_said_and_nothing_is_started(self, upload, noon, rules, reason):
        import_file = upload(FILE)

        with pytest.raises(MappingInvalid, match=reason):
            services.import_start(import_file=import_file, by=None, now=noon, rules=rules)

        import_file.refresh_from_db()
        assert (import_file.state, import_file.rules) == ("draft", {})


class TestPage:
    def test_the_form_shows_and_keeps_the_rule_of_a_column(self, login, lead, upload, noon):
        import_file = upload(FILE, by=lead)
        person = login(lead)
        url = reverse("contacts:import-columns", args=[import_file.pk])
        form = person.get(url).context["form"]
        sent = {field.html_name: field.value() or "" for field in form if field.value() is not False}

        person.post(url, sent | {"rule-0": "never", "rule-1": "if_empty", "act": "check"})
        services.imports_run(now=noon)

        checked = ImportFile.objects.get()
        assert checked.rules == {"city": "if_empty"}
        assert checked.state == "done"
        again = person.get(url).context["form"]
        assert again["rule-1"].value() == "if_empty"
        person.post(reverse("contacts:import-run", args=[import_file.pk]))
        checked.refresh_from_db()
        assert (checked.rules, checked.is_dry_run) == ({"city": "if_empty"}, False)
