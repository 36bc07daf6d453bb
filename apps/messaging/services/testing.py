"""A test send: the mail as one contact would get it, to people of the team; nothing of it in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.content.rendering import TemplateFault
from apps.core.errors import DomainError
from apps.core.secrets import SecretLost
from apps.messaging.channels import way_of
from apps.messaging.delivery.composer import Composer, NotComposable
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Message, Recipient, Variant
from apps.messaging.selectors import contact_data, message_version, variant_version
from apps.messaging.services.messages import message_audit

PATIENCE = Timeouts(connect=5, command=10, answer=15)  # a person is waiting
AT_MOST = 10
State = Recipient.State


class TestNotSent(DomainError):
    __test__ = False  # its name looks like a test's to pytest


@dataclass(frozen=True)
class TestResult:
    """What became of a test: the addresses that got it, and what the server said of those that did not."""

    __test__ = False

    sent_to: list[str]
    not_sent: dict[str, str]


def message_test(
    *,
    message: Message,
    contact: Contact | None,
    people: Sequence[User],
    by: User,
    now: datetime,
    variant: Variant | None = None,
) -> TestResult:
    """
    Send the message as `contact` would get it (None: as someone made up), and tell to whom it went.

    With `variant` that version of it, whose letter the subject shows.

    Its subject says that it is a test; its links lead where they lead, uncounted. Not to be called within a
    transaction, which would last as long as the mail server likes.

    :raises TestNotSent: no template or sender yet, too many people, or nobody got it
    """
    if message.is_text:
        raise TestNotSent(_("A text cannot be tested: people of the team have no telephone number here."))
    version = variant_version(variant, message) if variant else message_version(message)
    if version is None or message.sender is None:
        raise TestNotSent(_("Choose a template and a sender first."))
    if not 1 <= len(people) <= AT_MOST:
        raise TestNotSent(_("Choose one to %(n)s people.") % {"n": AT_MOST})
    try:
        composer, data = Composer(message, version), contact_data(contact)
    except TemplateFault as fault:
        raise TestNotSent(_("This cannot be sent: %(fault)s") % {"fault": fault}) from fault
    mark = _("[Test %(letter)s]") % {"letter": variant.letter} if variant else _("[Test]")
    way, provider = way_of(message)
    try:
        engine = way.engine(provider, timeouts=PATIENCE)
    except SecretLost as failure:
        raise TestNotSent(_("The provider's credentials cannot be read any more.")) from failure
    try:
        mails = [
            composer.compose_test(pk, data, to=person.email, mark=mark, mail_id=token_hex(12), at=now)
            for pk, person in enumerate(people)
        ]
        engine.reach()
        outcomes = engine.deliver(mails).result()
    except (ServerOutOfReach, NotComposable) as failure:
        raise TestNotSent(str(failure)) from failure
    finally:
        engine.close()
    return _result(message, people, outcomes, by=by, now=now)


def _result(
    message: Message, people: Sequence[User], outcomes: Mapping[int, Outcome], *, by: User, now: datetime
) -> TestResult:
    """Write down whom the test has reached, or may have: whatever became of the rest, that is done."""
    ends = [(person, outcomes[pk]) for pk, person in enumerate(people)]
    reached = [person.pk for person, outcome in ends if outcome.state in {State.SENT, State.UNKNOWN}]
    if not reached:
        raise TestNotSent(_("The mail server did not take it: %(answer)s") % {"answer": ends[0][1].answer})
    message_audit(message, "tested", by=by, now=now, details={"people": reached})
    return TestResult(
        sent_to=[person.email for person, outcome in ends if outcome.state == State.SENT],
        not_sent={person.email: outcome.answer for person, outcome in ends if outcome.state != State.SENT},
    )
