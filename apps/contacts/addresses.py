"""E-mail addresses, telephone numbers and other names by which a contact is found: one way to write each."""

import hmac
import re

from django.conf import settings
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from apps.contacts.models.consent import Channel
from apps.contacts.models.contact import Identity
from apps.core.errors import DomainError

# Plain addresses in lower case; whatever else there is (IDN, quotes, oddities) goes to email-validator, which
# costs fifty times as much. `xn--` is left to it too: one address has one way to be written.
PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    re.ASCII,
)
NAMESPACE_PATTERN = r"^[a-z][a-z0-9_]{0,31}$"
_NAMESPACE = re.compile(NAMESPACE_PATTERN)
_PHONE = re.compile(r"\+?\d{6,15}", re.ASCII)
_PHONE_MARKS = str.maketrans("", "", " -./()\N{NO-BREAK SPACE}")
MAX_VALUE = 254
MAX_LOCAL = 64  # before the @


class AddressInvalid(DomainError):
    """What should name or reach a contact cannot; the message is the reason."""


def email_normalise(text: str) -> str:
    """
    Return the address as it is kept and compared: in lower case, its domain in Unicode.

    :raises AddressInvalid: not an address
    """
    address = text.strip().lower()
    if PLAIN_EMAIL.fullmatch(address):
        return address
    try:
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise AddressInvalid(_("“%(text)s” is not an e-mail address.") % {"text": _shown(text)}) from error
    tld = found.domain.rpartition(".")[2]
    too_long = len(found.local_part) > MAX_LOCAL or len(found.normalized) > MAX_VALUE
    if tld in ("", found.domain) or tld.isdigit() or too_long:
        raise AddressInvalid(_("“%(text)s” is not an e-mail address.") % {"text": _shown(text)})
    return found.normalized.lower()


def phone_normalise(text: str) -> str:
    """
    Return the number as digits, with + where the country is told.

    :raises AddressInvalid: not a telephone number
    """
    number = text.strip().translate(_PHONE_MARKS)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not _PHONE.fullmatch(number):
        raise AddressInvalid(_("“%(text)s” is not a telephone number.") % {"text": _shown(text)})
    return number


def address_normalise(channel: str, text: str) -> str:
    """
    Return the address of this channel as it is kept and compared.

    :raises AddressInvalid: not an address of this channel
    """
    return email_normalise(text) if channel == Channel.EMAIL else phone_normalise(text)


def identity_normalise(namespace: str, value: str) -> tuple[str, str]:
    """
    Return namespace and value as they are kept.

    :raises AddressInvalid: no such namespace can be, or the value cannot be kept
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise AddressInvalid(
            _("“%(text)s” is not a name for identities, such as crm.") % {"text": _shown(namespace)}
        )
    if namespace == Identity.EMAIL:
        return namespace, email_normalise(value)
    value = value.strip()
    if not value or len(value) > MAX_VALUE or not value.isprintable():
        raise AddressInvalid(_("“%(text)s” cannot name a contact.") % {"text": _shown(value)})
    return namespace, value


def domain_normalise(text: str) -> str:
    """
    Return the domain as it is kept and compared: in lower case, without protocol, `www.` and path.

    :raises AddressInvalid: not a domain
    """
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].removeprefix("www.").rstrip(".")
    try:
        return email_normalise(f"it@{host}").partition("@")[2]
    except AddressInvalid as error:
        raise AddressInvalid(
            _("“%(text)s” is not a domain, such as example.com.") % {"text": _shown(text)}
        ) from error


def address_hash(address: str) -> bytes:
    """Return what suppression keeps of an address: it survives erasure and tells nobody whose it was."""
    return hmac.digest(settings.SUPPRESSION_KEY, address.lower().encode(), "sha256")


def _shown(text: str) -> str:
    """Return the text for a sentence: short, and without what cannot be shown."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:100])
