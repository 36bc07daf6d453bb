from datetime import timedelta
from http import HTTPStatus
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from apps.collaboration.models import AuditEvent, Comment
from apps.contacts import registries, selectors, services
from apps.contacts.addresses import address_hash
from apps.contacts.models import Contact, ContactMerge, Erasure, Event, Identity, ImportFile, Suppression
from apps.contacts.services import ContactErased, EventIn
from apps.messaging.models import Recipient
from apps.segments.models import ContactListMember, SegmentMember
from tests.factories.accounts import UserFactory
from tests.factories.collaboration import CommentFactory
from tests.factories.contacts import CompanyMemberFactory, ContactFactory, IdentityFactory
from tests.factories.messaging import RecipientFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SECRET = "ann@example.com"

# Tables with such a column that hold nothing about a contact, each with its reason.
NOT_ABOUT_CONTACTS = {
    "accounts_user": "people who work here",
    "accounts_invitation": "people who are to work here",
    "account_emailaddress": "of people who work here",
    "account_emailconfirmation": "of people who work here",
    "messaging_sender": "our own addresses",
    "contacts_suppression": "hashes that must outlive the person",
    "contacts_erasure": "numbers and hashes: the log itself",
}
PERSONAL = "contact_id|.*e_?mail.*|.*address.*|.*phone.*"


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    return settings.ERASURE_LOG


@pytest.fixture
def ann(noon):
    """Somebody of whom every table has a row, and who was merged from another contact."""
    contact = ContactFactory(email=SECRET, phone="+49170123456", attributes={"city": "Bonn"})
    IdentityFactory(contact=contact, namespace="crm", value="C-471100")
    events = [EventIn("Order", noon, identity=("email", SECRET), properties={"to": SECRET})]
    services.events_record(events=events, source="shop", now=noon)
    services.consent_record(
        contact=contact,
        change=services.ConsentChange(status="unsubscribed", wording=SECRET),
        by=None,
        now=noon,
    )
    SegmentMember.objects.create(segment=SegmentFactory(), contact=contact, since_at=noon)
    ContactListMember.objects.create(contact_list=ContactListFactory(size=1), contact=contact, added_at=noon)
    RecipientFactory(contact=contact, state="sent", finished_at=noon, answer=f"250 ok {SECRET}")
    CommentFactory(subject=contact, text=f"Call {SECRET}")
    CompanyMemberFactory(contact=contact, company__name="Acme", company__attributes={"buyer": SECRET, "n": 1})
    imported = ImportFile.objects.create(
        file_name="people.csv", samples={"created": [{"row": 2, "values": {"Mail": "Ann@example.com"}}]}
    )
    imported.faults.create(row=3, reason="bad", cells=["x", " ANN@example.com"])
    imported.faults.create(row=4, reason="bad", cells=["x", "bob@example.com"])
    services.events_record(
        events=[EventIn("Visit", noon, identity=("anonymous", "browser-1"))], source="site", now=noon
    )
    browser = Contact.objects.get(identities__value="browser-1")
    services.contact_merge(keep=contact, gone=browser, by=None, now=noon)
    return contact


def database_text():
    """Everything that the database holds, in lower case."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows).lower()


def test_every_table_with_data_of_people_is_handled():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.table_name FROM information_schema.columns AS c "
            "JOIN pg_class ON pg_class.oid = c.table_name::regclass AND NOT relispartition AND relkind IN "
            "('r', 'p') WHERE c.table_schema = 'public' AND c.column_name ~ %s",
            [f"^({PERSONAL})$"],
        )
        found = {table for (table,) in cursor.fetchall()}

    handled = {name for name, _holding in registries.holdings.items()}
    assert found - handled - NOT_ABOUT_CONTACTS.keys() == set()
    assert NOT_ABOUT_CONTACTS.keys() <= found


class TestContactErase:
    def test_nothing_is_left_of_the_person_in_any_table(self, ann, lead, noon):
        assert SECRET in database_text()

        services.contact_erase(contact=ann, by=lead, now=noon, why="asked for")

        left = database_text()
        for told in (SECRET, "+49170123456", "c-471100", "bonn", "browser-1"):
            assert told not in left, told
        assert not ann.events.exists()
        for model in (Identity, ContactMerge, SegmentMember, ContactListMember, Comment):
            assert not model.objects.exists(), model

    def test_what_is_about_others_stays(self, ann, lead, noon):
        bob = ContactFactory(email="bob@example.com")
        CommentFactory(subject=bob)

        services.contact_erase(contact=ann, by=lead, now=noon)

        assert list(Contact.objects.known()) == [bob]
        assert bob.identities.get().value == "bob@example.com"
        assert Comment.objects.get().subject == bob
        faults = ImportFile.objects.get().faults.order_by("row")
        assert [fault.cells for fault in faults] == [[], ["x", "bob@example.com"]]

    def test_the_ledger_keeps_its_sums(self, ann, lead, noon):
        services.contact_erase(contact=ann, by=lead, now=noon)

        row = Recipient.objects.get()
        assert (row.contact_id, row.state, row.address, row.answer) == (ann.pk, "sent", "", "")

    def test_suppression_outlives_the_person(self, ann, lead, noon):
        services.contact_erase(contact=ann, by=lead, now=noon)

        again = ContactFactory(email=SECRET)
        assert Contact.objects.with_exclusion().get(pk=again.pk).exclusion == "suppressed"
        kept = Suppression.objects.values_list("channel", "reason", "address_hash")
        assert {(channel, reason, bytes(digest)) for channel, reason, digest in kept} == {
            ("email", "erased", address_hash(SECRET)),
            ("sms", "erased", address_hash("+49170123456")),
        }

    def test_somebody_in_line_is_not_written_to(self, lead, noon):
        row = RecipientFactory()

        services.contact_erase(contact=row.contact, by=lead, now=noon)

        assert Contact.objects.with_exclusion().get(pk=row.contact_id).exclusion == "erased"
        assert selectors.contacts_as_data([row.contact_id]) == {}

    def test_is_audited_and_logged_without_what_is_personal(self, ann, lead, noon, log):
        services.contact_erase(contact=ann, by=lead, now=noon, why="asked for")
        services.erasures_sweep(now=noon)

        event = AuditEvent.objects.get(action="contact.erased")
        assert (event.by, event.label) == (lead, f"contact {ann.pk}")
        assert event.details["rows"]["contacts_event"] == 2
        [line] = log.read_bytes().splitlines()
        told = orjson.loads(line)
        assert (told["contact"], told["why"]) == (ann.pk, "asked for")
        assert len(told["names"]) == 4
        assert SECRET not in line.decode()

    def test_the_number_of_somebody_merged_erases_the_person(self, ann, lead, noon):
        browser = Contact.objects.get(merged_into=ann.pk)

        services.contact_erase(contact=browser, by=lead, now=noon)

        assert not Contact.objects.known().exists()

    def test_is_done_once(self, ann, lead, noon):
        services.contact_erase(contact=ann, by=lead, now=noon)

        with pytest.raises(ContactErased):
            services.contact_erase(contact=ann, by=lead, now=noon)

        assert Erasure.objects.get().contact_id == ann.pk

    def test_what_a_worker_wrote_down_meanwhile_goes_too(self, ann, lead, noon):
        services.contact_erase(contact=ann, by=lead, now=noon)
        Recipient.objects.update(address=SECRET)
        Event.objects.create(contact=ann, name="Late", occurred_at=noon, received_at=noon)

        services.erasures_sweep(now=noon + timedelta(minutes=5))

        assert Recipient.objects.get().address == ""
        assert not ann.events.exists()

    def test_a_merge_with_an_erased_person_is_not_undone(self, ann, lead, noon):
        merge = ContactMerge.objects.get()
        services.contact_erase(contact=ann, by=lead, now=noon)

        assert not ContactMerge.objects.filter(pk=merge.pk).exists()


class TestErasuresReapply:
    def test_whoever_comes_back_with_a_backup_is_erased_again(self, ann, lead, noon, log):
        names = list(ann.identities.values_list("namespace", "value"))
        services.contact_erase(contact=ann, by=lead, now=noon, why="asked for")
        services.erasures_sweep(now=noon)
        self.restore(ann, names, noon)

        call_command("erase_contact", "--reapply", stdout=StringIO())

        assert SECRET not in database_text()
        assert Erasure.objects.get().why == "asked for"

    def test_another_person_of_that_number_is_left_alone(self, ann, lead, noon, log):
        services.contact_erase(contact=ann, by=lead, now=noon)
        services.erasures_sweep(now=noon)
        self.restore(ann, [("email", "zoe@example.com")], noon)

        with log.open("rb") as lines:
            assert services.erasures_reapply(lines=lines, by=None, now=noon) == 0

        assert list(Contact.objects.known()) == [ann]

    def restore(self, contact, names, noon):
        """Bring a contact back as an older backup would."""
        Erasure.objects.all().delete()
        Contact.objects.filter(pk=contact.pk).update(erased_at=None)
        for namespace, value in names:
            IdentityFactory(contact=contact, namespace=namespace, value=value)


class TestContactExport:
    def test_hands_over_every_table(self, ann, lead, noon):
        held = services.contact_export(contact=ann, by=lead, now=noon)["held"]

        assert set(held) == {name for name, _holding in registries.holdings.items()} | {
            "contacts_suppression"
        }
        assert {row["email"] for row in held["contacts_contact"]} == {SECRET, ""}
        assert {row["name"] for row in held["contacts_event"]} == {"Order", "Visit"}
        assert {row["value"] for row in held["contacts_identity"]} == {SECRET, "C-471100", "browser-1"}
        assert [row["address"] for row in held["messaging_recipient"]] == [SECRET]
        assert [row["text"] for row in held["collaboration_comment"]] == [f"Call {SECRET}"]
        assert AuditEvent.objects.filter(action="contact.exported").get().by == lead

    def test_holds_nothing_of_others(self, ann, lead, noon):
        bob = ContactFactory(email="bob@example.com")

        told = orjson.dumps(services.contact_export(contact=bob, by=lead, now=noon)).decode()

        assert "bob@example.com" in told
        assert SECRET not in told

    def test_nothing_is_left_to_hand_over_of_the_erased(self, ann, lead, noon):
        services.contact_erase(contact=ann, by=lead, now=noon)

        with pytest.raises(ContactErased):
            services.contact_export(contact=ann, by=lead, now=noon)


class TestCommands:
    def test_export_writes_json(self, ann):
        out = StringIO()

        call_command("export_contact", SECRET, stdout=out)

        assert orjson.loads(out.getvalue())["contact"] == ann.pk

    def test_erase_asks_to_be_meant(self, ann):
        with pytest.raises(CommandError, match="--yes"):
            call_command("erase_contact", SECRET)

        assert Contact.objects.known().get() == ann

    def test_erase_writes_the_log(self, ann, log):
        call_command("erase_contact", "crm:C-471100", "--yes", "--why", "letter", stdout=StringIO())

        assert orjson.loads(log.read_bytes())["contact"] == ann.pk

    @pytest.mark.parametrize("command", ["export_contact", "erase_contact"])
    def test_nobody_is_said(self, command):
        with pytest.raises(CommandError, match="Nobody"):
            call_command(command, "nobody@example.com")

    def test_a_log_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("erase_contact", "--reapply", str(tmp_path / "none"))


class TestDoors:
    def test_the_profile_hands_everything_over_as_a_file(self, login, lead, ann):
        response = login(lead).post(reverse("contacts:export", args=[ann.pk]))

        assert response.headers["Content-Disposition"] == f'attachment; filename="contact-{ann.pk}.json"'
        assert orjson.loads(response.content)["contact"] == ann.pk

    def test_the_profile_erases_with_its_consequence_told(self, login, lead, ann):
        client = login(lead)
        assert (
            "This cannot be undone." in client.get(reverse("contacts:detail", args=[ann.pk])).content.decode()
        )

        page = client.post(reverse("contacts:erase", args=[ann.pk]), {"why": "letter"}, follow=True)

        assert "The person is erased." in page.content.decode()
        assert Erasure.objects.get().why == "letter"
        page, edit = reverse("contacts:detail", args=[ann.pk]), reverse("contacts:edit", args=[ann.pk])
        profile = client.get(page).content.decode()
        assert "was erased" in profile
        assert edit not in profile
        assert "They told us something else" not in profile
        assert client.get(edit).headers["Location"] == page

    def test_a_marketer_may_do_neither(self, login, ann):
        client = login(UserFactory(role="marketer"))

        for name in ("export", "erase"):
            refused = client.post(reverse(f"contacts:{name}", args=[ann.pk]))
            assert refused.status_code == HTTPStatus.FORBIDDEN
        assert "contact-rights" not in client.get(reverse("contacts:detail", args=[ann.pk])).content.decode()

    def test_a_program_exports_and_erases(self, api, ann):
        program = api(UserFactory(role="integration"))
        url = f"/api/v1/contacts/{ann.pk}"

        told = program.post(f"{url}/export/").json()
        done = program.post(f"{url}/erase/", {"why": "asked for"}, format="json")

        assert told["held"]["contacts_contact"][0]["email"] in {SECRET, ""}
        assert done.status_code == HTTPStatus.NO_CONTENT
        assert program.post(f"{url}/erase/", {}, format="json").status_code == HTTPStatus.CONFLICT
        assert program.get(f"{url}/").status_code == HTTPStatus.NOT_FOUND

    def test_the_stored_answer_to_a_program_is_erased_too(self, api, ann, lead, noon):
        program = api(UserFactory(role="integration"))
        program.post(f"/api/v1/contacts/{ann.pk}/export/", headers={"idempotency-key": "k"})

        erasure = services.contact_erase(contact=ann, by=lead, now=noon)

        event = AuditEvent.objects.get(action="contact.erased")
        assert event.details["rows"]["accounts_idempotentanswer"] == 1
        assert erasure.names
