"""What mail systems send back, as they write it."""

from itertools import count

from apps.messaging.tokens import Purpose, return_token_make, token_make

_numbers = count(1)


def return_path(recipient):
    return f"bounces+{return_token_make(recipient.pk)}@mail.example"


def original(recipient):
    return f"{token_make(Purpose.MAIL, recipient.pk)}@shop.example"


def dsn(to="bounces@mail.example", *, status="5.1.1", action="failed", says="550 No", mail_id="", name=None):
    """Return a delivery status notification (RFC 3464) to a return path about the mail of this Message-ID."""
    name = name or f"{next(_numbers)}@mx.example"
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{name}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Fri, 1 Mar 2030 12:00:00 +0000

Final-Recipient: rfc822; ann@example.com
Original-Recipient: rfc822;ann@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {says}

--b
Content-Type: text/rfc822-headers

From: Shop <news@shop.example>
Message-ID: <{mail_id}>
Subject: Spring

--b--
""".encode()


def arf(recipient=None, *, kind="abuse", mail_from="", name=None):
    """Return a complaint (RFC 5965) with the mail that it is about."""
    name = name or f"{next(_numbers)}@fbl.example"
    mail_id = original(recipient) if recipient else "x@y.example"
    return f"""\
From: <feedback@fbl.example>
To: <abuse@shop.example>
Subject: FW: Spring
Message-ID: <{name}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{mail_from}>

--b
Content-Type: message/rfc822

From: <news@shop.example>
Message-ID: <{mail_id}>
Subject: Spring
Content-Type: text/plain

Spam, they say.

--b--
""".encode()
