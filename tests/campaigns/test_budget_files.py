"""The budget as a spreadsheet, out and in."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.campaigns import budgetfile, selectors, services
from apps.campaigns.budgetfile import amount_read, marked, month_read, unmarked
from apps.campaigns.errors import BudgetRefused, HeldByChallenge
from apps.campaigns.models import BudgetLine, BudgetUpload
from apps.collaboration.models import AuditEvent
from apps.core import clock
from tests.factories.campaigns import (
    BudgetLineFactory,
    BudgetUploadFactory,
    CampaignFactory,
    ChallengeFactory,
)
from tests.factories.workbooks import packed

pytestmark = pytest.mark.django_db
APRIL = date(2030, 4, 1)
HEADS = "line,version,channel,month,what for,vendor,planned,committed,actual,currency,note,read at"


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def upload_of(campaign, content, *, by=None, name="budget.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    return services.budget_upload_keep(
        campaign=campaign,
        file=SimpleUploadedFile(name, content),
        by=by or campaign.captain,
        now=clock.now(),
    )


def report_of(upload, by=None):
    by = by or upload.campaign.captain
    allowed = selectors.budget_channels_of(by, upload.campaign)
    return selectors.budget_upload_report(upload, allowed=allowed)


def apply(upload, **options):
    allowed = selectors.budget_channels_of(upload.by, upload.campaign)
    return services.budget_upload_apply(
        upload=upload, allowed=allowed, by=upload.by, now=clock.now(), **options
    )


def downloaded(campaign, *, at=None):
    """Return the rows that are downloaded, heads first, as lists of text."""
    lines = BudgetLine.objects.standing().filter(campaign=campaign).select_related("channel")
    rows = [budgetfile.cells_of(line, campaign=campaign, at=at or clock.now()) for line in lines]
    return [[*budgetfile.COLUMNS], *([str(cell) for cell in row] for row in rows)]


def as_csv(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


@pytest.fixture
def campaign():
    return CampaignFactory()


@pytest.fixture
def lines(campaign):
    email = campaign.channels.get()
    return [
        BudgetLineFactory(campaign=campaign, label="Prints 🎉", channel=email, planned="1234.50"),
        BudgetLineFactory(campaign=campaign, label="=1+1", vendor="'=x", note="-, “a”; b", actual=7),
        BudgetLineFactory(campaign=campaign, label="مطبوعات", month=date(2030, 5, 1), committed="0.01"),
    ]


class TestCells:
    @pytest.mark.parametrize(
        ("told", "is_"), [("", 0), ("12", 12), ("1234.56", "1234.56"), ("0.30000000000000004", "0.30")]
    )
    def test_of_amounts_are_read_exactly(self, told, is_):
        assert amount_read(told) == Decimal(is_)

    @pytest.mark.parametrize(
        "told",
        ["1.234,56", "1,234", "-5", "(5)", "€5", "5 000", "1e5", "0.005", "9" * 13, "NaN", "٣", "🎉", "#N/A"],
    )
    def test_of_amounts_are_not_guessed_at(self, told):
        with pytest.raises(ValueError, match="“"):
            amount_read(told)

    @pytest.mark.parametrize("told", ["2030-04", "2030-4", "2030-04-01", "2030-04-30", "04/2030", "4/2030"])
    def test_of_months_are_read_as_spreadsheets_write_them(self, told):
        assert month_read(told) == APRIL

    @pytest.mark.parametrize("told", ["", "2030", "2030-13", "0000-01", "April", "4/30", "Apr-30", "🎉"])
    def test_of_months_are_refused(self, told):
        with pytest.raises(ValueError, match="is not a month"):
            month_read(told)

    @pytest.mark.parametrize("told", ["=1", "+1", "-1", "@x", "'=1", "''=1", "'x", "x", ""])
    def test_of_words_come_back_as_they_went(self, told):
        assert not marked(told).startswith(("=", "+", "-", "@"))
        assert unmarked(marked(told)) == told


class TestRoundTrip:
    @pytest.mark.parametrize("format_", ["csv", "xlsx"])
    def test_of_what_was_downloaded_changes_nothing(self, login, campaign, lines, format_):
        client = login(campaign.captain)
        response = client.get(url("budget_download", campaign.pk), {"format": format_})
        content = b"".join(response) if response.streaming else response.content

        report = report_of(upload_of(campaign, content, name=f"budget.{format_}"))

        assert report.refused == []
        assert not report.does_something
        assert len(report.unchanged) == 3
        assert report.before == report.after
        assert report.before["planned"] == Decimal("1434.50")

    def test_applies_what_was_changed_added_and_taken_out(self, campaign, lines):
        rows = downloaded(campaign)
        rows[1][6] = "2000"
        del rows[2]
        rows.append(["", "", "e-mail", "2030-06", "New", "", "10", "", "", "", "", ""])

        upload = upload_of(campaign, as_csv(rows))
        report = report_of(upload)
        assert [(one.name, one.old, one.new) for one in report.changed[0].fields] == [
            ("planned", "1,234.50", "2,000.00")
        ]
        assert [change.line.label for change in report.removed] == ["=1+1"]
        assert [row.values["label"] for row in report.added] == ["New"]
        assert report.after["planned"] == 2110
        assert BudgetLine.objects.get(label="=1+1").removed_at is None

        apply(upload, digest=report.digest)
        apply(upload, digest=report.digest)  # sent twice

        standing = dict(BudgetLine.objects.standing().values_list("label", "planned"))
        assert standing == {"Prints 🎉": 2000, "مطبوعات": 100, "New": 10}
        event = AuditEvent.objects.get(action="budget.uploaded")
        assert (event.details["added"], event.details["changed"], event.details["removed"]) == (1, 1, 1)
        told = AuditEvent.objects.get(action="budgetline.changed")
        assert told.details == {"changes": {"planned": ["1,234.50", "2,000.00"]}, "version": 2}


class TestMeanwhile:
    def test_changes_nothing_while_a_line_that_it_would_change_is_challenged(self, campaign, lines):
        rows = downloaded(campaign)
        rows[1][6] = "999"
        ChallengeFactory(campaign=campaign, thing=lines[0])

        with pytest.raises(HeldByChallenge):
            apply(upload_of(campaign, as_csv(rows)))

        assert campaign.budget_lines.get(pk=lines[0].pk).planned == Decimal("1234.50")

    def test_keeps_what_others_did_unless_it_is_chosen(self, lead, campaign, lines):
        rows = downloaded(campaign)
        for row in rows[1:]:
            row[6] = "5"
        later = clock.now() + timedelta(seconds=5)
        services.budget_line_update(line=lines[0], planned=Decimal(70), by=lead, now=later)
        services.budget_line_remove(line=lines[1], by=lead, now=later)

        upload = upload_of(campaign, as_csv(rows))
        report = report_of(upload)
        assert {change.line.pk for change in report.meanwhile} == {lines[0].pk, lines[1].pk}
        assert [change.line.pk for change in report.changed] == [lines[2].pk]
        assert selectors.last_changed_by(c.line for c in report.meanwhile)[lines[0].pk] == str(lead)

        apply(upload, take=[lines[1].pk])

        found = {line.pk: (line.planned, line.removed_at) for line in BudgetLine.objects.all()}
        assert found == {lines[0].pk: (70, None), lines[1].pk: (5, None), lines[2].pk: (5, None)}

    def test_removes_nothing_that_its_author_cannot_have_seen(self, lead, campaign, lines):
        rows = downloaded(campaign, at=clock.now() - timedelta(hours=1))

        report = report_of(upload_of(campaign, as_csv(rows[:2])))

        assert report.removed == []
        assert [line.pk for line in report.kept] == [lines[1].pk, lines[2].pk]

    def test_a_line_that_others_changed_is_not_removed_by_leaving_it_out(self, lead, campaign, lines):
        rows = downloaded(campaign)
        later = clock.now() + timedelta(seconds=5)
        services.budget_line_update(line=lines[1], planned=Decimal(70), by=lead, now=later)
        del rows[2]

        upload = upload_of(campaign, as_csv(rows))
        assert [change.line.pk for change in report_of(upload).meanwhile] == [lines[1].pk]
        apply(upload, take=[lines[1].pk])

        lines[1].refresh_from_db()
        assert lines[1].removed_at is not None

    def test_refuses_to_do_something_else_than_was_looked_at(self, lead, campaign, lines):
        rows = downloaded(campaign)
        rows[1][6] = "5"
        upload = upload_of(campaign, as_csv(rows))
        looked_at = report_of(upload).digest
        later = clock.now() + timedelta(seconds=5)
        services.budget_line_update(line=lines[0], planned=Decimal(70), by=lead, now=later)

        with pytest.raises(BudgetRefused, match="since you looked"):
            apply(upload, digest=looked_at)

        lines[0].refresh_from_db()
        assert lines[0].planned == 70


ROW = {"month": "2030-04", "what for": "Prints", "planned": "10", "currency": "USD"}


class TestRefusedRows:
    @pytest.mark.parametrize(
        ("wrong", "column", "reason"),
        [
            ({"month": ""}, "month", "missing"),
            ({"month": "2030-13"}, "month", "2030-03"),
            ({"month": "1999-01"}, "month", "Choose a day between"),
            ({"planned": "-1"}, "planned", "below zero"),
            ({"planned": "1.234,56"}, "planned", "Write it as 1234.56"),
            ({"currency": "EUR"}, "currency", "it is USD"),
            ({"channel": "Radio"}, "channel", "no channel “Radio”"),
            ({"what for": "x" * 10_000}, "what for", "longer than 200"),
            ({"what for": ""}, "what for", "Say what"),
            ({"line": "999999"}, "line", "no line of that number"),
            ({"line": "🎉"}, "line", "not a number that we gave"),
            ({"read at": "yesterday"}, "read at", "not the time that we wrote"),
        ],
    )
    def test_say_where_and_why_and_nothing_is_taken(self, campaign, wrong, column, reason):
        good, bad = ROW | {"what for": "Good"}, ROW | wrong
        names = sorted({*good, *bad})
        content = as_csv([names, *([row.get(name, "") for name in names] for row in (good, bad))])

        upload = upload_of(campaign, content)
        (refusal,) = report_of(upload).refused

        assert (refusal.row, refusal.column) == (3, column)
        assert reason in refusal.reason
        with pytest.raises(BudgetRefused):
            apply(upload)
        assert not BudgetLine.objects.exists()

    @pytest.mark.parametrize("total", ["total,,,,", ",,,Total,", ",,,,TOTAL:"])
    def test_are_told_of_a_total_that_disagrees(self, campaign, total):
        content = f"{HEADS}\n,,,2030-04,Prints,,10,,,,,\n{total},,11,,,,,\n"

        (refusal,) = report_of(upload_of(campaign, content)).refused

        assert (refusal.row, refusal.column) == (3, "planned")
        assert refusal.reason == "The total says 11.00; the lines above it sum to 10.00."

    def test_are_told_of_a_line_that_stands_twice(self, campaign, lines):
        rows = downloaded(campaign)

        (refusal,) = report_of(upload_of(campaign, as_csv([*rows, rows[1]]))).refused

        assert (refusal.row, refusal.column) == (5, "line")

    def test_are_those_of_other_channels_for_an_owner(self, campaign, lines):
        owner = campaign.channels.get().owner
        rows = downloaded(campaign)
        for row in rows[1:]:
            row[6] = "5"

        report = report_of(upload_of(campaign, as_csv(rows), by=owner), by=owner)

        assert [change.line.pk for change in report.changed] == [lines[0].pk]
        assert [refusal.row for refusal in report.refused] == [3, 4]

    def test_an_owner_leaves_out_nothing_of_others(self, campaign, lines):
        owner = campaign.channels.get().owner

        report = report_of(upload_of(campaign, as_csv(downloaded(campaign)[:2]), by=owner), by=owner)

        assert report.removed == []
        assert len(report.kept) == 2


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("budget.csv", b"MZ\x90\x00" + b"\x00" * 400, ""),
            ("budget.xlsx", b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "damaged"),
            ("budget.xlsx", b"Forty euros for prints.", "called an Excel workbook, but it is none"),
            ("budget.csv", b"a,b\n1,2\n", "no column “month”, “what for”"),
            ("budget.csv", b"month,what for,planned,planned\n2030-04,x,1,1\n", "column"),
            ("budget.csv", f"{HEADS}\n".encode(), "no rows below the header"),
            ("budget.csv", b"%PDF-1.7 \xff\xfe\x00", ""),
        ],
    )
    def test_are_kept_out_with_a_reason(self, campaign, name, content, reason):
        with pytest.raises(BudgetRefused) as refused:
            upload_of(campaign, content, name=name)

        assert refused.value.field == "file"
        assert reason.replace("”, “", "") in str(refused.value).replace("”, “", "")
        assert not BudgetUpload.objects.exists()

    def test_have_too_many_rows(self, campaign, monkeypatch):
        monkeypatch.setattr(budgetfile, "MOST_ROWS", 2)

        with pytest.raises(BudgetRefused, match="more than 2 rows"):
            upload_of(campaign, "month,what for\n" + "2030-04,x\n" * 4)

    def test_are_read_from_a_workbook_with_dates_and_numbers(self, campaign):
        content = packed([["Month", "What  for", "Planned", "My own"], [APRIL, "Prints", 0.1 + 0.2, "x"]])

        upload = upload_of(campaign, content, name="budget.xlsx")

        (row,) = report_of(upload).added
        assert (row.values["month"], row.values["planned"]) == (APRIL, Decimal("0.30"))
        assert upload.unread == ["My own"]


class TestPages:
    def test_upload_shows_the_difference_and_applies_it(self, login, campaign, lines):
        client = login(campaign.captain)
        rows = downloaded(campaign)
        rows[1][6] = "2000"
        file = SimpleUploadedFile("plan.csv", as_csv(rows).encode())

        page = client.post(url("budget_upload_add", campaign.pk), {"file": file}, follow=True)
        upload = BudgetUpload.objects.get()
        assert '<del class="break">1,234.50</del> → <ins class="break">2,000.00</ins>' in text(page)

        digest = report_of(upload).digest
        done = client.post(url("budget_upload_apply", upload.pk), {"digest": digest}, follow=True)
        assert "1 line has been brought up to date." in text(done)
        lines[0].refresh_from_db()
        assert lines[0].planned == 2000

    def test_upload_of_an_empty_file_is_refused_beside_the_field(self, login, campaign):
        client = login(campaign.captain)

        page = client.post(
            url("budget_upload_add", campaign.pk), {"file": SimpleUploadedFile("budget.csv", b"")}
        )

        assert "This file is empty." in text(page)

    def test_an_upload_is_nobody_elses(self, login, lead, campaign):
        upload = BudgetUploadFactory(campaign=campaign)

        assert login(lead).get(url("budget_upload", upload.pk)).status_code == HTTPStatus.NOT_FOUND

    def test_a_new_upload_takes_the_place_of_one_not_confirmed(self, campaign):
        for _time in range(2):
            upload = upload_of(campaign, "month,what for\n2030-04,x\n")

        assert BudgetUpload.objects.get() == upload
