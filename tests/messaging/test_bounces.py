"""What a mail that came back says, and whose it was."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.messaging.bounces import bounce_verdict, is_no_mailbox, report_read
from apps.messaging.tokens import Purpose, return_token_make, return_token_read, token_make
from tests.bounces import arf, dsn, original, return_path

ANN, BEN = SimpleNamespace(pk=7), SimpleNamespace(pk=8)


class TestReturnToken:
    @given(st.integers(1, 2**63 - 1), st.sampled_from([str.lower, str.upper, str.title]))
    def test_is_read_back_in_whatever_case_it_comes(self, recipient, change):
        token = return_token_make(recipient)

        assert token == token.lower()
        assert return_token_read(change(token)) == recipient

    @pytest.mark.parametrize("token", ["", "a", "ä", "abc1", "a" * 32, return_token_make(7)[:-1] + "a"])
    def test_one_that_we_did_not_make_is_nobodys(self, token):
        assert return_token_read(token) is None

    def test_fits_into_the_local_part_of_an_address(self):
        assert len(f"bounces+{return_token_make(2**63 - 1)}") <= 64


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("5.1.1", "hard"),
        ("5.1.2", "hard"),
        ("5.1.10", "hard"),
        ("5.1.8", "ours"),  # the sender's domain is what is wrong
        ("4.4.7", "soft"),
        ("4.2.2", "soft"),
        ("5.2.2", "soft"),
        ("5.2.1", "soft"),
        ("5.0.0", "soft"),
        ("5.7.1", "ours"),
        ("5.7.26", "ours"),
        ("5.2.3", "ours"),
        ("5.3.4", "ours"),
        ("5.6.0", "ours"),
    ],
)
def test_a_status_says_whose_fault_it_is(status, verdict):
    assert bounce_verdict(status) == verdict


class TestReportRead:
    def test_a_bounce_is_known_by_the_return_path_it_came_to(self):
        report = report_read(dsn(return_path(ANN), says="550 5.1.1 <ann@example.com> User unknown"))

        assert (report.verdict, report.status, report.recipient_id) == ("hard", "5.1.1", 7)
        assert report.answer == "550 5.1.1 <ann@example.com> User unknown"

    def test_a_bounce_is_known_by_the_message_id_that_it_brings_back(self):
        assert report_read(dsn(mail_id=original(ANN))).recipient_id == 7

    def test_a_complaint_is_known_by_the_mail_it_brings_back(self):
        report = report_read(arf(ANN))

        assert (report.verdict, report.recipient_id, report.answer) == ("complaint", 7, "abuse")

    def test_a_complaint_is_known_by_the_return_path_that_the_mail_had(self):
        assert report_read(arf(mail_from=return_path(ANN))).recipient_id == 7

    def test_parts_within_parts_without_end_say_nothing(self):
        report = report_read(b"Content-Type: message/rfc822\n\n" * 5000)

        assert (report.verdict, report.recipient_id) == ("other", None)

    def test_words_that_no_database_takes_are_left_out(self):
        assert report_read(dsn(return_path(ANN), says="550 no\0body")).answer == "550 nobody"

    def test_who_leaves_by_mail_is_known_by_the_subject_that_we_asked_for(self):
        mail = "From: ann@example.com\nTo: bounces@mail.example\nSubject: Unsubscribe {}\n\n"
        names = [token_make(purpose, 7) for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)]

        reports = [report_read(mail.format(name).encode()) for name in names]

        assert [(one.verdict, one.recipient_id) for one in reports] == [("unsubscribed", 7), ("other", None)]

    def test_not_spam_is_no_complaint(self):
        assert report_read(arf(ANN, kind="not-spam")).verdict == "other"

    @pytest.mark.parametrize(
        ("action", "verdict"), [("delayed", "delayed"), ("delivered", "delivered"), ("relayed", "delivered")]
    )
    def test_what_has_not_failed_is_no_bounce(self, action, verdict):
        assert report_read(dsn(return_path(ANN), action=action, status="4.4.1")).verdict == verdict

    def test_a_status_that_says_nothing_is_read_from_what_the_server_had_answered(self):
        report = report_read(dsn(return_path(ANN), status="5.0.0", says="550 5.1.1 no such user"))

        assert (report.verdict, report.status) == ("hard", "5.1.1")

    def test_a_token_for_another_purpose_is_no_return_path(self):
        forged = token_make(Purpose.OPEN, 7).lower()

        assert report_read(dsn(f"bounces+{forged}@mail.example")).recipient_id is None

    def test_two_signs_that_do_not_agree_are_nobodys(self):
        assert report_read(dsn(return_path(ANN), mail_id=original(BEN))).recipient_id is None

    def test_the_same_report_has_the_same_key_however_it_travelled(self):
        first = report_read(dsn(return_path(ANN), name="one@mx"))
        again = report_read(b"Received: from elsewhere\r\n" + dsn(return_path(ANN), name="one@mx"))
        other = report_read(dsn(return_path(ANN), name="two@mx"))

        assert first.event_key == again.event_key != other.event_key

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\0\xff\xfe",
            b"Subject: I am on holiday\r\n\r\nBack on Monday",
            b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n",
            b"Content-Type: message/feedback-report\r\n\r\n",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 10_000,
        ],
    )
    def test_anything_else_is_something_else(self, raw):
        report = report_read(raw)

        assert (report.verdict, report.recipient_id) == ("other", None)

    @given(st.binary(max_size=300))
    def test_nothing_makes_it_fail(self, raw):
        report_read(b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: " + raw)

    def test_beyond_ascii_too(self):
        raw = (
            dsn(return_path(ANN))
            .replace(b"message/delivery-status", b"message/global-delivery-status")
            .replace(b"ann@", "añn@".encode())
        )

        assert report_read(raw).verdict == "hard"


@pytest.mark.parametrize(
    ("answer", "is_it"),
    [
        ("550 5.1.1 <ann@example.com>: no such user", True),
        ("550-5.1.1 The email account that you tried to reach does not exist", True),
        ("556 5.1.10 the domain takes no mail (null MX)", True),
        ("553 5.1.3 that is no address", True),
        ("550 5.1.2 no such domain", True),
        ("550 5.7.1 blocked for policy", False),
        ("550 5.7.26 unauthenticated mail", False),
        ("450 4.1.1 not yet", False),
        ("550 5.1.8 your domain does not exist", False),
        ("552 5.2.2 mailbox full", False),
        ("550 no such person", False),
        ("550 5.1.11 not a status that we know", False),
        ("250 5.1.1 nonsense", False),
        ("", False),
    ],
)
def test_whether_a_server_says_in_the_talk_that_there_is_no_mailbox(answer, is_it):
    assert is_no_mailbox(answer) is is_it
