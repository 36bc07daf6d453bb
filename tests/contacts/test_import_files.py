import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from apps.contacts import services
from apps.contacts.models import Contact, ImportFile, ImportKey
from apps.contacts.services import ImportRefused, import_work
from tests.factories.contacts import AttributeFactory, ContactFactory

pytestmark = pytest.mark.django_db

FILE = "email\nann@example.com\nbob@example.com\n"


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    settings.IMPORT_FILE_DAYS = 30


def kept():
    return [path for path in Path(settings.MEDIA_ROOT).rglob("imports/**/*") if path.is_file()]


class TestForget:
    def test_a_file_goes_when_its_days_are_over_and_what_was_counted_stays(self, run):
        done = run(FILE)
        touched = ImportFile.objects.get().updated_at

        early = services.imports_forget(now=touched + timedelta(days=29))
        there = len(kept())
        gone = services.imports_forget(now=touched + timedelta(days=30))

        done.refresh_from_db()
        assert (early, there, gone) == (0, 1, 1)
        assert kept() == []
        assert (done.created, done.file.name) == (2, "")

    @pytest.mark.parametrize("state", ["reading", "pending", "running", "undoing"])
    def test_one_that_is_worked_on_keeps_its_file(self, upload, state):
        import_file = upload(FILE)
        ImportFile.objects.update(state=state)

        assert services.imports_forget(now=import_file.updated_at + timedelta(days=99)) == 0
        assert len(kept()) == 1

    def test_a_file_that_no_import_knows_goes_too(self, upload):
        import_file = upload(FILE)
        stray = Path(import_file.file.path).with_name("stray.csv")
        stray.write_text(FILE)
        written = import_file.updated_at
        os.utime(stray, times=(written.timestamp(), written.timestamp()))

        ImportFile.objects.update(state="running")
        early = services.imports_forget(now=written + timedelta(days=29))
        gone = services.imports_forget(now=written + timedelta(days=31))

        assert (early, gone) == (0, 1)
        assert kept() == [Path(import_file.file.path)]

    def test_without_its_file_nothing_is_started_or_gone_on_with(self, upload, noon):
        import_file = upload(FILE)
        services.imports_forget(now=import_file.updated_at + timedelta(days=30))

        with pytest.raises(ImportRefused, match=r"not kept any more\. Upload it again"):
            services.import_start(import_file=import_file, by=None, now=noon)

        import_file.refresh_from_db()
        assert import_file.state == "draft"

    def test_what_undoing_needs_goes_after_seven_days(self, run):
        AttributeFactory(key="city")
        ContactFactory(email="ann@example.com", attributes={"city": "Pisa"})
        done = run("email,city\nann@example.com,Rome\n")
        of_others = ImportKey.objects.filter(before__isnull=False)

        services.imports_forget(now=done.finished_at + timedelta(days=6))
        still = of_others.count()
        services.imports_forget(now=done.finished_at + timedelta(days=7))

        assert still == 1
        assert not of_others.exists()


class TestErasedMeanwhile:
    def test_a_row_that_was_taken_out_does_not_come_back_with_the_next_chunk(
        self, upload, noon, lead, monkeypatch, first_chunk
    ):
        text = "email\n" + "".join(f"p{n}@example.com\n" for n in range(200))
        import_file = upload(text)
        services.import_start(import_file=import_file, by=None, now=noon)
        first_chunk(100)
        real, erased = import_work._chunk_write, []

        def erase_between(work, prepared, terms):
            real(work, prepared, terms)
            if not erased:
                erased.append(Contact.objects.get(email="p0@example.com"))
                assert "p0@example.com" in str(ImportFile.objects.get().samples)
                services.contact_erase(contact=erased[0], by=lead, now=noon)

        monkeypatch.setattr(import_work, "_chunk_write", erase_between)
        done = services.import_run(import_file=import_file, now=noon)

        assert done.created == 200
        assert "p0@example.com" not in str(done.samples)
        assert len(done.samples["created"]) == 5

    def test_of_somebody_who_was_erased_no_row_is_kept(self, run, noon, lead):
        services.contact_erase(contact=ContactFactory(email="ann@example.com"), by=lead, now=noon)
        services.suppression_add(address="bob@example.com", reason="by_hand", by=lead, now=noon)

        done = run(FILE)

        assert done.suppressed == 2
        assert [one["row"] for one in done.samples["suppressed"]] == [3]

    def test_neither_refused_nor_repeated_rows_of_them_are_kept_but_those_of_others(self, run, noon, lead):
        AttributeFactory(key="visits", type="number")
        ann = services.contact_create(
            by=None, now=noon, email="ann@example.com", identities=[("crm", "A-4711")]
        )
        services.suppression_add(address="ann@example.com", reason="unsubscribed", by=lead, now=noon)
        services.contact_erase(contact=ann, by=lead, now=noon)

        done = run(
            "email,visits,note\n"
            "ann@example.com,many,\n"
            "Ann@Example.com,1,\n"
            "ann@example.com,1,\n"
            "Ann <ann@example.com>,1,\n"
            "bob@example.com,many,\n"
            "cat@example.com,no,A-4711\n"
        )

        kept = list(done.faults.order_by("row").values_list("row", "reason", "cells"))
        assert kept == [
            (2, "Erased", []),
            (5, "Erased", []),
            (6, "“many” is not a number.", ["bob@example.com", "many", ""]),
            (7, "Erased", []),
        ]
        assert (done.invalid, done.suppressed, done.duplicate) == (4, 1, 1)
        assert "ann" not in str(done.samples).lower()

    def test_an_erasure_reaches_a_row_that_could_not_be_read(self, run, noon, lead):
        ann = ContactFactory(email="ann@example.com")
        done = run('email,note\nann@example.com,"open"x\nbob@example.com,"open"x\n')

        services.contact_erase(contact=ann, by=lead, now=noon)

        kept = list(done.faults.order_by("row").values_list("row", "cells"))
        assert kept[0] == (2, [])
        assert "bob@example.com" in kept[1][1][0]
