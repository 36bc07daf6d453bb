from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.urls import reverse

from apps.collaboration.models import AuditEvent, Notification
from apps.contacts import registries, selectors, services
from apps.contacts.addresses import address_hash
from apps.contacts.models import Consent, ConsentEvent, Contact, Identity, ImportFile, ImportKey
from apps.contacts.selectors import undo as undo_selectors
from apps.contacts.services import EventIn, ImportRefused, import_undoing
from apps.segments.models import SegmentMember
from tests.factories.accounts import UserFactory
from tests.factories.collaboration import CommentFactory
from tests.factories.contacts import (
    AttributeFactory,
    ConsentFactory,
    ContactFactory,
    IdentityFactory,
)
from tests.factories.messaging import RecipientFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db

NEW = "email,city\nann@example.com,Bonn\nbob@example.com,Rome\n"
CONSENT = {"status": "subscribed", "basis": "contract", "source": "shop", "wording": "You get news."}


@pytest.fixture(autouse=True)
def dictionary():
    AttributeFactory(key="city")


@pytest.fixture
def undo(lead):
    """Return a function that undoes an import to its end, as a worker does."""

    def make(import_file):
        services.import_undo(import_file=import_file, by=lead, now=import_file.finished_at)
        services.imports_undo(now=import_file.finished_at)
        import_file.refresh_from_db()
        return import_file

    return make


@pytest.fixture
def later(noon):
    return noon + timedelta(hours=1)


def counts(import_file):
    told = import_file.undo
    return told["removed"], told["restored"], told["kept"], told["lost"]


class TestCreated:
    def test_those_that_nothing_has_happened_to_are_removed_with_all_that_names_them(self, run, undo, noon):
        done = run(NEW, consent=CONSENT)
        ann = Contact.objects.get(email="ann@example.com")
        SegmentMember.objects.create(segment=SegmentFactory(), contact=ann, since_at=noon)

        undone = undo(done)

        assert (undone.state, counts(undone)) == ("undone", (2, 0, {}, 0))
        for model in (Contact, Identity, Consent, ConsentEvent, SegmentMember, ImportKey):
            assert not model.objects.exists(), model

    @pytest.mark.parametrize(
        ("reason", "happen"),
        [
            ("changed", lambda ann, lead, later: Contact.objects.filter(pk=ann.pk).update(updated_at=later)),
            (
                "events",
                lambda ann, lead, later: services.events_record(
                    events=[EventIn("Order", later, identity=("email", ann.email))], source="shop", now=later
                ),
            ),
            ("recipients", lambda ann, lead, later: RecipientFactory(contact=ann)),
            ("comments", lambda ann, lead, later: CommentFactory(subject=ann)),
            (
                "identities",
                lambda ann, lead, later: IdentityFactory(contact=ann, namespace="crm", created_at=later),
            ),
            (
                "refused",
                lambda ann, lead, later: services.consent_record(
                    contact=ann, change=services.ConsentChange(status="unsubscribed"), by=lead, now=later
                ),
            ),
            (
                "erased",
                lambda ann, lead, later: services.contact_erase(contact=ann, by=lead, now=later),
            ),
            (
                "merged",
                lambda ann, lead, later: services.contact_merge(
                    keep=ContactFactory(), gone=ann, by=lead, now=later, is_confirmed=True
                ),
            ),
        ],
    )
    def test_one_that_something_has_happened_to_stays_and_is_listed_with_the_reason(
        self, run, undo, lead, later, reason, happen, settings, tmp_path
    ):
        settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
        done = run(NEW)
        ann = Contact.objects.get(email="ann@example.com")
        happen(ann, lead, later)
        promised = selectors.import_undo_preview(done)

        undone = undo(done)

        assert counts(undone) == (1, 0, {reason: 1}, 0)
        assert (promised.removed, promised.restored, sum(one.count for one in promised.kept)) == (1, 0, 1)
        assert Contact.objects.filter(pk=ann.pk).exists()
        assert not Contact.objects.filter(email="bob@example.com").exists()
        named = f"Contact {ann.pk}" if reason in {"erased", "merged"} else "ann@example.com"
        assert [one.label for one in selectors.import_kept(undone, limit=10)] == [named]
        assert [one.label for one in promised.kept] == [
            one.reason for one in selectors.import_kept(undone, limit=10)
        ]

    def test_every_table_of_contacts_either_goes_along_or_makes_the_contact_stay(self):
        going = {move.table for move in registries.moves if move.goes_along}

        assert going == {
            "contacts_identity",
            "contacts_consent",
            "contacts_consentevent",
            "segments_segmentmember",
        }


class TestChanged:
    @pytest.fixture
    def ann(self):
        return ContactFactory(
            email="ann@example.com",
            phone="+49170123456",
            attributes={"city": "Bonn", "age": 4},
            consent=False,
        )

    def test_what_was_changed_goes_back_to_what_it_was(self, run, undo, ann):
        done = run("email,city,phone,zip\nann@example.com,Rome,+4917099,53111\n")

        undone = undo(done)

        ann.refresh_from_db()
        assert counts(undone) == (0, 1, {}, 0)
        assert ann.attributes == {"city": "Bonn", "age": 4}
        assert (ann.phone, bytes(ann.phone_hash)) == ("+49170123456", address_hash("+49170123456"))
        assert not ImportKey.objects.exists()

    def test_what_was_changed_since_stays_and_the_rest_goes_back(self, run, undo, ann, later):
        done = run("email,city,phone\nann@example.com,Rome,+4917099\n")
        Contact.objects.filter(pk=ann.pk).update(attributes={"city": "Oslo", "age": 4}, updated_at=later)

        undone = undo(done)

        ann.refresh_from_db()
        assert counts(undone) == (0, 0, {"changed": 1}, 0)
        assert (ann.attributes, ann.phone) == ({"city": "Oslo", "age": 4}, "+49170123456")
        assert ImportKey.objects.get().before is None

    def test_a_name_and_an_address_that_it_brought_go_again(self, run, undo, noon):
        contact = ContactFactory(email="old@example.com")
        IdentityFactory(contact=contact, namespace="crm", value="7")
        done = run(
            "id,mail,shop\n7,new@example.com,s1\n",
            mapping={"id": "identity:crm", "mail": "email", "shop": "identity:shop"},
            key="identity:crm",
        )
        assert Contact.objects.get().email == "new@example.com"

        undone = undo(done)

        contact.refresh_from_db()
        assert counts(undone) == (0, 1, {}, 0)
        assert (contact.email, bytes(contact.email_hash)) == (
            "old@example.com",
            address_hash("old@example.com"),
        )
        assert set(contact.identities.values_list("namespace", "value")) == {
            ("email", "old@example.com"),
            ("crm", "7"),
        }

    @pytest.mark.parametrize(("before", "stands"), [(None, []), ("pending", ["pending"])])
    def test_a_consent_that_it_wrote_ends_and_the_ledger_says_so(self, run, undo, ann, before, stands, noon):
        if before:
            ConsentFactory(contact=ann, status=before, changed_at=noon - timedelta(days=1))
        done = run("email,city\nann@example.com,Bonn\n", consent=CONSENT)
        assert ann.consents.get().status == "subscribed"

        undo(done)

        assert [one.status for one in ann.consents.all()] == stands
        last = ann.consent_events.order_by("pk").last()
        assert (last.status, last.basis) == (before or "unsubscribed", "import undone")

    def test_a_consent_given_since_stays(self, run, undo, ann, lead, later):
        done = run("email,city\nann@example.com,Bonn\n", consent=CONSENT)
        Consent.objects.filter(contact=ann).update(changed_at=later)

        undone = undo(done)

        assert counts(undone) == (0, 0, {"consents": 1}, 0)
        assert ann.consents.get().status == "subscribed"

    def test_a_refusal_is_never_taken_back(self, run, undo, ann):
        ConsentFactory(contact=ann, status="subscribed")
        done = run("email,city\nann@example.com,Rome\n", consent={"status": "unsubscribed"})

        undone = undo(done)

        ann.refresh_from_db()
        assert counts(undone) == (0, 0, {"refused": 1}, 0)
        assert (ann.consents.get().status, ann.attributes["city"]) == ("unsubscribed", "Bonn")

    def test_nothing_is_remembered_of_those_that_stayed_as_they_were(self, run, ann):
        run("email,city\nann@example.com,Bonn\n")

        kept = ImportKey.objects.get()
        assert (kept.is_new, kept.before) == (False, None)


class TestWork:
    def test_it_is_audited_and_told(self, run, undo, lead):
        undo(run(NEW, by=lead))

        acts = AuditEvent.objects.filter(action__startswith="import.und").order_by("pk")
        assert [(act.action, act.by) for act in acts] == [("import.undo", lead), ("import.undone", lead)]
        assert acts.last().details == {"removed": 2, "restored": 0, "people": 0, "kept": {}, "lost": 0}
        assert Notification.objects.filter(user=lead, text__contains="is undone").count() == 1

    def test_asked_for_twice_it_is_done_once(self, run, undo, lead, later):
        done = undo(run(NEW))

        again = services.import_undo(import_file=done, by=lead, now=done.finished_at)
        services.imports_undo(now=done.finished_at)

        assert (again.state, counts(again)) == ("undone", (2, 0, {}, 0))
        assert AuditEvent.objects.filter(action="import.undo").count() == 1

    def test_one_that_was_killed_goes_on_behind_the_last_chunk(self, run, lead, later, monkeypatch):
        monkeypatch.setattr(import_undoing, "CHUNK", 1)
        done = run(NEW)
        now = done.finished_at
        services.import_undo(import_file=done, by=lead, now=now)
        work = import_undoing._claim(now=now)
        assert import_undoing._chunk_take_back(work)

        services.imports_undo(now=now)
        done.refresh_from_db()
        assert (done.state, counts(done)) == ("undoing", (1, 0, {}, 0))
        services.imports_undo(now=now + import_undoing.LEASE_TIME + timedelta(minutes=1))

        done.refresh_from_db()
        assert (done.state, counts(done)) == ("undone", (2, 0, {}, 0))
        with pytest.raises(import_undoing._LeaseLost):
            import_undoing._chunk_take_back(work)

    def test_one_that_was_cancelled_is_undone_as_far_as_it_came(self, run, undo, lead, noon):
        done = run(NEW)
        ImportFile.objects.filter(pk=done.pk).update(state="cancelled")

        assert counts(undo(ImportFile.objects.get())) == (2, 0, {}, 0)

    def test_what_the_record_has_lost_is_told(self, run, undo):
        done = run(NEW)
        ImportKey.objects.filter(pk=ImportKey.objects.order_by("key").last().pk).delete()

        assert counts(undo(done)) == (1, 0, {}, 1)

    def test_the_same_file_can_be_imported_again(self, run, undo):
        undo(run(NEW))

        assert run(NEW).created == 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"is_dry_run": True}, "Nothing was imported"),
            ({"state": "running"}, "Only an import that has ended"),
            ({"created": 0, "rows_total": 0}, "neither added nor changed anything"),
        ],
    )
    def test_what_cannot_be_undone_is_said_and_nothing_changes(self, run, lead, later, change, reason):
        done = run(NEW)
        ImportFile.objects.filter(pk=done.pk).update(**change)

        with pytest.raises(ImportRefused, match=reason):
            services.import_undo(import_file=done, by=lead, now=done.finished_at)

        assert Contact.objects.count() == 2
        assert not AuditEvent.objects.filter(action="import.undo").exists()

    def test_after_seven_days_it_stays(self, run, lead):
        done = run(NEW)
        over = done.finished_at + timedelta(days=7)

        with pytest.raises(ImportRefused, match="They are over"):
            services.import_undo(import_file=done, by=lead, now=over)

    def test_a_record_that_is_gone_is_said(self, run, lead, later):
        done = run(NEW)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE contacts_importkey")

        with pytest.raises(ImportRefused, match="not on record"):
            services.import_undo(import_file=done, by=lead, now=done.finished_at)


class TestPages:
    def test_the_way_from_result_to_undone(self, login, lead, run, later):
        done = run(NEW, by=lead)
        ann = Contact.objects.get(email="ann@example.com")
        CommentFactory(subject=ann)
        person = login(lead)
        detail, url = (reverse(f"contacts:import-{name}", args=[done.pk]) for name in ("detail", "undo"))
        assert f'href="{url}"' in person.get(detail).content.decode()

        asked = person.get(url).content.decode()
        person.post(url)
        going = person.get(detail).content.decode()
        services.imports_undo(now=done.finished_at)
        page = person.get(detail, headers={"hx-request": "true"}).content.decode()

        assert "Are kept: Comments" in asked
        assert "Undo the import" in asked
        assert 'hx-trigger="every 1500ms"' in going
        assert "The import is undone" in page
        assert reverse("contacts:detail", args=[ann.pk]) in page
        assert 'hx-trigger="every' not in page
        assert f'href="{url}"' not in page
        kept = person.get(reverse("contacts:import-kept", args=[done.pk]))
        lines = b"".join(kept.streaming_content).decode().splitlines()
        assert lines == ["contact,reason", f"{ann.pk},Comments"]

    def test_what_cannot_be_undone_says_why_and_has_no_button(self, login, lead, run):
        checked = run(NEW, by=lead, is_dry_run=True)
        person = login(lead)

        page = person.get(reverse("contacts:import-undo", args=[checked.pk])).content.decode()
        refused = person.post(reverse("contacts:import-undo", args=[checked.pk])).content.decode()

        assert "Nothing was imported, so there is nothing to undo." in page
        assert "undo-now" not in page
        assert "Nothing was imported, so there is nothing to undo." in refused

    def test_of_very_many_the_page_says_the_most_that_can_happen(self, login, lead, run, monkeypatch):
        monkeypatch.setattr(undo_selectors, "COUNTED", 1)
        done = run(NEW, by=lead)

        page = login(lead).get(reverse("contacts:import-undo", args=[done.pk])).content.decode()

        assert "This is the most that can happen." in page

    def test_programs_look_undo_and_ask_who_was_kept(self, api, run):
        done = run(NEW)
        program = api(UserFactory(role="integration"))
        url = reverse("api:import-detail", args=[done.pk])

        promised = program.get(f"{url}undo/preview/").json()
        sent = program.post(f"{url}undo/")
        services.imports_undo(now=done.finished_at)

        nothing_kept = {"kept": [], "lost": 0, "exact": True, "people": 0}
        assert promised == {"removed": 2, "restored": 0, **nothing_kept}
        assert (sent.status_code, sent.json()["status"]) == (HTTPStatus.ACCEPTED, "undoing")
        told = program.get(url).json()
        assert (told["status"], told["undo"]) == ("undone", promised)
        assert b"".join(program.get(f"{url}kept/").streaming_content) == b"contact,reason\r\n"
        assert program.get(f"{url}undo/preview/").status_code == HTTPStatus.CONFLICT
