from django.conf import settings

from apps.operations import mailbox
from config.mailcatcher import Mailbox

CONTENT = (
    b"Subject: Hello\r\nMessage-ID: <1@bookend.example>\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
)


def caught(to="ada@example.com", content=CONTENT, folder=None):
    """Put a message into the mailbox as the mail catcher would, and return what the mailbox says of it."""
    folder = folder or settings.MAILBOX_DIR
    box = Mailbox(folder)
    box.keep("bookend@example.com", [to], content)
    box.close()
    return list(mailbox.caught_all(folder))[-1]
