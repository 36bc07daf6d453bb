"""A test send: the mail as one contact would get it, to people of the team; nothing of it in the ledger."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.core.errors import DomainError
from apps.messaging.delivery.composer import Composer, NotComposable
from apps.messaging.delivery.engine import Engine
from apps.messaging.delivery.server import server_of_settings
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Message, Recipient
from apps.messaging.selectors import contact_data, message_version
from apps.messaging.services.messages import message_audit

PATIENCE = Timeouts(connect=5, command=10, answer=15)  # a person is waiting
AT_MOST = 10


class TestNotSent(DomainError):
    __test__ = False  # its name looks like a test's to pytest


def message_test(
    *, message: Message, contact: Contact | None, people: Sequence[User], by: User, now: datetime
) -> list[str]:
    """
    Send the message as `contact` would get it (None: as someone made up), and return to whom it went.

    Its subject says that it is a test; its links lead where they lead, uncounted.

    :raises TestNotSent: no template or sender yet, too many people, or the mail server refuses
    """
    version = message_version(message)
    if version is None or message.sender is None:
        raise TestNotSent(_("Choose a template and a sender first."))
    if not 1 <= len(people) <= AT_MOST:
        raise TestNotSent(_("Choose one to %(n)s people.") % {"n": AT_MOST})
    composer, data = Composer(message, version), contact_data(contact)
    engine = Engine(server_of_settings(), connections=1, timeouts=PATIENCE)
    try:
        mails = [
            composer.compose_test(pk, data, to=person.email, mark=_("[Test]"), mail_id=token_hex(12), at=now)
            for pk, person in enumerate(people)
        ]
        engine.reach()
        outcomes = engine.deliver(mails).result()
    except (ServerOutOfReach, NotComposable) as failure:
        raise TestNotSent(str(failure)) from failure
    finally:
        engine.close()
    refused = [outcome.answer for outcome in outcomes.values() if outcome.state != Recipient.State.SENT]
    if refused:
        raise TestNotSent(_("The mail server did not take it: %(answer)s") % {"answer": refused[0]})
    message_audit(message, "tested", by=by, now=now, details={"people": [person.pk for person in people]})
    return [person.email for person in people]
