"""The bytes of a mail are read back with the standard library: what goes in must come out."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.messaging.addresses import Address, AddressNotUsable, address_make
from apps.messaging.delivery import mime

AT = datetime(2030, 3, 1, 12, 0, 30, 5, tzinfo=UTC)
# What XML and mail can hold at all; NUL and lone surrogates are refused where text comes in.
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
AWKWARD = ["Ann", "O'Neill ", " ", ".", ".a", "..", "=", "\n", "a\n", "\n.", "x" * 80, "é" * 30 + " "]
PIECES = st.one_of(LINES, st.sampled_from(AWKWARD))


def skeleton(**more):
    given = {
        "sender_name": "Shop",
        "sender": address_make("news@shop.example"),
        "reply_to": None,
        "list_id": "campaign-1.shop.example",
        "feedback_id": "1:1:bookend:shop.example",
        "boundary": "=_boundary",
    }
    return mime.Skeleton(**(given | more))


def person(**more):
    given = {
        "address": address_make("ann@example.com"),
        "mail_id": "abc@shop.example",
        "subject": "Spring",
        "text": ["Hello Ann"],
        "html": ["<p>Hello ", "Ann", "</p>"],
        "unsubscribe_url": "https://t.example/u/tok",
        "unsubscribe_subject": "unsubscribe%20tok",
    }
    return mime.Person(**(given | more))


def wire(skeleton, person):
    """Return what the server has after it has taken the stuffed dots away."""
    content = skeleton.fill(person, at=AT)
    assert content.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    return content.replace(b"\r\n..", b"\r\n.")


def read(skeleton, person):
    return email.message_from_bytes(wire(skeleton, person), policy=email.policy.default)


def decoded(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


def test_a_mail_has_the_headers_that_mailbox_providers_ask_for():
    mail = read(skeleton(), person())

    assert dict(mail.items()) == {
        "Date": "Fri, 01 Mar 2030 12:00:30 +0000",
        "To": "ann@example.com",
        "Subject": "Spring",
        "Message-ID": "<abc@shop.example>",
        "List-Unsubscribe": "<https://t.example/u/tok>, <mailto:news@shop.example?subject=unsubscribe%20tok>",
        "From": "Shop <news@shop.example>",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_boundary"',
        "List-Id": "<campaign-1.shop.example>",
        "Feedback-ID": "1:1:bookend:shop.example",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_answers_go_where_the_sender_wants_them():
    mail = read(skeleton(reply_to=address_make("help@shop.example")), person())

    assert mail["Reply-To"] == "help@shop.example"
    assert "<mailto:help@shop.example?" in mail["List-Unsubscribe"]


def test_an_address_is_quoted_where_it_stands_in_a_link():
    mail = read(skeleton(reply_to=address_make("help?now&then@shop.example")), person())

    assert "<mailto:help%3Fnow%26then@shop.example?subject=" in mail["List-Unsubscribe"]


def test_the_text_comes_before_the_html():
    text, html = read(skeleton(), person()).iter_parts()

    assert (text.get_content_type(), text.get_content()) == ("text/plain", "Hello Ann")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Hello Ann</p>")


@given(st.lists(LINES, min_size=1, max_size=5))
def test_any_text_arrives_as_it_was_written(lines):
    text = "\n".join(lines)

    for part in read(skeleton(), person(text=[text], html=[text])).iter_parts():
        assert decoded(part) == text


@given(st.lists(PIECES, min_size=1, max_size=6), st.integers(0, 5))
def test_pieces_arrive_as_one_text_whatever_stands_at_their_ends(pieces, changed):
    same = skeleton()
    second = [piece if index != changed else "." for index, piece in enumerate(pieces)]

    for html in (pieces, second, pieces):
        [_text, part] = read(same, person(html=html)).iter_parts()
        assert decoded(part) == "".join(html)


@given(st.lists(LINES, min_size=1, max_size=4), st.lists(LINES, min_size=1, max_size=4))
def test_what_two_mails_share_is_remembered_and_still_arrives(shared, own):
    same = skeleton()
    texts = ["\n".join([*shared, extra]) for extra in [*own, *own]]

    for text in texts:
        assert decoded(next(read(same, person(text=[text])).iter_parts())) == text


def test_memory_does_not_grow_with_the_audience():
    encoder = mime.BodyEncoder()
    for number in range(100):
        encoder.encode(["shared ", f"for reader {number}"])

    assert encoder.remembered == 1


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_subject_never_becomes_another_header(subject):
    mail = read(skeleton(), person(subject=subject))

    assert len(mail.items()) == 11
    assert mail.get_all("Subject") is not None
    assert mail.defects == []


@pytest.mark.parametrize(
    "subject",
    ["Grüße aus Köln", "日本語" * 40, "a" * 500, "=?utf-8?B?eA==?=", "😀" * 30, "five € " * 20],
)
def test_any_subject_is_read_as_it_was_written(subject):
    assert read(skeleton(), person(subject=subject))["Subject"] == subject.strip()


def test_line_breaks_in_a_subject_become_spaces():
    assert (
        read(skeleton(), person(subject="Hi\r\nBcc: all@example.com"))["Subject"] == "Hi Bcc: all@example.com"
    )


@pytest.mark.parametrize(
    "name", ['Ann "the" O\'Neill', "Ann, Bob", "Jörg & Söhne", "a\r\nBcc: x@example.com", "@"]
)
def test_any_name_of_a_sender_is_read_as_it_was_written(name):
    [mailbox] = read(skeleton(sender_name=name), person())["From"].addresses

    assert mailbox.display_name == name.replace("\r\n", " ")
    assert mailbox.addr_spec == "news@shop.example"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "a b@example.com",
        "ann@example.com\r\nRCPT TO:<x@y>",
        "<ann@example.com>",
    ],
)
def test_an_address_that_would_become_something_else_on_the_wire_is_refused(written):
    with pytest.raises(AddressNotUsable):
        address_make(written)


def test_a_domain_beyond_ascii_goes_out_in_a_labels():
    assert address_make("info@köln.example") == Address("info@xn--kln-sna.example", needs_utf8=False)
    assert address_make("jörg@köln.example").needs_utf8
