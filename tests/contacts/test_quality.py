from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services
from apps.contacts.models import (
    Contact,
    QualityFinding,
    QualityMend,
    QualityMendRow,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
)
from apps.contacts.quality import RULES, rule_score, total_score
from apps.contacts.services import quality as quality_service
from apps.contacts.services import quality_lease
from apps.contacts.services.quality import QualityRefused, ScanRunning
from apps.contacts.services.quality_pairs import PairDecided
from apps.core.pagination import PAGE_SIZE, keyset_page
from tests.factories.contacts import (
    AttributeFactory,
    ContactFactory,
    IdentityFactory,
    QualityMendFactory,
    QualityPairFactory,
    QualityScanFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def undurable():
    """Claims are transactions of their own; a test's block around them may believe that it is outermost."""
    connection.atomic_blocks[-1]._from_testcase = True


@pytest.fixture
def dictionary():
    for key in ("first_name", "last_name", "city", "birth_date"):
        AttributeFactory(key=key)
    AttributeFactory(key="plan", type="choice", choices=["gold", "silver"])
    AttributeFactory(key="visits", type="number")


@pytest.fixture
def scan(noon, lead):
    """Return a function that looks at everything by these rules alone, and gives the scan."""

    def make(*rules, by=None, now=noon, **settings):
        for key, rule in RULES.items():
            services.quality_rule_update(
                rule=rule, is_on=key in rules, settings=settings if key in rules else None, by=by, now=now
            )
        started = services.quality_scan_start(by=by, now=now)
        while services.quality_scans_run(now=now):
            pass
        started.refresh_from_db()
        assert started.state == "done", started.error
        return started

    return make


def found(scan):
    """Return (rule, detail, contact) of what the scan found."""
    return set(scan.findings.values_list("rule", "detail", "contact_id"))


def person(first="Ann", last="Smith", **more):
    attributes = {"first_name": first, "last_name": last, **more.pop("attributes", {})}
    return ContactFactory(attributes=attributes, **more)


class TestScore:
    def test_of_a_rule_is_the_share_of_contacts_without_a_finding(self):
        assert rule_score(checked=3, found=1) == Decimal("66.67")
        assert rule_score(checked=0, found=0) == 100

    def test_is_a_hundred_only_where_nothing_was_found(self):
        assert rule_score(checked=1_000_000, found=1) == Decimal("99.99")
        assert total_score([(1, Decimal(100)), (1_000, Decimal(100))]) == 100
        assert total_score([(1, Decimal("99.99")), (1_000, Decimal(100))]) == Decimal("99.99")

    def test_of_all_is_weighted_and_rules_of_no_weight_do_not_count(self):
        assert total_score([(3, Decimal(100)), (1, Decimal(50)), (0, Decimal(0))]) == Decimal("87.50")
        assert total_score([(0, Decimal(0))]) == total_score([]) == 100


class TestRules:
    def test_completeness_asks_for_each_chosen_field(self, dictionary, scan):
        both = ContactFactory(attributes={"city": "Bonn"})
        neither = ContactFactory(email="", attributes={})

        done = scan("completeness", fields=["email", "city"])

        assert found(done) == {("completeness", "email", neither.pk), ("completeness", "city", neither.pk)}
        assert (done.checked, done.faultless, done.score) == (2, 1, Decimal("50.00"))
        assert both.quality_findings.count() == 0

    def test_addresses_are_valid(self, scan):
        ContactFactory(email="bücher@büro.example", phone="+49170123456")
        bad = ContactFactory(email="ann(at)example.com", phone="call me")

        assert found(scan("address_validity")) == {
            ("address_validity", "email", bad.pk),
            ("address_validity", "phone", bad.pk),
        }

    @pytest.mark.parametrize("domain", ["gmial.com", "gmail.co", "northfield.con"])
    def test_a_mistyped_domain_is_found(self, scan, domain):
        mistyped = ContactFactory(email=f"ann@{domain}")
        for right in ("gmail.com", "mail.com", "company.co", "gmail.com.example"):
            ContactFactory(email=f"ann@{right}")

        assert found(scan("address_validity")) == {("address_validity", "domain", mistyped.pk)}

    def test_values_are_of_their_type_and_choices(self, dictionary, scan):
        ContactFactory(attributes={"plan": "gold", "visits": 3})
        bad = ContactFactory(attributes={"plan": "bronze", "visits": "three"})

        assert found(scan("value_validity")) == {
            ("value_validity", "plan", bad.pk),
            ("value_validity", "visits", bad.pk),
        }

    def test_stale_is_who_has_neither_changed_nor_done_anything(self, scan, noon):
        old, active, fresh = ContactFactory.create_batch(3)
        long_ago = noon - timedelta(days=400)
        Contact.objects.filter(pk__in=[old.pk, active.pk]).update(updated_at=long_ago)
        Contact.objects.filter(pk=fresh.pk).update(updated_at=noon)
        services.events_record(
            events=[services.EventIn("Visit", noon, contact_id=active.pk)], source="site", now=noon
        )
        scan_at = noon + timedelta(days=1)

        assert found(scan("staleness", days=300, now=scan_at)) >= {("staleness", "", old.pk)}
        assert not active.quality_findings.exists()

    def test_role_and_disposable_addresses(self, scan):
        info = ContactFactory(email="info+shop@example.com")
        ContactFactory(email="information@example.com")
        thrown = ContactFactory(email="x@mailinator.com")

        assert found(scan("role_addresses")) == {("role_addresses", "", info.pk)}
        assert found(scan("disposable_addresses")) == {("disposable_addresses", "", thrown.pk)}
        assert found(scan("disposable_addresses", allowed=["mailinator.com"], more=["example.com"])) == {
            ("disposable_addresses", "", pk)
            for pk in Contact.objects.exclude(pk=thrown.pk).values_list("pk", flat=True)
        }

    def test_suspicious_names(self, dictionary, scan):
        for first, last in [("Ann", "Smith"), ("Jo", "McDonald"), ("李", "明"), ("Bo", "O'Neil")]:
            person(first, last)
        wrong = {
            "spaces": person(" Ann", "Smith"),
            "capitals": person("Ann", "SMITH"),
            "digits": person("Ann2", "Smith"),
            "placeholder": person("Test", "Smith"),
            "keyboard": person("Asdfgh", "Smith"),
        }

        assert found(scan("suspicious_names")) == {
            ("suspicious_names", detail, contact.pk) for detail, contact in wrong.items()
        }

    def test_swapped_names_are_told_by_what_others_are_called(self, dictionary, scan):
        for n in range(5):
            person("Ann", f"Other{n}")
            person(f"First{n}", "Smith")
        swapped, comma = person("Smith", "Ann"), person("Jones,", "Bob")

        assert found(scan("swapped_names")) == {
            ("swapped_names", "", swapped.pk),
            ("swapped_names", "comma", comma.pk),
        }

    def test_several_people_on_one_number(self, dictionary, scan):
        desk = [person(name, phone="+49228111111") for name in ("Ann", "Bob", "Cid")]
        for _twice in range(3):
            person("Dan", phone="+49228222222")

        assert found(scan("shared_addresses")) == {
            ("shared_addresses", "phone", contact.pk) for contact in desk
        }

    def test_erased_and_merged_contacts_are_nobody(self, scan, noon):
        ContactFactory(email="", erased_at=noon)

        done = scan("completeness")

        assert (done.checked, done.score, found(done)) == (0, Decimal(100), set())


class TestDuplicates:
    @pytest.mark.parametrize(
        ("reason", "likeness", "one", "other"),
        [
            ("mailbox", 100, {"email": "ann.s@gmail.com"}, {"email": "anns+x@googlemail.com"}),
            ("mailbox", 100, {"email": "ann@example.com"}, {"email": "ann+news@example.com"}),
            ("phone_name", 95, {"phone": "+49170123456789"}, {"phone": "0170123456789"}),
            (
                "name_birth",
                95,
                {"attributes": {"birth_date": "1990-01-02"}},
                {"attributes": {"birth_date": "1990-01-02"}},
            ),
            ("name_place", 80, {"attributes": {"city": "Bonn"}}, {"attributes": {"city": "bonn"}}),
        ],
    )
    def test_the_same_person_twice(self, dictionary, scan, reason, likeness, one, other):
        first = person("Ánna", "Smith", **one)
        second = person("Anna", " smith", **other)
        person("Bob", "Jones", email="bob.x@example.com", attributes={"city": "Bonn"})

        done = scan("exact_duplicates")

        pair = QualityPair.objects.get()
        assert (pair.contact, pair.other, pair.reason, pair.likeness) == (first, second, reason, likeness)
        assert found(done) == {
            ("exact_duplicates", reason, first.pk),
            ("exact_duplicates", reason, second.pk),
        }

    def test_dots_count_where_the_provider_counts_them(self, scan):
        ContactFactory(email="ann.s@example.com")
        ContactFactory(email="anns@example.com")

        assert found(scan("exact_duplicates")) == set()

    def test_three_of_one_key_are_two_pairs_with_the_first(self, dictionary, scan):
        first, second, third = (person(phone="+4922811111") for _ in range(3))

        scan("exact_duplicates")

        assert set(QualityPair.objects.values_list("contact", "other")) == {
            (first.pk, second.pk),
            (first.pk, third.pk),
        }

    def test_more_than_twenty_of_one_name_and_city_are_different_people(self, dictionary, scan):
        for _n in range(21):
            person(attributes={"city": "Bonn"})

        assert found(scan("exact_duplicates")) == set()

    def test_names_that_sound_alike_are_compared_where_something_else_is_the_same(self, dictionary, scan):
        one = person("Anna", "Meier", attributes={"city": "Bonn"})
        two = person("Anna", "Mayer", attributes={"city": "Bonn"})
        person("Anna", "Mayer", attributes={"city": "Köln"})

        scan("similar_duplicates", likeness=40)

        pair = QualityPair.objects.get()
        assert (pair.contact, pair.other, pair.reason) == (one, two, "name_alike")
        assert 40 <= pair.likeness < 100
        scan("similar_duplicates", likeness=100)
        assert not QualityPair.objects.exists()

    def test_one_address_at_two_providers(self, scan):
        one = ContactFactory(email="ann.smith80@example.com")
        two = ContactFactory(email="annsmith80@example.org")
        ContactFactory(email="customers@example.org")

        scan("similar_duplicates")

        assert QualityPair.objects.values_list("contact", "other", "reason", "likeness").get() == (
            one.pk,
            two.pk,
            "local_alike",
            70,
        )

    def test_what_is_dismissed_is_not_suggested_again(self, dictionary, scan, lead, noon):
        person(phone="+4922811111"), person(phone="+4922811111")
        scan("exact_duplicates")
        pair = QualityPair.objects.get()

        services.pair_dismiss(pair=pair, by=lead, now=noon)
        scan("exact_duplicates")

        assert not selectors.pairs_waiting().exists()
        assert QualityPair.objects.get().state == "dismissed"
        services.pair_reopen(pair=pair, by=lead, now=noon)
        assert selectors.pairs_waiting().get() == pair


class TestPairs:
    def test_merging_goes_through_the_merge(self, lead, noon):
        pair = QualityPairFactory()

        merge = services.pair_merge(pair=pair, keep=pair.other, by=lead, now=noon)

        assert (merge.contact, merge.gone) == (pair.other, pair.contact)
        assert not selectors.pairs_waiting().exists()
        services.contact_unmerge(merge=merge, by=lead, now=noon)
        assert selectors.pairs_waiting().get() == pair

    def test_only_one_of_the_two_is_kept(self, lead, noon):
        with pytest.raises(QualityRefused, match="Keep one of the two"):
            services.pair_merge(pair=QualityPairFactory(), keep=ContactFactory(), by=lead, now=noon)

    @pytest.mark.parametrize("act", ["pair_dismiss", "pair_merge"])
    def test_decides_once(self, lead, noon, act):
        pair = QualityPairFactory()
        services.pair_dismiss(pair=pair, by=lead, now=noon)
        more = {"keep": pair.contact} if act == "pair_merge" else {}

        with pytest.raises(PairDecided):
            getattr(services, act)(pair=pair, by=lead, now=noon, **more)

        assert Contact.objects.known().count() == 2

    def test_erasing_one_takes_the_suggestion_along(self, lead, noon, settings, tmp_path):
        settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
        pair = QualityPairFactory()

        services.contact_erase(contact=pair.other, by=lead, now=noon)

        assert not QualityPair.objects.exists()


class TestWhatAFreshScanIsReadBy:
    """Everything found stands at the end of many contacts: those in front of it are not walked."""

    @pytest.fixture
    def found(self, noon):
        pk = QualityScanFactory(state=QualityScan.State.DONE, finished_at=noon).pk
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contacts_contact (email, attributes, created_at, updated_at) "
                "SELECT 'p' || n || '@example.org', '{}', now(), now() FROM generate_series(1, 60000) AS n"
            )
            cursor.execute("CREATE TEMPORARY TABLE one ON COMMIT DROP AS SELECT id FROM contacts_contact ")
            cursor.execute("DELETE FROM one WHERE id < (SELECT max(id) FROM one) - 10000")
            cursor.execute(
                "INSERT INTO contacts_qualitypair (contact_id, other_id, reason, likeness, state, scan_id) "
                "SELECT id - 1, id, 'mailbox', 90, 'open', %s FROM one WHERE id %% 2 = 0",
                [pk],
            )
            cursor.execute(
                "INSERT INTO contacts_qualityfinding (scan_id, rule, detail, contact_id) "
                "SELECT %s, 'exact_duplicates', 'mailbox', id FROM one",
                [pk],
            )
            for table in ("contact", "qualitypair", "qualityfinding"):
                cursor.execute(f"ANALYZE contacts_{table}")

    def plans(self, queries):
        with connection.cursor() as cursor:
            for query in queries:
                cursor.execute(f"EXPLAIN {query['sql']}")
                yield "\n".join(line for (line,) in cursor.fetchall())

    def test_the_count_of_pairs(self, found):
        with CaptureQueriesContext(connection) as asked:
            assert selectors.pairs_count(limit=1_001) == 1_001

        (plan,) = self.plans(asked.captured_queries)
        assert "contacts_pair_queue" in plan

    def test_a_page_of_findings(self, found):
        with CaptureQueriesContext(connection) as asked:
            page = keyset_page(selectors.findings(rule="exact_duplicates"), ordering=["contact_id"])

        assert len({one.contact.email for one in page.rows}) == PAGE_SIZE
        # Joined, the planner may merge them; whether it does depends on how many of both there are.
        findings, _people = [query["sql"] for query in asked.captured_queries][-2:]
        assert "contacts_qualityfinding" in findings
        assert "JOIN" not in findings


class TestScan:
    def test_has_history_and_goes_by_the_rules_as_they_were(self, scan, lead):
        ContactFactory(email="")
        first = scan("completeness", by=lead)
        second = scan("role_addresses")

        assert [one.score for one in selectors.scans_history()] == [Decimal("0.00"), Decimal("100.00")]
        assert set(QualityResult.objects.values_list("scan", "rule", "found", "score")) == {
            (first.pk, "completeness", 1, Decimal("0.00")),
            (second.pk, "role_addresses", 0, Decimal("100.00")),
        }
        assert AuditEvent.objects.filter(action="quality.scanned").count() == 2

    def test_one_at_a_time(self, lead, noon):
        services.quality_scan_start(by=lead, now=noon)

        with pytest.raises(ScanRunning, match="at work already"):
            services.quality_scan_start(by=lead, now=noon)

        assert QualityScan.objects.count() == 1

    def test_with_no_rule_on_there_is_nothing_to_look_for(self, noon):
        for rule in RULES.values():
            services.quality_rule_update(rule=rule, is_on=False, by=None, now=noon)

        with pytest.raises(ScanRunning, match="No rule is on"):
            services.quality_scan_start(by=None, now=noon)

    def test_a_worker_that_is_killed_is_followed_behind_its_last_stretch(self, noon, monkeypatch):
        contacts = ContactFactory.create_batch(3, email="")
        monkeypatch.setattr(quality_service, "CHUNK_IDS", 1)
        monkeypatch.setattr(quality_service, "SECONDS_PER_RING", -1)
        started = services.quality_scan_start(by=None, now=noon)
        QualityScan.objects.update(position=contacts[0].pk - 1)

        services.quality_scans_run(now=noon)  # one stretch
        QualityScan.objects.update(leased_until=noon + quality_lease.LEASE_TIME)  # killed now
        assert not services.quality_scans_run(now=noon)
        started.refresh_from_db()
        assert (started.position, started.checked) == (contacts[0].pk, 1)
        later = noon + 2 * quality_lease.LEASE_TIME
        while services.quality_scans_run(now=later):
            pass

        started.refresh_from_db()
        assert (started.state, started.checked) == ("done", 3)
        assert started.results.get(rule="completeness").found == 3

    def test_a_worker_whose_lease_is_over_writes_nothing(self, noon, monkeypatch):
        ContactFactory(email="")
        started = services.quality_scan_start(by=None, now=noon)
        hold = quality_lease.claim(QualityScan, now=noon, running="running")
        services.quality_scan_cancel(scan=started, by=None, now=noon)

        quality_lease.work(hold, quality_service._scan, failed=quality_service._failed)

        started.refresh_from_db()
        assert (started.state, started.checked) == ("cancelled", 0)
        assert not QualityFinding.objects.exists()

    def test_what_has_ended_cannot_be_stopped(self, noon):
        done = QualityScanFactory()

        with pytest.raises(ScanRunning, match="has ended"):
            services.quality_scan_cancel(scan=done, by=None, now=noon)

    def test_what_older_scans_found_is_forgotten(self, scan, noon):
        ContactFactory(email="")
        scan("completeness")
        last = scan("completeness")

        assert services.quality_forget(now=noon) == 1
        assert services.quality_forget(now=noon) == 0

        assert QualityFinding.objects.get().scan == last
        assert QualityResult.objects.count() == 2


class TestRuleUpdate:
    @pytest.mark.parametrize(
        ("key", "change", "field"),
        [
            ("staleness", {"settings": {"days": 0}}, "days"),
            ("staleness", {"settings": {"days": "9"}}, "days"),
            ("staleness", {"settings": {"weeks": 3}}, "settings"),
            ("staleness", {"weight": 11}, "weight"),
            ("completeness", {"settings": {"fields": ["shoe_size"]}}, "fields"),
            ("role_addresses", {"settings": {"words": ["x" * 101]}}, "words"),
            ("role_addresses", {"settings": {"words": "info"}}, "words"),
        ],
    )
    def test_refuses_what_cannot_be(self, noon, key, change, field):
        with pytest.raises(QualityRefused) as refusal:
            services.quality_rule_update(rule=RULES[key], by=None, now=noon, **change)

        assert refusal.value.field == field
        assert not QualityRule.objects.filter(settings__has_key=field).exists()


def mend(rule, act, lead, noon, detail=""):
    done = services.mend_start(rule=rule, act=act, detail=detail, by=lead, now=noon)
    while services.quality_mends_run(now=noon):
        pass
    QualityMend.objects.update(finished_at=noon)  # the database's clock is not at noon
    done.refresh_from_db()
    assert done.state == "done", done.error
    return done


def undo(done, lead, noon):
    services.mend_undo(mend=done, by=lead, now=noon)
    while services.quality_mends_run(now=noon):
        pass
    done.refresh_from_db()
    assert done.state == "undone", done.error
    return done


def attributes_of(contact):
    return Contact.objects.get(pk=contact.pk).attributes


class TestMends:
    def test_preview_says_what_would_change_and_changes_nothing(self, dictionary, scan):
        ann, _bob = person("  ANN", "van  DER Berg"), person("Bob", "Jones")
        scan("suspicious_names")

        preview = selectors.mend_preview(services.mend_plan(rule="suspicious_names", act="names_tidy"))

        assert (preview.count, preview.is_more) == (1, False)
        (line,) = preview.lines
        assert line.contact == ann.pk
        assert line.changes == [
            ("first_name", "  ANN", "Ann"),
            ("last_name", "van  DER Berg", "van DER Berg"),
        ]
        assert attributes_of(ann)["first_name"] == "  ANN"

    def test_tidies_names_and_undoes_it_but_for_what_was_changed_since(self, dictionary, scan, lead, noon):
        ann, bob, cid = person("ANN", "Smith"), person("BOB", "Jones"), person("Cid", "Jones")
        test = person("TEST", "Smith")  # no name, however it is written
        scan("suspicious_names")

        done = mend("suspicious_names", "names_tidy", lead, noon)

        assert (done.changed, done.skipped) == (2, 1)
        assert attributes_of(ann) == {"first_name": "Ann", "last_name": "Smith"}
        assert set(QualityFinding.objects.values_list("contact", flat=True)) == {test.pk}
        assert done.scan.results.get().mended == 2
        services.contact_update(contact=bob, attributes={"first_name": "Robert"}, by=None, now=noon)

        undo(done, lead, noon)

        assert (done.given_back, done.kept) == (1, 1)
        assert [attributes_of(one)["first_name"] for one in (ann, bob, cid)] == ["ANN", "Robert", "Cid"]
        assert set(QualityFinding.objects.values_list("contact", flat=True)) == {ann.pk, test.pk}
        assert done.scan.results.get().mended == 1
        assert list(
            AuditEvent.objects.filter(action__startswith="quality.mend")
            .values_list("action", flat=True)
            .order_by("pk")
        ) == [
            "quality.mend_started",
            "quality.mended",
            "quality.mend_undo_started",
            "quality.mend_undone",
        ]

    def test_merges_who_contradict_nothing_and_takes_them_apart_again(self, dictionary, scan, lead, noon):
        first = person(phone="+4922811111", email="")
        second = person("ann", phone="+4922811111", email="", attributes={"city": "Bonn"})
        third = person(phone="+4922811111", email="ann@example.com")
        fourth = person(phone="+4922811111", email="smith@example.com")  # has another address than the third
        gold = person("Bob", "Jones", phone="+4922822222", attributes={"plan": "gold"})
        person("Bob", "Jones", phone="+4922822222", attributes={"plan": "silver"}, email="")
        for value in "12":
            account = person("Cid", "Jones", phone="+4922833333", email="")
            IdentityFactory(contact=account, namespace="user", value=value)
        for contact in (first, second):
            IdentityFactory(contact=contact, namespace="card", value=str(contact.pk))
        scan("exact_duplicates")
        plan = services.mend_plan(rule="exact_duplicates", act="merge")
        preview = selectors.mend_preview(plan)
        assert preview.count == 3
        assert preview.lines[0].changes == [("merge", "+4922811111", "+4922811111")]

        done = mend("exact_duplicates", "merge", lead, noon)

        kept = Contact.objects.get(pk=first.pk)
        assert (done.changed, done.skipped) == (2, 0)
        assert set(Contact.objects.known().values_list("pk", flat=True)) >= {first.pk, fourth.pk, gold.pk}
        assert (kept.email, kept.attributes["city"]) == ("ann@example.com", "Bonn")
        assert AuditEvent.objects.filter(action="contact.merged", by=lead).count() == 4

        undo(done, lead, noon)

        kept.refresh_from_db()
        assert (done.given_back, done.kept) == (2, 0)
        assert (kept.email, kept.attributes) == ("", {"first_name": "Ann", "last_name": "Smith"})
        assert {second.pk, third.pk} <= set(Contact.objects.known().values_list("pk", flat=True))
        assert set(QualityFinding.objects.values_list("contact", flat=True)) >= {
            first.pk,
            second.pk,
            third.pk,
        }

    def test_merges_leave_alone_what_was_merged_further_since(self, dictionary, scan, lead, noon):
        first, second = (person(phone="+4922811111", email="") for _ in range(2))
        scan("exact_duplicates")
        done = mend("exact_duplicates", "merge", lead, noon)
        later = ContactFactory(email="", phone="")
        services.contact_merge(keep=first, gone=later, by=lead, now=noon, is_confirmed=True)

        undo(done, lead, noon)

        assert (done.given_back, done.kept) == (0, 1)
        assert Contact.objects.get(pk=second.pk).merged_into == first.pk

    def test_clears_what_is_no_name(self, dictionary, scan, lead, noon):
        ann = person("test", "Smith")
        scan("suspicious_names")

        done = mend("suspicious_names", "names_clear", lead, noon)
        assert attributes_of(ann) == {"last_name": "Smith"}
        undo(done, lead, noon)
        assert attributes_of(ann) == {"first_name": "test", "last_name": "Smith"}

    def test_swaps_names_unless_somebody_has_done_so(self, dictionary, scan, lead, noon):
        ann, bob = person("Smith,", "Ann"), person("Jones,", "Bob")
        scan("swapped_names")
        Contact.objects.filter(pk=bob.pk).update(updated_at=noon + timedelta(hours=1))

        done = mend("swapped_names", "names_swap", lead, noon)

        assert (done.changed, done.skipped) == (1, 1)
        assert attributes_of(ann) == {"first_name": "Ann", "last_name": "Smith"}
        assert attributes_of(bob)["first_name"] == "Jones,"

    def test_clears_values_that_do_not_fit_of_one_attribute(self, dictionary, scan, lead, noon):
        ann = ContactFactory(attributes={"plan": "bronze", "visits": "three"})
        scan("value_validity")

        done = mend("value_validity", "values_clear", lead, noon, detail="plan")

        assert attributes_of(ann) == {"visits": "three"}
        assert found(done.scan) == {("value_validity", "visits", ann.pk)}

    def test_suppresses_addresses_and_lifts_what_nobody_has_confirmed_since(self, scan, lead, noon):
        info, sales, changed = (
            ContactFactory(email=f"{name}@example.com") for name in ("info", "sales", "hr")
        )
        scan("role_addresses")
        services.contact_update(contact=changed, email="heidi@example.com", by=None, now=noon)

        done = mend("role_addresses", "suppress", lead, noon)

        assert (done.changed, done.skipped) == (2, 1)
        excluded = dict(Contact.objects.with_exclusion().values_list("pk", "exclusion"))
        assert excluded == {info.pk: "suppressed", sales.pk: "suppressed", changed.pk: ""}
        services.suppression_add(address="sales@example.com", reason="bounced", by=None, now=noon)

        undo(done, lead, noon)

        excluded = dict(Contact.objects.with_exclusion().values_list("pk", "exclusion"))
        assert excluded == {info.pk: "", sales.pk: "suppressed", changed.pk: ""}
        assert (done.given_back, done.kept) == (1, 1)

    @pytest.mark.parametrize(
        ("rule", "act", "detail", "why"),
        [
            ("staleness", "suppress", "", "no way to mend"),
            ("nonsense", "suppress", "", "no way to mend"),
            ("role_addresses", "suppress", "\0", "no way to mend"),
            ("value_validity", "values_clear", "", "which attribute"),
            ("suspicious_names", "names_tidy", "", "no attributes for first and last name"),
        ],
    )
    def test_refuses_what_mends_nothing(self, lead, noon, rule, act, detail, why):
        QualityScanFactory()

        with pytest.raises(QualityRefused, match=why):
            services.mend_start(rule=rule, act=act, detail=detail, by=lead, now=noon)

    def test_refuses_before_the_first_scan(self, lead, noon):
        with pytest.raises(QualityRefused, match="start a scan first"):
            services.mend_start(rule="role_addresses", act="suppress", by=lead, now=noon)

    def test_after_a_month_the_old_values_are_gone(self, dictionary, scan, lead, noon):
        person("ANN", "Smith")
        scan("suspicious_names")
        done = mend("suspicious_names", "names_tidy", lead, noon)
        later = noon + timedelta(days=31)

        with pytest.raises(QualityRefused, match="more than 30 days"):
            services.mend_undo(mend=done, by=lead, now=later)

        services.quality_forget(now=later)
        assert not QualityMendRow.objects.exists()

    def test_is_undone_once(self, lead, noon):
        with pytest.raises(QualityRefused, match="cannot be undone"):
            services.mend_undo(mend=QualityMendFactory(state="undone"), by=lead, now=noon)

    def test_an_erased_person_is_forgotten_by_the_undoing_too(
        self, dictionary, scan, lead, noon, settings, tmp_path
    ):
        settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
        ann = person("ANN", "Smith", email="info@example.com")
        scan("suspicious_names", "role_addresses")
        names = mend("suspicious_names", "names_tidy", lead, noon)
        role = mend("role_addresses", "suppress", lead, noon)

        services.contact_erase(contact=ann, by=lead, now=noon)
        undo(names, lead, noon)
        undo(role, lead, noon)

        assert attributes_of(ann) == {}
        assert not QualityMendRow.objects.exists()
        assert (
            services.suppression_add(address="info@example.com", reason="bounced", by=None, now=noon).reason
            == "erased"
        )
