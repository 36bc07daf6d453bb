"""
What goes wrong with files, item by item, and where it is seen to do no harm.

- killed at any point: `test_imports.TestAtAnyMoment`; with real processes `tests/faults/test_files.py`
- re-uploaded, a re-import changes nothing: `test_imports`, `test_import_kinds`
- two at once: here
- BOM, UTF-16, CP1252: `test_csvfile`, `test_imports.TestFaults`
- NUL, half a letter, a cell of 10 MB: here
- quotes, formulas, e-mails that differ by case, dots or IDN: `test_imports.TestFaults`
- a bad row first, last, every seventh: `test_csvfile.TestReader` for what cannot be read,
  here for what cannot be meant
- counts add up: whatever asks `counts`, and a constraint
- the error file mends and re-uploads: here, `test_imports.TestFaults`
- 1 M rows, flat memory: `make bench`
"""

from http import HTTPStatus
from io import BytesIO

import pytest
from django.core.files.base import File
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.contacts import selectors, services
from apps.contacts.models import Company, Contact, Event, ImportFile
from apps.contacts.services import import_work
from tests.contacts.test_imports import counts, faults
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, ContactFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/imports/"
HEADS = {
    "contacts": "email,n\n",
    "companies": "domain,n\n",
    "events": "email,event,date,property\n",
}
GOOD = {
    "contacts": "p{n}@example.com,x\n",
    "companies": "c{n}.example,x\n",
    "events": "p{n}@example.com,Seen,2026-01-05T00:00:{n:02}Z,x\n",
}
BAD = {"contacts": "bad,x\n", "companies": "not a domain,x\n", "events": "p@example.com,Seen,soon,x\n"}
MADE = {"contacts": Contact, "companies": Company, "events": Event}


@pytest.mark.parametrize("about", HEADS)
class TestEveryKind:
    @pytest.mark.parametrize(
        "places", [[0], [19], list(range(0, 20, 7))], ids=["first", "last", "every seventh"]
    )
    def test_a_bad_row_delays_no_other_and_comes_back_mended(self, run, first_chunk, about, places):
        first_chunk(6)
        rows = [BAD[about] if n in places else GOOD[about].format(n=n) for n in range(20)]

        done = run(HEADS[about] + "".join(rows), about=about)

        assert counts(done) == {"created": 20 - len(places), "invalid": len(places)}
        assert [row for row, _column, _reason in faults(done)] == [place + 2 for place in places]
        assert MADE[about].objects.count() == 20 - len(places)
        wrong = BAD[about].strip().split(",")
        right = GOOD[about].format(n=50).strip().split(",")
        mended = "".join(selectors.import_errors(done))
        for before, after in zip(wrong, right, strict=True):
            mended = mended.replace(before, after) if before != after else mended
        again = run(mended, about=about)
        assert counts(again)["created"] == 1
        assert again.invalid == 0

    def test_a_cell_of_ten_megabytes_is_refused_and_cut_and_the_next_row_taken(self, run, about):
        huge = GOOD[about].format(n=1).replace("x\n", "x" * 10_000_000 + "\n")

        done = run(HEADS[about] + huge + GOOD[about].format(n=2), about=about)

        assert counts(done) == {"created": 1, "invalid": 1}
        assert max(map(len, done.faults.get().cells)) < 11_000
        assert len(str(done.columns)) < 2_000

    def test_nul_and_half_a_letter_are_refused_with_their_row(self, run, about):
        lines = [GOOD[about].format(n=n).replace("x\n", tail) for n, tail in enumerate(["a\0b\n", "y\n"])]
        raw = (HEADS[about] + "".join(lines)).encode() + GOOD[about].format(n=3).encode().replace(
            b"x", b"\xed\xa0\x80"
        )

        done = run(raw, about=about, encoding="utf-8")

        assert counts(done) == {"created": 1, "invalid": 2}
        assert [row for row, _column, _reason in faults(done)] == [2, 4]

    def test_two_files_of_the_same_at_once_make_each_once(self, upload, noon, first_chunk, about):
        first_chunk(6)
        text = HEADS[about] + "".join(GOOD[about].format(n=n) for n in range(20))
        both = [upload(text, about=about) for _file in range(2)]
        for one in both:
            services.import_start(import_file=one, by=None, now=noon)

        for _turn in range(6):  # a chunk of one, a chunk of the other
            for one in both:
                if work := import_work._claim(ImportFile.objects.filter(pk=one.pk), now=noon):
                    import_work._work(work, chunks=1)

        for one in both:
            one.refresh_from_db()
        assert [(one.state, one.rows_total) for one in both] == [("done", 20), ("done", 20)]
        assert sum(one.created for one in both) == 20
        assert MADE[about].objects.count() == 20


class TestRulesOverTheApi:
    """`rules` says by column what may be written over."""

    @pytest.fixture
    def program(self, api):
        return api(UserFactory(role="integration"))

    @pytest.fixture(autouse=True)
    def ann(self):
        AttributeFactory(key="town")
        AttributeFactory(key="plan")
        return ContactFactory(email="ann@example.com", attributes={"town": "Bonn"})

    def post(self, program, rules, **more):
        text = "email,town,plan\nann@example.com,Paris,gold\nbob@example.com,Rome,silver\n"
        told = {"file": SimpleUploadedFile("a.csv", text.encode()), "rules": rules, **more}
        return program.post(URL, told, format="multipart")

    @pytest.mark.parametrize(
        ("rule", "attributes"),
        [
            ("always", {"town": "Paris", "plan": "gold"}),
            ("if_empty", {"town": "Bonn", "plan": "gold"}),
            ("never", {"town": "Bonn"}),
        ],
    )
    def test_each_is_kept_told_and_obeyed(self, program, ann, noon, rule, attributes):
        sent = self.post(program, f'{{"town": "{rule}", "plan": "{rule}"}}')

        services.imports_run(now=noon)
        ann.refresh_from_db()
        assert sent.status_code == HTTPStatus.ACCEPTED, sent.content
        kept = {} if rule == "always" else {"town": rule, "plan": rule}
        assert sent.json()["rules"] == kept
        assert ann.attributes == attributes
        assert Contact.objects.get(email="bob@example.com").attributes == {"town": "Rome", "plan": "silver"}

    @pytest.mark.parametrize(
        ("rules", "field"),
        [
            ('{"town": "sometimes"}', "mapping"),
            ('{"email": "never"}', "mapping"),
            ('{"nowhere": "never"}', "mapping"),
            ('{"town": 7}', "rules"),
            ("[]", "rules"),
            ("{", "rules"),
        ],
    )
    def test_what_is_no_rule_is_refused_at_its_field_and_nothing_is_kept(self, program, ann, rules, field):
        sent = self.post(program, rules)

        assert sent.status_code == HTTPStatus.BAD_REQUEST
        assert [one["field"] for one in sent.json()["errors"]] == [field]
        assert not ImportFile.objects.exists()
        ann.refresh_from_db()
        assert ann.attributes == {"town": "Bonn"}

    def test_a_saved_mapping_brings_its_own(self, program, ann, lead, noon):
        saved = services.import_mapping_create(
            name="Shop",
            mapping={"email": "email", "town": "attr:town"},
            rules={"town": "never"},
            key="email",
            mode="upsert",
            by=lead,
            now=noon,
        )

        sent = self.post(program, "{}", saved_mapping=saved.pk)

        services.imports_run(now=noon)
        ann.refresh_from_db()
        assert sent.json()["rules"] == {"town": "never"}
        assert ann.attributes == {"town": "Bonn"}


def test_a_file_without_end_of_quotes_is_taken_as_far_as_it_reads():
    raw = b'email,note\nann@example.com,"open\nbob@example.com,fine\n'

    draft = services.import_upload(file=File(BytesIO(raw), name="a.csv"), by=None)

    assert [column["name"] for column in draft.columns] == ["email", "note"]
