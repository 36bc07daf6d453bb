"""Addresses as mail carries them, and which of them mail can come from. Pure."""

import re
from typing import NamedTuple

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What nearly all addresses are: nothing in them could mean anything else on the wire.
PLAIN = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


class AddressNotUsable(ValueError):
    """No mail server would take this address."""


class Address(NamedTuple):
    """An address as SMTP wants it: the domain in A-labels."""

    text: str
    needs_utf8: bool

    @property
    def domain(self) -> str:
        return self.text.rpartition("@")[2]


def address_make(written: str) -> Address:
    """
    Return an address for the envelope and the header.

    :raises AddressNotUsable: it would end up as something else on the wire
    """
    if PLAIN.fullmatch(written):
        return Address(written, needs_utf8=False)
    local, at, domain = written.rpartition("@")
    if not (local and at and domain) or CONTROL.search(written) or re.search(r"[\s<>,;]", written):
        raise AddressNotUsable(written)
    if written.isascii():
        return Address(written, needs_utf8=False)
    try:
        domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise AddressNotUsable(written) from error
    return Address(f"{local}@{domain}", needs_utf8=not local.isascii())


def own_address(written: str) -> Address:
    """
    Return an address of ours, that mail comes from or is answered to: all in ASCII, as most servers want it.

    :raises AddressNotUsable: it would end up as something else on the wire, or needs SMTPUTF8
    """
    address = address_make(written)
    if address.needs_utf8:
        raise AddressNotUsable(written)
    return address


def own_address_validate(written: str) -> None:
    """
    Refuse what mail cannot come from.

    :raises ValidationError: it is no such address
    """
    try:
        own_address(written)
    except AddressNotUsable as fault:
        raise ValidationError(_("Mail servers would not take this address.")) from fault
