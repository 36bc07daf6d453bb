"""Bounces and complaints: what follows from them, and what never does."""

import imaplib
import socketserver
import threading
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent, Notification
from apps.contacts.addresses import address_hash
from apps.contacts.models import ConsentEvent, Contact, Suppression
from apps.messaging import selectors, services
from apps.messaging.bouncebox import MailboxUnavailable, unread
from apps.messaging.models import DeliveryEvent, DeliveryReport, LedgerTally, Message, Recipient
from apps.messaging.services import reports
from apps.messaging.tokens import return_token_read
from tests.bounces import arf, dsn, original, return_path
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import DeliveryReportFactory, MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Source = DeliveryReport.Source


@pytest.fixture
def recipient(noon):
    return RecipientFactory(state="sent", finished_at=noon, mail_id="x@shop.example")


def take(raw, noon, source=Source.MAIL):
    return services.report_take(raw=raw, source=source, by=None, now=noon)


def suppressed(address):
    found = Suppression.objects.filter(address_hash=address_hash(address))
    return found.values_list("reason", flat=True).first()


class TestReportTake:
    def test_no_such_address_is_never_written_to_again(self, recipient, noon):
        taken = take(dsn(return_path(recipient)), noon)

        assert taken.is_new
        event = DeliveryEvent.objects.get()
        assert (event.kind, event.bounce_class, event.recipient, event.at) == (
            "bounced",
            "hard",
            recipient,
            noon,
        )
        assert suppressed(recipient.address) == "bounced"
        assert not ConsentEvent.objects.filter(contact=recipient.contact, status="unsubscribed").exists()

    @pytest.mark.parametrize("status", ["5.7.1", "5.3.4", "4.4.7"])
    def test_our_own_fault_or_one_that_may_pass_suppresses_nobody(self, recipient, noon, status):
        take(dsn(return_path(recipient), status=status), noon)

        assert DeliveryEvent.objects.get().kind == "bounced"
        assert not Suppression.objects.exists()

    def test_a_complaint_ends_consent_and_suppresses_every_address_they_have(self, recipient, noon):
        contact = recipient.contact
        contact.email = "new@example.com"
        contact.save()

        take(arf(recipient), noon)

        assert DeliveryEvent.objects.get().kind == "complained"
        assert (suppressed(recipient.address), suppressed("new@example.com")) == ("complained", "complained")
        line = ConsentEvent.objects.filter(contact=contact).latest("at")
        assert (line.status, line.basis) == ("unsubscribed", "complaint to the mailbox provider")

    @pytest.mark.parametrize(
        "make", [lambda r: dsn(return_path(r), name="1@mx"), lambda r: arf(r, name="1@fbl")]
    )
    def test_told_many_times_it_is_done_once(self, recipient, noon, make):
        first = take(make(recipient), noon)
        before = (DeliveryEvent.objects.count(), Suppression.objects.count(), ConsentEvent.objects.count())

        for _time in range(5):
            again = take(make(recipient), noon + timedelta(hours=1), Source.API)

            assert (again.is_new, again.report) == (False, first.report)
        after = (DeliveryEvent.objects.count(), Suppression.objects.count(), ConsentEvent.objects.count())
        assert after == before

    def test_two_reports_of_one_failure_count_once(self, recipient, noon):
        take(dsn(return_path(recipient), status="4.4.1"), noon)
        take(dsn(return_path(recipient), status="5.1.1"), noon)

        assert DeliveryEvent.objects.count() == 1
        assert suppressed(recipient.address) == "bounced"  # the second one knew more

    @pytest.mark.parametrize("to", ["bounces@mail.example", "bounces+" + "a" * 30 + "@mail.example"])
    def test_what_is_not_signed_by_us_is_kept_without_its_words_and_nothing_follows(
        self, recipient, noon, to
    ):
        taken = take(dsn(to, says="550 ann@example.com is gone"), noon)

        report = DeliveryReport.objects.get()
        assert (report.recipient, report.contact, report.verdict, report.answer) == (None, None, "hard", "")
        assert taken.is_new
        assert not DeliveryEvent.objects.exists()
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("state", ["queued", "planned", "leased"])
    def test_a_mail_that_was_put_back_in_line_had_been_taken_and_does_not_leave_again(
        self, noon, state, mail_server
    ):
        lease = {
            "lease_token": "12345678-1234-5678-1234-567812345678",
            "leased_until": noon + timedelta(hours=1),
        }
        message = MessageFactory(launched=True)
        row = RecipientFactory(message=message, state=state, **(lease if state == "leased" else {}))

        take(dsn(return_path(row), status="4.4.7"), noon)
        services.messages_send(now=noon)

        row.refresh_from_db()
        assert (row.state, row.lease_token) == ("sent", None)
        assert row.answer.startswith("A report came back, so it had been taken")
        assert mail_server.taken == []
        message.refresh_from_db()
        assert message.state == Message.State.FINISHED
        assert DeliveryEvent.objects.get().kind == "bounced"
        assert selectors.ledger_problems(message, now=noon) == []

    def test_one_who_turns_out_not_to_exist_is_suppressed_while_in_line(self, noon):
        row = RecipientFactory(message=MessageFactory(launched=True), state="queued")

        take(dsn(return_path(row), status="5.1.1"), noon)

        assert suppressed(row.address) == "bounced"
        assert Recipient.objects.get().state == "sent"

    @pytest.mark.parametrize("state", ["failed", "skipped"])
    def test_what_was_never_handed_over_cannot_come_back(self, noon, state):
        row = RecipientFactory(state=state, reason="suppressed" if state == "skipped" else "")

        take(dsn(return_path(row)), noon)

        assert DeliveryReport.objects.get().recipient is None
        assert Recipient.objects.get().state == state
        assert not Suppression.objects.exists()

    def test_somebody_erased_leaves_no_address_behind(self, recipient, noon):
        Recipient.objects.update(address="")

        take(dsn(return_path(recipient), says="550 ann@example.com is gone"), noon)

        assert DeliveryReport.objects.get().answer == ""
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(("state", "held"), [("unknown", False), ("sending", True)])
    def test_a_mail_whose_end_nobody_knew_had_been_taken(self, noon, state, held):
        lease = {"lease_token": "12345678-1234-5678-1234-567812345678", "leased_until": noon} if held else {}
        row = RecipientFactory(state=state, mail_id="x@shop.example", **lease)

        take(dsn(mail_id=original(row), status="5.2.2", says="552 full"), noon)

        row.refresh_from_db()
        assert (row.state, row.finished_at, row.lease_token) == ("sent", noon, None)
        assert row.answer == "A report came back, so it had been taken: 5.2.2 552 full"
        assert selectors.ledger_problems(row.message, now=noon) == []

    def test_a_holiday_note_settles_nothing(self, noon):
        row = RecipientFactory(state="unknown")

        take(f"To: {return_path(row)}\nSubject: On holiday\n\nBye".encode(), noon)

        assert DeliveryReport.objects.get().verdict == "other"
        assert Recipient.objects.get().state == "unknown"


class TestSoftBounces:
    @pytest.fixture
    def contact(self):
        return ContactFactory()

    def mails(self, contact, noon, *fates):
        """Send so many mails, a day between, the last one at noon; each with its fate."""
        for days, fate in zip(range(len(fates) - 1, -1, -1), fates, strict=True):
            at = noon - timedelta(days=days)
            row = RecipientFactory(contact=contact, state="sent", finished_at=at, mail_id=f"{days}@x")
            if fate == "opened":
                DeliveryEvent.objects.create(
                    recipient=row, message=row.message, contact=contact, kind="opened", at=at
                )
            elif fate != "quiet":
                status = {"soft": "4.4.7", "ours": "5.7.1"}.get(fate)
                action = "delivered" if fate == "delivered" else "failed"
                take(dsn(return_path(row), status=status or "2.0.0", action=action), at)

    @pytest.fixture(autouse=True)
    def month(self, noon):
        for days in (0, 31):
            services.partitions_ensure(now=noon - timedelta(days=days))

    def test_five_in_a_row_are_the_end_and_four_are_not(self, contact, noon):
        self.mails(contact, noon, *["soft"] * 4)
        four = suppressed(contact.email)
        self.mails(contact, noon + timedelta(days=1), "soft")

        assert (four, suppressed(contact.email)) == (None, "bounced")

    @pytest.mark.parametrize("between", ["opened", "delivered"])
    def test_a_delivery_between_begins_anew(self, contact, noon, between):
        self.mails(contact, noon, "soft", "soft", "soft", between, "soft", "soft")

        assert suppressed(contact.email) is None

    def test_silence_is_a_delivery_once_mail_systems_would_have_given_up(self, contact, noon):
        self.mails(
            contact, noon, "soft", "soft", "quiet", *["soft"] * 2, "ours", "ours", "ours", "soft", "soft"
        )

        assert suppressed(contact.email) is None

    def test_silence_of_yesterday_is_none_and_our_own_faults_do_not_count(self, contact, noon):
        self.mails(contact, noon, "soft", "soft", "soft", "soft", "ours", "quiet", "soft")

        assert suppressed(contact.email) == "bounced"


class TestSpike:
    """Recipients are made in bulk: what counts is the share of what was sent."""

    def message(self, noon, *, sent, **state):
        first = RecipientFactory(state="sent", finished_at=noon, **state)
        addresses = [f"p{n}@example.com" for n in range(sent - 1)]
        people = [Contact(email=address, email_hash=address_hash(address)) for address in addresses]
        rows = [
            Recipient(message=first.message, contact=person, address=person.email, state="sent", due_at=noon)
            for person in Contact.objects.bulk_create(people)
        ]
        Recipient.objects.bulk_create(rows)
        return first.message

    def come_back(self, message, noon, make, count):
        for row in message.recipients.filter(reports=None).order_by("pk")[:count]:
            take(make(row), noon)
        message.refresh_from_db()

    def complain(self, message, noon, count):
        self.come_back(message, noon, arf, count)

    def bounce(self, message, noon, count, status="5.1.1"):
        self.come_back(message, noon, lambda row: dsn(return_path(row), status=status), count)

    def test_complaints_pause_it_and_tell_the_captain_why(self, noon):
        message = self.message(noon, sent=30)
        self.complain(message, noon, 4)
        four = message.state
        self.complain(message, noon, 1)

        why = "5 readers called it spam, which is more than 0.3 % of those it was sent to."
        assert (four, message.state, message.pause_reason) == ("running", "paused", why)
        note = Notification.objects.get(user=message.campaign.captain)
        assert note.text == f"“{message.name}” was paused: {why}"
        assert AuditEvent.objects.get(action="message.paused").by is None

    def test_bounces_pause_it(self, noon):
        message = self.message(noon, sent=60)
        self.bounce(message, noon, 20)

        assert (message.state, message.pause_reason) == (
            "paused",
            "20 mails came back, which is more than 5 % of those sent.",
        )

    def test_a_small_share_of_many_does_not(self, noon):
        message = self.message(noon, sent=401)
        self.bounce(message, noon, 20)

        assert (message.state, message.bounces, message.spiked_at) == ("running", 20, None)

    def test_of_a_large_ledger_only_its_tally_is_asked_while_that_says_enough(self, noon):
        message = self.message(noon, sent=25)
        LedgerTally.objects.create(
            message=message, facts={"ledger": {"states": {"sent": 401}}}, counted_at=noon
        )
        self.bounce(message, noon, 20)
        enough = message.state
        self.bounce(message, noon, 1)

        assert (enough, message.state) == ("running", "paused")

    def test_mailboxes_that_are_full_do_not(self, noon):
        message = self.message(noon, sent=25)
        self.bounce(message, noon, 25, status="5.2.2")

        assert (message.state, message.bounces) == ("running", 0)

    def test_who_lets_it_go_on_begins_anew(self, noon, lead):
        message = self.message(noon, sent=40)
        self.complain(message, noon, 5)
        services.message_resume(message=message, by=lead, now=noon)
        self.complain(message, noon, 4)
        four = message.state
        self.complain(message, noon, 1)

        assert (four, message.state) == ("running", "paused")

    def test_of_one_that_has_ended_they_are_told_once(self, noon):
        message = self.message(noon, sent=30)
        Message.objects.filter(pk=message.pk).update(state="finished", finished_at=noon)
        self.complain(message, noon, 9)

        note = Notification.objects.get(user=message.campaign.captain)
        assert note.text.startswith(f"“{message.name}”: 5 readers called it spam")
        assert message.state == "finished"


class TestMaildir:
    @pytest.fixture
    def maildir(self, tmp_path, settings):
        for name in ("new", "cur", "tmp"):
            (tmp_path / name).mkdir()
        settings.BOUNCE_MAILBOX_URL = f"maildir://{tmp_path}"
        return tmp_path

    def test_is_read_once_and_nothing_is_deleted(self, maildir, recipient, noon):
        (maildir / "new" / "1").write_bytes(dsn(return_path(recipient)))
        (maildir / "new" / "2").write_bytes(b"nonsense")

        counts = [services.reports_collect(now=noon) for _time in range(2)]

        assert counts == [2, 0]
        assert sorted(file.name for file in (maildir / "cur").iterdir()) == ["1:2,S", "2:2,S"]
        assert suppressed(recipient.address) == "bounced"

    def test_one_that_fails_is_flagged_and_holds_up_nobody(self, maildir, recipient, noon, monkeypatch):
        real = reports.report_read

        def fragile(raw):
            if b"poison" in raw:
                raise ValueError("ann@example.com")
            return real(raw)

        monkeypatch.setattr(reports, "report_read", fragile)
        (maildir / "new" / "1").write_bytes(b"poison")
        (maildir / "new" / "2").write_bytes(dsn(return_path(recipient)))

        services.reports_collect(now=noon)

        assert sorted(file.name for file in (maildir / "cur").iterdir()) == ["1:2,FS", "2:2,S"]
        assert suppressed(recipient.address) == "bounced"

    @pytest.mark.parametrize(
        "url", ["maildir:///nowhere", "pop3://x", "imap://127.0.0.1:1/INBOX", "nonsense"]
    )
    def test_a_mailbox_that_is_not_there_says_so(self, url, settings, noon):
        settings.BOUNCE_MAILBOX_URL = url

        with pytest.raises(MailboxUnavailable):
            services.reports_collect(now=noon)

    def test_without_one_nothing_is_read(self, settings, noon):
        settings.BOUNCE_MAILBOX_URL = ""

        assert services.reports_collect(now=noon) == 0


class TinyImap(socketserver.StreamRequestHandler):
    """As much of IMAP as a reader of a mailbox says: a real server on loopback."""

    def handle(self):
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, rest = line.decode().strip().partition(" ")
            self.server.said.append(rest)
            self.wfile.write(self.answer(rest) + f"{tag} OK done\r\n".encode())

    def answer(self, said):
        mails, seen = self.server.mails, self.server.seen
        if said == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if said.startswith("SELECT"):
            return b"* %d EXISTS\r\n" % len(mails)
        if "SEARCH" in said:
            return b"* SEARCH " + " ".join(str(n) for n in mails if n not in seen).encode() + b"\r\n"
        if "FETCH" in said:
            number = int(said.split()[2])
            raw = mails[number]
            return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%b)\r\n" % (number, number, len(raw), raw)
        if "STORE" in said:
            seen[int(said.split()[2])] = said.partition("(")[2].rstrip(")")
        return b""


@pytest.fixture
def imap():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), TinyImap) as server:
        server.mails, server.seen, server.said = {}, {}, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class TestImap:
    def test_is_read_and_marked_as_seen(self, imap, recipient, noon, settings):
        imap.mails = {4: dsn(return_path(recipient)), 9: b"nonsense"}
        settings.BOUNCE_MAILBOX_URL = f"imap://us%40x:secret@127.0.0.1:{imap.server_address[1]}/Bounces"

        counts = [services.reports_collect(now=noon) for _time in range(2)]

        assert counts == [2, 0]
        assert imap.seen == {4: "\\Seen", 9: "\\Seen"}
        assert 'LOGIN us@x "secret"' in imap.said
        assert 'SELECT "Bounces"' in imap.said
        assert suppressed(recipient.address) == "bounced"

    def test_a_batch_has_an_end(self, imap):
        imap.mails = dict.fromkeys(range(1, 6), b"x")

        with unread(f"imap://a:b@127.0.0.1:{imap.server_address[1]}", limit=2) as mails:
            assert len(list(mails)) == 2

    def test_no_password_is_in_what_it_says(self, imap, monkeypatch):
        def refuse(*_args):
            raise imaplib.IMAP4.error("no such user")

        monkeypatch.setattr(imaplib.IMAP4, "login", refuse)
        url = f"imap://a:secret@127.0.0.1:{imap.server_address[1]}"

        with pytest.raises(MailboxUnavailable, match=r"^127\.0\.0\.1: no such user$"), unread(url, limit=1):
            pass


class TestSending:
    def test_each_mail_has_a_return_path_of_its_own(self, mail_server, settings, noon):
        settings.RETURN_PATH = "bounces@mail.example"
        rows = RecipientFactory.create_batch(2)

        services.messages_send(now=noon)

        paths = {taken.recipient: taken.sender for taken in mail_server.taken}
        assert {paths[row.address]: row.pk for row in rows}.keys() == set(paths.values())
        for row in rows:
            local, _, domain = paths[row.address].partition("@")
            assert (local.split("+")[0], domain) == ("bounces", "mail.example")
            assert return_token_read(local.split("+")[1]) == row.pk

    def test_who_leaves_by_mail_is_taken_off_where_it_is_read(self, mail_server, settings, noon):
        settings.RETURN_PATH = "bounces@mail.example"
        row = RecipientFactory()
        services.messages_send(now=noon)

        link = mail_server.taken[0].mail["List-Unsubscribe"].split("<mailto:")[1].rstrip(">")
        to, _, subject = unquote(link).partition("?subject=")
        for name in ("1@home.example", "1@home.example", "2@home.example"):
            take(f"To: {to}\nSubject: {subject}\nMessage-ID: <{name}>\n\nLet me out.".encode(), noon)

        assert to == mail_server.taken[0].sender
        assert suppressed(row.address) == "unsubscribed"
        left = ConsentEvent.objects.get(contact=row.contact, status="unsubscribed")
        assert left.basis == "unsubscribe by e-mail"
        assert DeliveryEvent.objects.filter(kind="unsubscribed").count() == 1

    def test_without_one_it_comes_back_to_the_sender(self, mail_server, noon):
        row = RecipientFactory()

        services.messages_send(now=noon)

        assert mail_server.taken[0].sender == row.message.sender.email


class TestDoors:
    def test_a_program_hands_one_in(self, api, recipient):
        client = api(UserFactory(role=User.Role.INTEGRATION), "delivery-reports:write")

        made = client.post("/api/v1/delivery-reports/", {"raw": dsn(return_path(recipient)).decode()}, "json")

        assert made.status_code == HTTPStatus.CREATED
        assert (made.json()["is_new"], made.json()["report"]["verdict"]) == (True, "hard")
        assert made.json()["report"]["recipient"] == recipient.pk
        assert suppressed(recipient.address) == "bounced"

    def test_a_marketer_reads_them_and_hands_none_in(self, api, recipient):
        client = api(UserFactory(role=User.Role.MARKETER))
        DeliveryReportFactory()

        listed = client.get("/api/v1/delivery-reports/?verdict=hard")
        made = client.post("/api/v1/delivery-reports/", {"raw": dsn(return_path(recipient)).decode()}, "json")

        assert len(listed.json()["results"]) == 1
        assert made.status_code == HTTPStatus.FORBIDDEN
        assert DeliveryReport.objects.count() == 1

    def test_a_mail_server_pipes_one_in(self, recipient, tmp_path, capsys):
        (tmp_path / "bounce").write_bytes(dsn(return_path(recipient)))

        call_command("report_take", str(tmp_path / "bounce"))
        call_command("report_take", str(tmp_path / "bounce"))

        first, second = capsys.readouterr().out.splitlines()
        assert first == "No such address, of a mail of ours"
        assert second == "No such address, of a mail of ours (known already)"

    def test_the_list_is_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        report = DeliveryReportFactory(answer="550 no such user")
        client = login(lead)

        page = client.get(reverse("messaging:reports"))
        fragment = client.get(reverse("messaging:reports"), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert report.recipient.address in response.content.decode()
            assert b"550 no such user" in response.content

    def test_the_list_costs_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        DeliveryReportFactory.create_batch(20)
        client = login(lead)

        with django_assert_num_queries(3):  # session, user, reports
            client.get(reverse("messaging:reports"), headers=HTMX)

    def test_the_recipients_story_tells_it_in_the_words_of_the_server(self, login, lead, recipient, noon):
        take(dsn(return_path(recipient), says="550 nobody here"), noon)

        told = login(lead).get(reverse("messaging:recipient", args=[recipient.pk])).content.decode()

        assert told.count("5.1.1 · 550 nobody here") == 2  # among the rules, and once in the story
        assert "No such address" in told


class TestRefusalsInTheTalk:
    @pytest.fixture
    def message(self):
        return RecipientFactory(contact__email="gone@example.com").message

    def test_a_mailbox_that_is_not_there_is_a_hard_bounce(self, message, mail_server, noon):
        mail_server.on("rcpt", "gone@example.com", "550 5.1.1 no such user")
        RecipientFactory(message=message, contact__email="here@example.com")

        services.messages_send(now=noon)

        row = message.recipients.get(contact__email="gone@example.com")
        report = DeliveryReport.objects.get()
        assert (report.source, report.verdict, report.status) == ("talk", "hard", "5.1.1")
        assert (report.recipient, report.answer) == (row, "550 5.1.1 no such user")
        event = DeliveryEvent.objects.get()
        assert (event.kind, event.bounce_class, event.recipient) == ("bounced", "hard", row)
        assert [suppressed("gone@example.com"), suppressed("here@example.com")] == ["bounced", None]
        message.refresh_from_db()
        assert selectors.ledger_problems(message, now=noon, record=mail_server.copies) == []

    @pytest.mark.parametrize("answer", ["550 5.7.1 policy", "450 4.1.1 later", "550 no reason"])
    def test_what_is_about_us_or_may_pass_suppresses_nobody(self, message, mail_server, noon, answer):
        mail_server.on("rcpt", "gone@example.com", answer)

        services.messages_send(now=noon)

        assert not DeliveryReport.objects.exists()
        assert not Suppression.objects.exists()

    def test_told_twice_it_is_one(self, message, noon):
        answers = {message.recipients.get().pk: "550 5.1.1 no"}

        assert services.refusals_take(answers=answers, now=noon) == 1
        assert services.refusals_take(answers=answers, now=noon) == 0
        assert DeliveryEvent.objects.count() == 1
