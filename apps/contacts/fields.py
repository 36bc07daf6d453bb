"""What is given about one contact or company, checked field by field. No database here."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.contacts import attributes as keys
from apps.contacts.addresses import (
    AddressInvalid,
    domain_normalise,
    email_normalise,
    identity_normalise,
    phone_normalise,
)
from apps.contacts.models import Attribute, Identity
from apps.contacts.values import AttributeInvalid, Value, type_of, value_check
from apps.contacts.zones import zone_is_known
from apps.core.texts import is_one_line

Name = tuple[str, str]
MAX_NAME = 200  # of a company


class _Fields:
    """What contacts and companies have in common: names and attributes."""

    subject: str

    def __init__(self, dictionary: Mapping[str, Attribute]) -> None:
        self._dictionary = dictionary
        self.errors: dict[str, str] = {}
        self.names: list[Name] = []
        self.values: dict[str, Value | None] = {}
        self.unknown: dict[str, str] = {}

    def _identities(self, identities: Sequence[Name]) -> None:
        for namespace, value in identities:
            try:
                name = identity_normalise(namespace, value)
            except AddressInvalid as error:
                self.errors["identities"] = str(error)
            else:
                if name not in self.names:
                    self.names.append(name)

    def _attributes(self, attributes: Mapping[str, object]) -> None:
        for key, raw in attributes.items():
            entry = self._dictionary.get(key)
            try:
                if entry is None:
                    self._unknown(key, raw)
                else:
                    self.values[key] = _known(entry, raw)
            except AttributeInvalid as error:
                self.errors[f"attributes.{key}"] = str(error)

    def _unknown(self, key: str, raw: object) -> None:
        """Keep what nobody has described yet, of the type that it shows."""
        if not keys.key_is_valid(key):
            raise AttributeInvalid(
                _("“%(key)s” is not a system name; “%(better)s” would be.")
                % {"key": key[:63], "better": keys.key_suggest(key)}
            )
        if keys.key_is_built_in(key, self.subject):
            raise AttributeInvalid(_("“%(key)s” is a field of its own, and no attribute.") % {"key": key})
        kind = type_of(raw)
        value = value_check(kind, raw)
        if value is not None:
            self.unknown[key] = kind
            self.values[key] = value

    def _settle(self) -> None:
        if self.errors:
            raise ValidationError({field: [reason] for field, reason in self.errors.items()})


class ContactFields(_Fields):
    """
    What was given, as it will be kept; `unknown` are keys that the dictionary lacks, with their types.

    `dictionary` are the entries of the keys given, those that are being taken away too.

    :raises ValidationError: by field
    """

    subject = Attribute.Subject.CONTACT

    def __init__(
        self,
        *,
        email: str,
        phone: str,
        identities: Sequence[Name],
        attributes: Mapping[str, object],
        dictionary: Mapping[str, Attribute],
        timezone: str = "",
    ) -> None:
        super().__init__(dictionary)
        self.email = self.phone = ""
        self._addresses(email, phone)
        self.timezone = timezone.strip()
        if self.timezone and not zone_is_known(self.timezone):
            self.errors["timezone"] = _("There is no such time zone.")
        self._identities(identities)
        self._attributes(attributes)
        self._settle()

    def _addresses(self, email: str, phone: str) -> None:
        try:
            if email.strip():
                self.email = email_normalise(email)
                self.names.append((Identity.EMAIL, self.email))
        except AddressInvalid as error:
            self.errors["email"] = str(error)
        try:
            self.phone = phone_normalise(phone) if phone.strip() else ""
        except AddressInvalid as error:
            self.errors["phone"] = str(error)


class CompanyFields(_Fields):
    """
    What was given about a company, in the same way; None is what was not given.

    :raises ValidationError: by field
    """

    subject = Attribute.Subject.COMPANY

    def __init__(
        self,
        *,
        name: str | None,
        domain: str | None,
        identities: Sequence[Name],
        attributes: Mapping[str, object],
        dictionary: Mapping[str, Attribute],
    ) -> None:
        super().__init__(dictionary)
        self.name = None if name is None else self._name(name)
        self.domain = None if domain is None else self._domain(domain)
        self._identities(identities)
        if any(namespace == "domain" for namespace, _value in self.names):
            self.errors["identities"] = _("A domain has a field of its own.")
        self._attributes(attributes)
        self._settle()

    def _name(self, text: str) -> str:
        name = " ".join(text.split())
        if not name:
            self.errors["name"] = _("A company needs a name.")
        elif len(name) > MAX_NAME or not is_one_line(name):
            self.errors["name"] = _("A name of at most %(n)s letters, please.") % {"n": MAX_NAME}
        return name

    def _domain(self, text: str) -> str:
        try:
            return domain_normalise(text) if text.strip() else ""
        except AddressInvalid as error:
            self.errors["domain"] = str(error)
            return ""


def _known(entry: Attribute, raw: object) -> Value | None:
    if entry.removed_at is not None:
        raise AttributeInvalid(_("This attribute is just being taken away. Try again in a minute."))
    if entry.is_computed:
        raise AttributeInvalid(
            _("“%(label)s” is computed by its definition, and never written.") % {"label": entry.label}
        )
    return value_check(entry.type, raw, choices=entry.choices)
