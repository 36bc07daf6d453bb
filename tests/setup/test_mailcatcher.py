"""A real SMTP client against the mail catcher, and what is on disk afterwards."""

import asyncio
import smtplib
import socket
import threading
from contextlib import contextmanager
from email.message import EmailMessage
from queue import Queue

import pytest

from apps.operations import mailbox
from config.mailcatcher import Mailbox, Session, header


@contextmanager
def catcher(folder):
    """Run the mail catcher in a thread of its own, and give its port."""
    loop, box, ports = asyncio.new_event_loop(), Mailbox(folder), Queue()

    async def serve():
        server = await loop.create_server(lambda: Session(box), "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await stopped.wait()
        server.close()

    stopped = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        yield ports.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()
        box.close()


@pytest.fixture
def port(tmp_path):
    with catcher(tmp_path) as port:
        yield port


def message(subject="Hello", to="ada@example.com", text="Hello Ada"):
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "bookend@example.com", to
    mail["Message-ID"] = "<1@bookend.example>"
    mail.set_content(text)
    return mail


def test_keeps_each_message_as_a_file_and_as_a_line_of_the_index(port, tmp_path):
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message(subject="Grüße, Ada"))

    (caught,) = mailbox.caught_all(tmp_path)
    assert caught.to == ["ada@example.com"]
    assert caught.subject == "Grüße, Ada"
    assert caught.message_id == "<1@bookend.example>"
    assert mailbox.body(mailbox.parse(caught.content()), "plain") == "Hello Ada\n"


def test_gives_back_lines_that_begin_with_a_dot_as_they_were(port, tmp_path):
    text = "one\n.two\n..three\n.\nfour\n"
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message(text=text))

    (caught,) = mailbox.caught_all(tmp_path)
    assert mailbox.body(mailbox.parse(caught.content()), "plain") == text


def test_answers_a_pipelining_client_in_order(port, tmp_path):
    with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as answers:
        answers.readline()
        client.sendall(
            b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
            b"Subject: One\r\n\r\none\r\n.\r\n"
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n.\r\nQUIT\r\n"
        )
        codes = [line[:4] for line in answers]

    assert codes == [b"250-"] * 4 + [b"250 ", b"250 ", b"250 ", b"354 ", b"250 "] + [
        b"250 ",
        b"250 ",
        b"354 ",
        b"250 ",
        b"221 ",
    ]
    assert [caught.to for caught in mailbox.caught_all(tmp_path)] == [["b@example.com"], ["c@example.com"]]


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (b"RCPT TO:<b@example.com>\r\n", b"503"),
        (b"DATA\r\n", b"503"),
        (b"MAIL FROM:nobody\r\n", b"501"),
        (b"STARTTLS\r\n", b"502"),
    ],
)
def test_refuses_what_makes_no_sense(port, commands, answer, tmp_path):
    with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as answers:
        answers.readline()
        client.sendall(commands)
        assert answers.readline()[:3] == answer

    assert list(mailbox.caught_all(tmp_path)) == []


def test_keeps_nothing_of_a_message_that_was_cut_off(port, tmp_path):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: x\r\n"
        )
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message())

    assert [caught.to for caught in mailbox.caught_all(tmp_path)] == [["ada@example.com"]]


def test_says_that_it_could_not_keep_a_message_when_the_disk_refuses(port, tmp_path):
    for day in list(tmp_path.iterdir()):
        day.unlink()
    tmp_path.rmdir()
    tmp_path.write_text("a file where the folder was")

    with smtplib.SMTP("127.0.0.1", port) as client, pytest.raises(smtplib.SMTPDataError) as refusal:
        client.send_message(message())

    assert refusal.value.smtp_code == 452


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"Subject: plain\r\n\r\nbody", "plain"),
        (b"From: x\r\nSUBJECT:no space\r\n\r\n", "no space"),
        (b"Subject: folded\r\n over lines\r\nTo: x\r\n\r\n", "folded over lines"),
        (b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n\r\n", "Grüße"),
        (b"Subject: =?no-such-charset?b?R3I=?=\r\n\r\n", "=?no-such-charset?b?R3I=?="),
        (b"To: x\r\n\r\nSubject: in the body\r\n", ""),
        (b"Subject: no end", "no end"),
        (b"", ""),
    ],
)
def test_reads_one_header(content, value):
    assert header(content, b"subject") == value
