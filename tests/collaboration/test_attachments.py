"""Files that people attach to things: what is taken, who gets it, and how it goes."""

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from apps.accounts.models import User
from apps.campaigns import services as campaigns
from apps.collaboration import attaching
from apps.collaboration.filekinds import FileRefused, media_type_of
from apps.collaboration.models import Attachment, AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, ContributorFactory, TaskFactory
from tests.factories.collaboration import AttachmentFactory

HTMX = {"HX-Request": "true"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)
ODT = "application/vnd.oasis.opendocument.text"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'


def workbook():
    content = io.BytesIO()
    Workbook().save(content)
    return content.getvalue()


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in members.items():
            made.writestr(name, text)
    return content.getvalue()


class TestMediaTypeOf:
    @pytest.mark.parametrize(
        ("name", "content", "media_type"),
        [
            ("Plan.PNG", PNG, "image/png"),
            ("offer.pdf", b"%PDF-1.7\n%%EOF", "application/pdf"),
            ("a.xlsx", workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("a.zip", archive(a="x"), "application/zip"),
            ("a.odt", archive(mimetype=ODT), ODT),
            ("list.csv", "näme;zahl\n".encode("cp1252"), "text/csv"),
            ("page.html", HTML, "application/octet-stream"),
            ("logo.svg", SVG, "application/octet-stream"),
        ],
    )  # fmt: skip
    def test_is_told_by_the_content(self, name, content, media_type):
        assert media_type_of(name, io.BytesIO(content)) == media_type

    @pytest.mark.parametrize(
        ("name", "content", "refusal"),
        [
            ("photo.png", HTML, "not what is in it"),
            ("photo.png", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "not what is in it"),
            ("list.csv", HTML, "not what is in it"),
            ("sheet.xlsx", archive(a="x"), "not what is in it"),
            ("report.pdf", b"MZ\x90\x00" + bytes(60), "Programs cannot be attached"),
            ("notes.txt", b"#!/bin/sh\nrm -rf /", "Programs cannot be attached"),
            ("notes.txt", bytes(20), "not what is in it"),
            ("setup.exe", b"text", "Files of this kind"),
            ("noending", b"text", "Files of this kind"),
            ("broken.zip", b"PK\x03\x04" + bytes(40), "not what is in it"),
        ],
    )
    def test_what_lies_about_its_kind_is_refused(self, name, content, refusal):
        with pytest.raises(FileRefused, match=refusal):
            media_type_of(name, io.BytesIO(content))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (r"C:\Users\ann\Plan.pdf", "Plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.txt", "ab.txt"),
        ("x" * 10_000 + ".pdf", "x" * 196 + ".pdf"),
        ("מסמך 🎉.pdf", "מסמך 🎉.pdf"),
    ],
)
def test_a_name_is_kept_without_what_no_name_holds(told, kept):
    assert attaching.name_clean(told) == kept


@pytest.mark.django_db
class TestServices:
    def add(self, subject, by, now, content=PNG, name="plan.png"):
        return attaching.attachment_add(subject=subject, file=ContentFile(content, name), by=by, now=now)

    def test_add_keeps_the_file_under_a_name_that_nobody_guesses(self, noon, lead):
        task = TaskFactory(campaign__goal_seen=False)

        attachment = self.add(task, lead, noon)

        assert (attachment.name, attachment.media_type, attachment.size) == (
            "plan.png",
            "image/png",
            len(PNG),
        )
        assert "plan" not in attachment.file.name
        with default_storage.open(attachment.file.name) as file:
            assert file.read() == PNG
        event = AuditEvent.objects.about(task.campaign).get()
        assert (event.action, event.details["file"]) == ("attachment.added", "plan.png")

    @pytest.mark.parametrize(
        ("content", "refusal"),
        [(b"", "is empty"), (PNG + bytes(2000), "at most 1.0"), (HTML, "not what is in")],
    )
    def test_add_refuses_and_keeps_nothing(self, noon, lead, settings, content, refusal):
        settings.ATTACHMENT_MAX_BYTES = 1024

        with pytest.raises(FileRefused, match=refusal):
            self.add(CampaignFactory(), lead, noon, content=content)

        assert not Attachment.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_the_fifty_first_is_refused_and_no_file_of_it_is_left(self, noon, lead, monkeypatch):
        monkeypatch.setattr(attaching, "AT_MOST", 1)
        campaign = CampaignFactory()
        self.add(campaign, lead, noon)

        with pytest.raises(FileRefused, match="At most 1 files"):
            self.add(campaign, lead, noon)

        assert Attachment.objects.count() == 1

    def test_remove_takes_row_and_file_once_it_is_committed(
        self, noon, lead, django_capture_on_commit_callbacks
    ):
        attachment = self.add(CampaignFactory(), lead, noon)

        with django_capture_on_commit_callbacks(execute=True):
            for _twice in range(2):
                attaching.attachment_remove(attachment=attachment, by=lead, now=noon)
            assert default_storage.exists(attachment.file.name)

        assert not default_storage.exists(attachment.file.name)
        actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["attachment.added", "attachment.removed"]

    def test_the_files_of_a_task_go_with_it(self, noon, lead, django_capture_on_commit_callbacks):
        task = TaskFactory(campaign__goal_seen=False)
        attachment = self.add(task, lead, noon)

        with django_capture_on_commit_callbacks(execute=True):
            campaigns.task_remove(task=task, by=lead, now=noon)

        assert not Attachment.objects.exists()
        assert not default_storage.exists(attachment.file.name)


@pytest.mark.django_db
class TestPages:
    def url(self, subject):
        return reverse("collaboration:attachments", args=[subject._meta.label_lower, subject.pk])

    def test_the_assignee_attaches_and_fetches_what_is_never_shown(self, login):
        task = TaskFactory(campaign__goal_seen=False)
        client = login(task.assignee)

        page = client.post(
            self.url(task),
            {"file": SimpleUploadedFile("logo.svg", SVG, "image/png")},
            headers=HTMX,
            follow=True,
        )
        answer = client.get(reverse("collaboration:attachment-file", args=[Attachment.objects.get().pk]))

        assert "logo.svg" in page.content.decode()
        assert b"".join(answer.streaming_content) == SVG
        assert answer.headers["Content-Disposition"] == 'attachment; filename="logo.svg"'
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_a_refusal_stands_beside_the_field(self, login, lead):
        campaign = CampaignFactory(goal_seen=False)

        page = login(lead).post(self.url(campaign), {"file": SimpleUploadedFile("a.png", HTML)}, headers=HTMX)

        assert "not what is in it" in page.content.decode()
        assert not Attachment.objects.exists()

    @pytest.mark.parametrize(("on_team", "status"), [(True, 200), (False, 404)])
    def test_who_may_not_see_the_thing_gets_no_file(self, login, on_team, status):
        campaign = CampaignFactory(goal_seen=False)
        attachment = AttachmentFactory(subject=campaign)
        helper = UserFactory(role=User.Role.CONTRIBUTOR)
        if on_team:
            ContributorFactory(campaign=campaign, user=helper)

        answer = login(helper).get(reverse("collaboration:attachment-file", args=[attachment.pk]))

        assert answer.status_code == status
        assert not answer.streaming or b"".join(answer.streaming_content)

    def test_a_file_that_is_gone_from_the_store_is_not_found(self, login, lead):
        attachment = AttachmentFactory()
        default_storage.delete(attachment.file.name)

        answer = login(lead).get(reverse("collaboration:attachment-file", args=[attachment.pk]))

        assert answer.status_code == 404

    def test_a_campaign_that_was_put_away_takes_no_files(self, login, lead, noon):
        campaign = CampaignFactory(archived_at=noon)

        answer = login(lead).post(self.url(campaign), {"file": SimpleUploadedFile("a.png", PNG)})

        assert answer.status_code == 403
