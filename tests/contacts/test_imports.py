import random
from contextlib import nullcontext

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services, staging
from apps.contacts.addresses import address_hash
from apps.contacts.csvfile import FileRefused
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import (
    Attribute,
    Consent,
    ConsentEvent,
    Contact,
    Identity,
    ImportFault,
    ImportFile,
    ImportKey,
)
from apps.contacts.services import ImportRefused, import_work
from tests.factories.contacts import (
    AttributeFactory,
    ConsentFactory,
    ContactFactory,
    IdentityFactory,
    SuppressionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

COUNTS = ("created", "updated", "unchanged", "invalid", "suppressed", "duplicate")
PROOF = {"basis": "contract", "source": "shop", "wording": "You get news."}


def counts(import_file):
    """Return the counts that are not nought, and see that they sum."""
    assert import_file.rows_total == sum(getattr(import_file, name) for name in COUNTS)
    return {name: getattr(import_file, name) for name in COUNTS if getattr(import_file, name)}


def faults(import_file):
    return [(fault.row, fault.column, fault.reason) for fault in import_file.faults.order_by("row")]


def people():
    return dict(Contact.objects.order_by("email").values_list("email", "attributes"))


class TestImport:
    def test_new_known_and_unchanged_people_are_told_apart(self, run, noon):
        AttributeFactory(key="city")
        for email, city in [("ann@example.com", "Bonn"), ("bob@example.com", "Bonn")]:
            ContactFactory(email=email, attributes={"city": city, "kept": 1})

        done = run("email,city\nANN@example.com,Paris\nbob@example.com,Bonn\ncat@example.com,Rome\n")

        assert done.state == ImportFile.State.DONE
        assert counts(done) == {"created": 1, "updated": 1, "unchanged": 1}
        assert people() == {
            "ann@example.com": {"city": "Paris", "kept": 1},
            "bob@example.com": {"city": "Bonn", "kept": 1},
            "cat@example.com": {"city": "Rome"},
        }
        assert Identity.objects.filter(value="cat@example.com", namespace="email").count() == 1
        # What undoing them needs.
        kept = ImportKey.objects.order_by("key").values_list("is_new", "before__attributes__city__was")
        assert list(kept) == [(False, "Bonn"), (False, None), (True, None)]

    def test_the_same_file_again_changes_nothing(self, run):
        text = "email,city,visits,tags\nann@example.com,Bonn,3,a|b\nbob@example.com,,0,\n"
        run(text)
        before = list(Contact.objects.order_by("pk").values())

        again = run(text)

        assert counts(again) == {"unchanged": 2}
        assert list(Contact.objects.order_by("pk").values()) == before

    def test_an_empty_cell_takes_nothing_away(self, run):
        AttributeFactory(key="city")
        ContactFactory(email="ann@example.com", phone="+49170123456", attributes={"city": "Bonn"})

        done = run("email,city,phone\nann@example.com,,\n")

        assert counts(done) == {"unchanged": 1}
        assert people() == {"ann@example.com": {"city": "Bonn"}}

    def test_a_number_comes_with_its_hash(self, run):
        ContactFactory(email="bob@example.com", phone="+49170123456")

        run("email,phone\nann@example.com,+49 170 12\nbob@example.com,+4917099\ncat@example.com,\n")

        hashed = dict(Contact.objects.values_list("phone", "phone_hash"))
        assert {phone: told and bytes(told) for phone, told in hashed.items()} == {
            "+4917012": address_hash("+4917012"),
            "+4917099": address_hash("+4917099"),
            "": None,
        }

    def test_values_are_kept_by_their_type(self, run):
        run(
            "email,visits,newbie,since,spend_total,tags,zip\n"
            'ann@example.com,3,yes,31.12.2029,"$1,234.50",a|b,01234\n'
        )

        assert people()["ann@example.com"] == {
            "visits": 3,
            "newbie": True,
            "since": "2029-12-31",
            "spend_total": 1234.5,
            "tags": ["a", "b"],
            "zip": "01234",
        }
        assert set(Attribute.objects.values_list("is_defined", flat=True)) == {False}

    def test_text_that_copy_and_json_treat_specially_arrives_as_it_is(self, run):
        AttributeFactory(key="note")
        nasty = 'a\\b "c"\nd\te \\N \\. {} \U0001f600 \u202e ñ \x0b x'

        run('email,note\nann@example.com,"{}"\n'.format(nasty.replace('"', '""')))

        assert people()["ann@example.com"]["note"] == nasty

    def test_the_first_of_two_rows_about_the_same_person_wins(self, run, first_chunk):
        AttributeFactory(key="city")
        first_chunk(2)
        rows = [
            "ann@example.com,Bonn",
            "ANN@example.com,Paris",
            "bob@example.com,Bonn",
            "Ann@Example.com,Rome",
        ]

        done = run("email,city\n" + "\n".join(rows))

        assert counts(done) == {"created": 2, "duplicate": 2}
        assert people()["ann@example.com"] == {"city": "Bonn"}
        assert [sample["row"] for sample in done.samples["duplicate"]] == [3, 5]

    def test_two_addresses_of_one_contact_are_one_person(self, run):
        AttributeFactory(key="city")
        contact = ContactFactory(email="ann@example.com")
        IdentityFactory(contact=contact, value="ann@old.example")

        done = run("email,city\nann@old.example,Bonn\nann@example.com,Paris\n")

        assert counts(done) == {"updated": 1, "duplicate": 1}
        assert people() == {"ann@example.com": {"city": "Bonn"}}

    def test_a_suppressed_address_is_left_alone(self, run):
        AttributeFactory(key="city")
        SuppressionFactory(address="gone@example.com")
        SuppressionFactory(address="ann@example.com")
        ContactFactory(email="ann@example.com", attributes={"city": "Bonn"})

        done = run("email,city\nGone@example.com,Rome\nann@example.com,Rome\nbob@example.com,Rome\n")

        assert counts(done) == {"created": 1, "suppressed": 2}
        assert people() == {"ann@example.com": {"city": "Bonn"}, "bob@example.com": {"city": "Rome"}}

    def test_costs_as_many_queries_for_many_rows_as_for_few(self, run, django_assert_max_num_queries):
        run("email\nann@example.com\n")

        with django_assert_max_num_queries(60):
            run("email\n" + "".join(f"{n}@example.com\n" for n in range(900)))

    def test_what_was_done_is_on_record(self, run, lead):
        run("email\nann@example.com\n", by=lead)

        assert list(AuditEvent.objects.order_by("pk").values_list("action", "by")) == [
            ("import.started", lead.pk),
            ("import.done", lead.pk),
        ]


class TestModes:
    TEXT = "email,city\nann@example.com,Paris\nnew@example.com,Rome\n"

    @pytest.fixture(autouse=True)
    def ann(self):
        AttributeFactory(key="city")
        return ContactFactory(email="ann@example.com", attributes={"city": "Bonn"})

    def test_create_leaves_the_known_as_they_are(self, run):
        assert counts(run(self.TEXT, mode="create")) == {"created": 1, "unchanged": 1}
        assert people()["ann@example.com"] == {"city": "Bonn"}

    def test_update_adds_nobody(self, run):
        done = run(self.TEXT, mode="update")

        assert counts(done) == {"updated": 1, "invalid": 1}
        assert faults(done) == [(3, "", "Nobody is known by this, and only known contacts are updated.")]
        assert people() == {"ann@example.com": {"city": "Paris"}}


class TestIdentities:
    def test_a_file_may_know_people_by_another_identity(self, run):
        known = ContactFactory(email="old@example.com", consent=False)
        IdentityFactory(contact=known, namespace="crm", value="C\\1")
        mapping = {"id": "identity:crm", "mail": "email"}

        done = run(
            "id,mail\nC\\1,new@example.com\nC2,bob@example.com\nC3,\n", mapping=mapping, key="identity:crm"
        )

        known.refresh_from_db()
        assert counts(done) == {"updated": 1, "created": 2}
        assert known.email == "new@example.com"
        assert set(Identity.objects.values_list("namespace", "value")) == {
            ("email", "old@example.com"),
            ("email", "new@example.com"),
            ("crm", "C\\1"),
            ("crm", "C2"),
            ("email", "bob@example.com"),
            ("crm", "C3"),
        }

    def test_an_identity_of_somebody_else_is_refused(self, run):
        IdentityFactory(contact=ContactFactory(email="ann@example.com"), namespace="crm", value="1")
        mapping = {"email": "email", "id": "identity:crm"}

        done = run("email,id\nbob@example.com,1\ncat@example.com,2\ndan@example.com,2\n", mapping=mapping)

        assert counts(done) == {"created": 1, "invalid": 2}
        assert faults(done) == [
            (2, "", "One of its identities belongs to another contact."),
            (4, "id", "“2” belongs to another row of this file."),
        ]
        assert set(people()) == {"ann@example.com", "cat@example.com"}

    def test_a_new_identity_of_somebody_known_is_a_change(self, run):
        contact = ContactFactory(email="ann@example.com")

        done = run("email,id\nann@example.com,1\n", mapping={"email": "email", "id": "identity:crm"})

        assert counts(done) == {"updated": 1}
        assert contact.identities.filter(namespace="crm", value="1").exists()


class TestConsent:
    def test_everyone_in_the_file_is_subscribed_with_the_proof(self, run, lead):
        done = run("email\nann@example.com\n", consent={"status": "subscribed", **PROOF}, by=lead)

        event = ConsentEvent.objects.get()
        assert counts(done) == {"created": 1}
        assert (event.status, event.basis, event.source, event.wording, event.by) == (
            "subscribed",
            "contract",
            "shop",
            "You get news.",
            lead,
        )
        assert Consent.objects.get().status == "subscribed"

    def test_nobody_who_unsubscribed_is_subscribed_again(self, run):
        ContactFactory(email="no@example.com", consent="unsubscribed")
        ContactFactory(email="yes@example.com")
        ContactFactory(email="new@example.com", consent=False)

        done = run("email\nno@example.com\nyes@example.com\nnew@example.com\n", consent=PROOF)

        assert counts(done) == {"updated": 1, "unchanged": 2}
        assert set(Consent.objects.values_list("contact__email", "status")) == {
            ("no@example.com", "unsubscribed"),
            ("yes@example.com", "subscribed"),
            ("new@example.com", "subscribed"),
        }
        assert ConsentEvent.objects.get().contact.email == "new@example.com"

    def test_a_no_to_the_channel_holds_for_a_topic(self, run):
        ContactFactory(email="no@example.com", consent="unsubscribed")
        TopicFactory(key="news")

        run("email\nno@example.com\n", consent={"topic": "news", **PROOF})

        assert Consent.objects.get().topic == ""

    def test_a_file_may_unsubscribe(self, run):
        ConsentFactory(contact=ContactFactory(email="ann@example.com"), topic="news")
        TopicFactory(key="news")

        run("email\nann@example.com\n", consent={"status": "unsubscribed", "topic": "news"})

        assert Consent.objects.get(topic="news").status == "unsubscribed"

    @pytest.mark.parametrize("missing", ["basis", "source", "wording"])
    def test_subscribing_needs_the_whole_proof(self, run, missing):
        with pytest.raises(ImportRefused, match="on what basis, from which source"):
            run("email\nann@example.com\n", consent={"status": "subscribed", **PROOF, missing: " "})

        assert not Contact.objects.exists()


class TestFaults:
    def test_bad_rows_are_listed_with_row_column_and_reason_while_the_rest_is_taken(self, run):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)
        AttributeFactory(key="note")
        text = (
            "email,visits,note\n"
            "ann@example.com,1,ok\n"
            "not-an-address,1,\n"
            ",1,\n"
            "bob@example.com,many,\n"
            "cat@example.com,1\n"
            "dan@example.com,1,a,b\n"
            "eve@example.com,1,a\0b\n"
            f"fay@example.com,1,{'x' * (10 << 20)}\n"
            "gus@example.com,2,ok\n"
        )

        done = run(text)

        assert counts(done) == {"created": 2, "invalid": 7}
        assert faults(done) == [
            (3, "email", "“not-an-address” is not an e-mail address."),
            (4, "email", "This is empty, so nobody can tell who the row is about."),
            (5, "visits", "“many” is not a number."),
            (6, "", "This row has 2 cells; the header has 3."),
            (7, "", "This row has 4 cells; the header has 3."),
            (8, "note", "This holds a NUL character, which no text has."),
            (9, "note", "This has 10,485,760 characters; at most 10,000 fit."),
        ]
        assert set(people()) == {"ann@example.com", "gus@example.com"}
        kept = done.faults.get(row=9).cells
        assert (kept[:2], len(kept[2]), kept[2][-8:]) == (["fay@example.com", "1"], 10_004, "xxxx […]")
        assert done.samples["invalid"][0] == {
            "row": 3,
            "column": "email",
            "reason": "“not-an-address” is not an e-mail address.",
        }

    def test_the_error_file_has_every_cell_whole_and_comes_back_until_it_is_mended(self, run):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)
        AttributeFactory(key="note")
        text = (
            "email,visits,note\n"
            f"ann@example.com,many,{'n' * 9_999}\n"
            "dan@example.com,1,a,=b,c\n"
            f"fay@example.com,1,{'x' * 10_001}\n"
        )

        first = "".join(selectors.import_errors(run(text)))
        again = run(first)
        second = "".join(selectors.import_errors(again))
        mended = second.replace(",many,", ",3,").replace("'=b,c", ",").replace("x […]", "").replace("xxx", "")
        done = run(mended)

        assert counts(again) == {"invalid": 3}
        assert (
            second.splitlines()[0]
            == first.splitlines()[0]
            == "\ufeffemail,visits,note,(row),(column),(reason)"
        )
        assert first.splitlines()[2] == "dan@example.com,1,a,3,,This row has 5 cells; the header has 3.,'=b,c"
        assert counts(done) == {"created": 3}
        assert people()["ann@example.com"] == {"visits": 3, "note": "n" * 9_999}

    def test_the_same_bad_text_is_refused_in_every_row_and_chunk(self, run, first_chunk):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)
        first_chunk(2)

        done = run("email,visits\n" + "".join(f"{n}@example.com,many\n" for n in range(7)))

        assert counts(done) == {"invalid": 7}
        assert {reason for _row, _column, reason in faults(done)} == {"“many” is not a number."}

    @pytest.mark.parametrize(
        ("encoding", "name"), [("utf-8-sig", "Zoë"), ("utf-16", "Zoë"), ("cp1252", "Zoë")]
    )
    def test_letters_survive_every_encoding(self, run, encoding, name):
        done = run(f"email,name\nann@example.com,{name}\n".encode(encoding))

        assert counts(done) == {"created": 1}
        assert people()["ann@example.com"] == {"name": name}

    def test_addresses_that_differ_by_case_are_one_and_by_dots_are_two(self, run):
        done = run(
            "email\nA.nn@example.com\na.nn@EXAMPLE.com\nann@example.com\nx@bücher.example\nx@xn--bcher-kva.example\n"
        )

        assert counts(done) == {"created": 3, "duplicate": 2}
        assert set(people()) == {"a.nn@example.com", "ann@example.com", "x@bücher.example"}

    def test_formulas_are_kept_as_text(self, run):
        AttributeFactory(key="note")
        AttributeFactory(key="city")

        run("email,note,city\nann@example.com,=1+1,'@home\n")

        assert people()["ann@example.com"] == {"note": "=1+1", "city": "@home"}

    def test_rows_of_empty_cells_are_no_rows(self, run):
        assert counts(run("email,city\nann@example.com,\n,\n\n,\n")) == {"created": 1}


class TestImportUpload:
    def test_guesses_what_columns_mean(self, upload):
        AttributeFactory(key="city", label="Town", type=Attribute.Type.CHOICE)

        draft = upload(
            "E-Mail;Town;Mobile;Last order;(row)\nann@example.com;Bonn;+49170123456;2030-01-02;7\n"
        )

        assert draft.state == ImportFile.State.DRAFT
        assert [(c["name"], c["target"], c["type"], c["is_new"]) for c in draft.columns] == [
            ("E-Mail", "email", "", False),
            ("Town", "attr:city", "choice", False),
            ("Mobile", "phone", "", False),
            ("Last order", "attr:last_order", "date", True),
            ("(row)", None, "", False),
        ]
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(
        "text", [b"", b"email\n", b"a@example.com\nb@example.com\n", b"a,A\n1,2\n", b"\x89PNG\0\0"]
    )
    def test_refuses_a_file_as_a_whole_and_keeps_nothing(self, upload, text):
        with pytest.raises(FileRefused):
            upload(text)

        assert not ImportFile.objects.exists()

    def test_can_be_read_again_in_another_encoding(self, upload):
        draft = upload("email,größe\nann@example.com,1\n".encode())

        services.import_reread(import_file=draft, encoding="cp1252", delimiter=",")

        assert draft.columns[1]["name"] == "grÃ¶ÃŸe"

    def test_is_not_read_again_in_an_encoding_that_it_is_not_in(self, upload):
        draft = upload("email,größe\nann@example.com,1\n".encode("cp1252"))

        with pytest.raises(FileRefused, match="no letters of UTF-8"):
            services.import_reread(import_file=draft, encoding="utf-8", delimiter=",")

        draft.refresh_from_db()
        assert [column["name"] for column in draft.columns] == ["email", "größe"]


class TestImportStart:
    @pytest.mark.parametrize(
        ("terms", "error", "reason"),
        [
            ({"mapping": {"email": "email", "town": None}}, MappingInvalid, "no column “town”"),
            ({"mapping": {"city": "attr:city"}}, MappingInvalid, "No column is “email”"),
            ({"mapping": {"email": "email", "city": "email"}}, MappingInvalid, "Two columns are “email”"),
            ({"mapping": {"email": "email", "city": "attr:City"}}, MappingInvalid, "“city” would be"),
            ({"mapping": {"email": "email", "city": "attr:city:colour"}}, MappingInvalid, "no.* type"),
            ({"mapping": {"email": "email", "city": "what"}}, MappingInvalid, "cannot be “what”"),
            ({"mapping": {"email": "email", "city": "identity:email"}}, MappingInvalid, "cannot be"),
            ({"key": "phone"}, MappingInvalid, "known by"),
            ({"mode": "replace"}, ImportRefused, "no way to import"),
            ({"consent": {"colour": "red"}}, ImportRefused, "knows nothing of “colour”"),
            ({"consent": {"status": "maybe", **PROOF}}, ImportRefused, "cannot be"),
        ],
    )
    def test_refuses_what_cannot_be_meant_and_changes_nothing(self, upload, noon, terms, error, reason):
        draft = upload("email,city\nann@example.com,Bonn\n")

        with pytest.raises(error, match=reason):
            services.import_start(import_file=draft, by=None, now=noon, **terms)

        draft.refresh_from_db()
        assert draft.state == ImportFile.State.DRAFT
        assert not Attribute.objects.exists()

    def test_describes_a_new_attribute_before_the_first_row(self, upload, noon):
        draft = upload("email,size\nann@example.com,44\n")

        services.import_start(
            import_file=draft, by=None, now=noon, mapping={"email": "email", "size": "attr:shoe_size:text"}
        )

        entry = Attribute.objects.get()
        assert (entry.key, entry.label, entry.type, entry.is_defined) == ("shoe_size", "Size", "text", True)

    def test_columns_that_the_mapping_leaves_out_are_left_out(self, run):
        run("email,city\nann@example.com,Bonn\n", mapping={"email": "email"})

        assert people() == {"ann@example.com": {}}

    def test_is_started_once(self, upload, noon):
        draft = upload("email\nann@example.com\n")
        services.import_start(import_file=draft, by=None, now=noon)

        with pytest.raises(ImportRefused, match="started already"):
            services.import_start(import_file=draft, by=None, now=noon)


class TestDryRun:
    TEXT = (
        "email,city\nann@example.com,Paris\nbob@example.com,Bonn\nnew@example.com,Rome\n"
        "bad,Rome\ngone@example.com,Rome\nnew@example.com,Oslo\n"
    )

    @pytest.fixture(autouse=True)
    def known(self):
        AttributeFactory(key="city")
        SuppressionFactory(address="gone@example.com")
        for email in ("ann@example.com", "bob@example.com"):
            ContactFactory(email=email, attributes={"city": "Bonn"})

    def test_promises_what_then_happens_and_writes_nothing(self, upload, noon):
        import_file = upload(self.TEXT)
        before = list(Contact.objects.order_by("pk").values())

        services.import_start(import_file=import_file, by=None, now=noon, is_dry_run=True, consent=PROOF)
        dry = services.import_run(import_file=import_file, now=noon)
        promised = counts(dry)

        assert list(Contact.objects.order_by("pk").values()) == before
        assert ConsentEvent.objects.count() == 0
        assert [s["values"]["email"] for s in dry.samples["created"]] == ["new@example.com"]
        assert promised == {
            "created": 1,
            "updated": 1,
            "unchanged": 1,
            "invalid": 1,
            "suppressed": 1,
            "duplicate": 1,
        }

        services.import_start(import_file=import_file, by=None, now=noon, consent=PROOF)
        assert counts(services.import_run(import_file=import_file, now=noon)) == promised
        assert people()["new@example.com"] == {"city": "Rome"}
        assert ImportFault.objects.count() == 1

    def test_leaves_the_dictionary_alone_until_the_import_itself(self, upload, noon, lead):
        import_file = upload("email,city,n,size\nann@example.com,Bonn,3,L\nbob@example.com,Bonn,x,M\n")
        mapping = {"email": "email", "city": "attr:city", "n": "attr:visits:number", "size": "attr:size"}

        services.import_start(import_file=import_file, by=lead, now=noon, is_dry_run=True, mapping=mapping)
        dry = services.import_run(import_file=import_file, now=noon)

        assert counts(dry) == {"updated": 1, "invalid": 1}
        assert Attribute.objects.get().key == "city"
        assert dry.mapping == mapping

        services.import_start(import_file=import_file, by=lead, now=noon, mapping=dry.mapping)
        done = services.import_run(import_file=import_file, now=noon)

        assert counts(done) == counts(dry)
        assert people()["ann@example.com"] == {"city": "Bonn", "visits": 3, "size": "L"}
        made = Attribute.objects.exclude(key="city").values_list("key", "type", "is_defined")
        assert set(made) == {("visits", "number", True), ("size", "text", False)}
        audited = AuditEvent.objects.filter(action="attribute.created")
        assert set(audited.values_list("by", flat=True)) == {lead.pk}
        assert audited.count() == 2


class TestAtAnyMoment:
    """Killed, cancelled, doubled: what a kill leaves behind is what these begin with."""

    TEXT = "email,n\n" + "".join(f"{n}@example.com,{n}\n" for n in range(100)) + "bad,1\n0@example.com,9\n"

    @pytest.fixture
    def started(self, upload, noon, monkeypatch, first_chunk):
        first_chunk(10)
        monkeypatch.setattr(import_work, "CHUNKS_PER_RING", 1)
        import_file = upload(self.TEXT)
        return services.import_start(import_file=import_file, by=None, now=noon)

    def test_a_ring_works_some_chunks_and_the_next_one_goes_on(self, started, noon):
        for rows in (10, 20, 30):
            services.imports_run(now=noon + (rows - 10) * import_work.LEASE_TIME)
            started.refresh_from_db()
            assert (started.rows_total, started.row_done) == (rows, rows + 1)

    def test_many_rings_end_it_with_counts_that_sum(self, started):
        for _ring in range(15):
            services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert started.state == ImportFile.State.DONE
        assert counts(started) == {"created": 100, "invalid": 1, "duplicate": 1}

    def test_a_worker_killed_in_a_chunk_has_no_effect_of_it_and_another_goes_on(
        self, started, noon, monkeypatch
    ):
        services.imports_run(now=_database_now())
        commit = import_work._chunk_commit

        def killed(*args):
            commit(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(import_work, "_chunk_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            services.imports_run(now=_database_now())
        monkeypatch.undo()
        assert Contact.objects.count() == 10

        services.imports_run(now=_database_now())  # the lease is not over
        assert Contact.objects.count() == 10
        ImportFile.objects.update(leased_until=noon.replace(year=2000))
        services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert counts(started) == {"created": 100, "invalid": 1, "duplicate": 1}

    def test_a_worker_that_outlived_its_lease_writes_nothing_more(self, started, monkeypatch):
        commit = import_work._chunk_commit

        def taken_over(*args):
            ImportFile.objects.update(lease_token="00000000-0000-0000-0000-000000000000")
            return commit(*args)

        monkeypatch.setattr(import_work, "_chunk_commit", taken_over)
        services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert started.state == ImportFile.State.RUNNING
        assert started.rows_total == 0
        assert not Contact.objects.exists()

    def test_cancelled_stops_after_the_chunk_in_hand(self, started, noon):
        services.imports_run(now=_database_now())

        services.import_cancel(import_file=started, by=None, now=noon)
        services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert started.state == ImportFile.State.CANCELLED
        assert counts(started) == {"created": 10}
        assert Contact.objects.count() == 10
        with pytest.raises(ImportRefused, match="has ended"):
            services.import_cancel(import_file=started, by=None, now=noon)

    @pytest.mark.django_db(transaction=True)
    def test_a_contact_made_by_somebody_else_in_the_meantime_is_met(
        self, started, monkeypatch, other_connection
    ):
        """The chunk has planned to make 3@example.com when an event of theirs makes it first."""
        carry_out = staging._carry_out
        raced = []

        def slower(cursor, terms, parameters):
            if not raced:
                raced.append(1)
                cursor.execute("SELECT count(*) FROM import_plan")
                cursor.fetchall()  # so the plan stands
                other_connection.execute(_SOMEBODY_ELSE)
                other_connection.commit()
            carry_out(cursor, terms, parameters)

        monkeypatch.setattr(staging, "_carry_out", slower)
        for _ring in range(15):
            services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert counts(started) == {"created": 99, "updated": 1, "invalid": 1, "duplicate": 1}
        assert Contact.objects.count() == 100

    def test_a_fault_of_ours_ends_it_in_words_and_it_can_be_tried_again(self, started, noon, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(import_work, "_chunk_commit", lambda *args: 1 / 0)
            services.imports_run(now=_database_now())
        started.refresh_from_db()
        assert started.state == ImportFile.State.FAILED
        assert started.error == "It stopped on a fault of ours. What was counted is in; try again."

        services.import_resume(import_file=started, by=None, now=noon)
        done = services.import_run(import_file=started, now=_database_now())
        assert counts(done) == {"created": 100, "invalid": 1, "duplicate": 1}

    @pytest.mark.parametrize(
        ("sqlstate", "state"),
        [
            ("57P01", "running"),
            ("40P01", "running"),
            ("53100", "running"),
            ("54000", "failed"),
            ("57014", "failed"),
        ],
    )
    def test_only_what_passes_is_tried_again_without_being_asked(self, started, monkeypatch, sqlstate, state):
        def fail(*args):
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")

        monkeypatch.setattr(import_work, "_chunk_commit", fail)

        with nullcontext() if state == "failed" else pytest.raises(OperationalError):
            services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert started.state == state

    def test_one_that_failed_goes_on_and_knows_whom_it_has_met(self, started, monkeypatch, noon):
        services.imports_run(now=_database_now())
        with monkeypatch.context() as patch:
            patch.setattr(import_work, "_chunk_commit", lambda *args: 1 / 0)
            services.imports_run(now=_database_now())
        services.import_resume(import_file=started, by=None, now=noon)

        done = services.import_run(import_file=started, now=_database_now())

        assert counts(done) == {"created": 100, "invalid": 1, "duplicate": 1}
        assert ImportKey.objects.filter(is_new=True).count() == ImportKey.objects.count() == 100

    def test_a_slow_one_is_let_go_after_its_time_and_goes_on_with_the_next_ring(self, started, monkeypatch):
        monkeypatch.setattr(import_work, "CHUNKS_PER_RING", 1_000)
        monkeypatch.setattr(import_work, "SECONDS_PER_RING", 0)

        services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert (started.state, started.rows_total) == ("running", 10)
        assert ImportFile.objects.claimable(at=_database_now()).get() == started

    def test_a_worker_out_of_time_undoes_its_chunk_and_fails_nothing(self, started, monkeypatch):
        commit = import_work._chunk_commit

        def slow(*args):
            commit(*args)
            raise SoftTimeLimitExceeded

        monkeypatch.setattr(import_work, "_chunk_commit", slow)
        services.imports_run(now=_database_now())
        monkeypatch.undo()

        started.refresh_from_db()
        assert (started.state, started.rows_total, Contact.objects.count()) == ("running", 0, 0)
        assert ImportFile.objects.claimable(at=_database_now()).get() == started

    def test_a_file_that_is_gone_is_said(self, started):
        started.file.storage.delete(started.file.name)

        services.imports_run(now=_database_now())

        started.refresh_from_db()
        assert (started.state, started.error) == ("failed", "The file is no longer where it was kept.")


_SOMEBODY_ELSE = """
    WITH fresh AS (
        INSERT INTO contacts_contact (created_at, updated_at, email) VALUES (now(), now(), '3@example.com')
        RETURNING id
    )
    INSERT INTO contacts_identity (contact_id, namespace, value, created_at)
    SELECT id, 'email', '3@example.com', now() FROM fresh
"""


def _database_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def test_random_files_always_sum_and_come_back_unchanged(run):
    dice = random.Random(7)  # noqa: S311  # the same files each time
    emails = [f"p{n}@example.com" for n in range(30)] + ["bad", "", "x@y"]
    for _round in range(5):
        rows = [f"{dice.choice(emails)},{dice.choice(['1', 'x', ''])}" for _row in range(60)]
        rows.insert(dice.randrange(60), 'a,"b')
        text = "email,n\n" + "\n".join(rows)
        mapping = {"email": "email", "n": "attr:n:number"}

        first, second = run(text, mapping=mapping), run(text, mapping=mapping)

        counts(first)
        assert counts(second).keys() <= {"unchanged", "invalid", "duplicate"}
        assert second.invalid == first.invalid
