from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.operations import mailbox
from tests.factories.accounts import UserFactory
from tests.factories.mail import caught

BOTH = (
    b"Subject: Two parts\r\nFrom: b@example.com\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nwords for Ada\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<p>words</p><script>alert(1)</script>\r\n--x--\r\n"
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return settings.MAILBOX_DIR


@pytest.fixture
def staff(login):
    return login(UserFactory(role=User.Role.ADMINISTRATOR))


class TestCaughtPage:
    def test_an_empty_mailbox_has_no_pages(self, folder):
        assert mailbox.caught_page(folder, before=None, search="", size=2) == mailbox.MailPage([], 0, None)

    def test_pages_go_from_the_newest_to_the_oldest_and_miss_none(self, folder):
        for number in range(5):
            caught(f"c{number}@example.com", folder=folder)

        seen, before = [], None
        while True:
            page = mailbox.caught_page(folder, before=before, search="", size=2)
            seen.append([mail.to[0] for mail in page.rows])
            before = page.older
            if before is None:
                break

        assert seen == [
            ["c4@example.com", "c3@example.com"],
            ["c2@example.com", "c1@example.com"],
            ["c0@example.com"],
        ]
        assert page.total == 5

    def test_finds_by_recipient_only_and_without_case(self, folder):
        caught("Ada@Example.com", b"Subject: to bob\r\n\r\n", folder)
        caught("bob@example.com", folder=folder)

        found = mailbox.caught_page(folder, before=None, search="ADA@", size=10).rows
        assert [mail.to for mail in found] == [["Ada@Example.com"]]
        assert mailbox.caught_page(folder, before=None, search="to bob", size=10).rows == []

    def test_leaves_out_a_line_that_is_still_being_written(self, folder):
        caught(folder=folder)
        with (folder / "index.jsonl").open("ab") as index:
            index.write(b'{"at": "2030-')

        assert len(mailbox.caught_page(folder, before=None, search="", size=10).rows) == 1
        assert len(list(mailbox.caught_all(folder))) == 1


@pytest.mark.django_db
class TestMailboxPages:
    def test_lists_what_was_caught(self, staff):
        caught("ada@example.com", BOTH)

        response = staff.get(reverse("mailbox-list"))

        assert b"Two parts" in response.content
        assert b"ada@example.com" in response.content
        assert b"1 message in all" in response.content

    def test_searches_by_recipient(self, staff):
        caught("ada@example.com")
        caught("bob@example.com")

        response = staff.get(reverse("mailbox-list"), {"q": "ada"})

        assert b"ada@example.com" in response.content
        assert b"bob@example.com" not in response.content

    def test_shows_headers_and_both_parts(self, staff):
        mail = caught(content=BOTH)

        response = staff.get(reverse("mailbox-message", args=[mail.number]))

        assert b"words for Ada" in response.content
        assert b"multipart/alternative" in response.content
        assert reverse("mailbox-html", args=[mail.number]).encode() in response.content

    def test_the_html_part_may_run_nothing_and_read_nothing(self, staff):
        mail = caught(content=BOTH)

        response = staff.get(reverse("mailbox-html", args=[mail.number]))

        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-popups" in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy

    def test_the_raw_message_is_what_was_caught(self, staff):
        mail = caught(content=BOTH)

        response = staff.get(reverse("mailbox-raw", args=[mail.number]))

        assert response.content == BOTH
        assert response.headers["Content-Disposition"].startswith("attachment")

    @pytest.mark.parametrize("number", [1, 10**9])
    def test_there_is_nothing_between_the_messages(self, staff, number):
        caught()

        assert staff.get(reverse("mailbox-message", args=[number])).status_code == HTTPStatus.NOT_FOUND

    def test_is_not_there_where_mail_goes_to_a_real_server(self, staff, settings):
        settings.MAILBOX_DIR = None

        assert staff.get(reverse("mailbox-list")).status_code == HTTPStatus.NOT_FOUND
