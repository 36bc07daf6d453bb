"""What a file may be about, and what its columns may mean then. No database here."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from apps.contacts.addresses import NAMESPACE_PATTERN
from apps.contacts.attributes import key_is_valid
from apps.contacts.models.dictionary import Attribute
from apps.contacts.models.imports import ImportFile
from apps.contacts.registries import Text

About = ImportFile.About
ATTR, IDENTITY, PROPERTY, COMPANY = "attr", "identity", "property", "company"
MAX_PROPERTY = 255


@dataclass(frozen=True)
class Kind:
    """
    What the rows of a file are, and the targets that its columns may have.

    `words` are the targets that stand alone, with their names, and `names` the columns that are taken for
    one; `families` are those that go on behind a colon. `needs` are targets, or families, without which a
    row says nothing.
    """

    about: ImportFile.About
    key: str  # what a row is known by, if not by another identity
    words: Mapping[str, Text]
    families: Collection[str]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needs: Collection[str] = ()
    # Targets that may be written over of what is known already, and families of such.
    overwrites: Collection[str] = ()
    subject: str = ""  # `Attribute.Subject`: whose part of the dictionary the attributes are

    def is_key(self, key: str) -> bool:
        return key == self.key or self._is_identity(key)

    def is_target(self, target: str, dictionary: Collection[str]) -> bool:
        """Test if a column may be this; `dictionary` are the attributes that are described."""
        family, _colon, rest = target.partition(":")
        if target in self.words:
            return True
        match family if family in self.families else "":
            case "attr":
                return key_is_valid(rest) and rest in dictionary
            case "identity":
                return self._is_identity(target)
            case "property":
                return property_split(target) is not None
            case "company":
                return rest == "domain" or re.fullmatch(NAMESPACE_PATTERN, rest) is not None
        return False

    def is_written_over(self, target: str, *, key: str) -> bool:
        """Test if a rule can be set for it: what names a record overwrites nothing."""
        return target != key and bool({target, target.partition(":")[0]} & {*self.overwrites})

    def missing(self, targets: Collection[str]) -> Text | None:
        """Return what no column is, though a row needs it, in words."""
        families = {target.partition(":")[0] for target in targets}
        for need in self.needs:
            if need not in targets and need not in families:
                return self.words.get(need, _("The company"))
        return None

    def _is_identity(self, target: str) -> bool:
        family, _colon, namespace = target.partition(":")
        is_name = re.fullmatch(NAMESPACE_PATTERN, namespace) is not None
        return family == IDENTITY and family in self.families and is_name and namespace != self.key


def property_split(target: str) -> tuple[str, Attribute.Type] | None:
    """Part "property:NAME:TYPE" into name and type; None if it is no such target."""
    family, _colon, rest = target.partition(":")
    name, _colon, kind = rest.rpartition(":")
    is_kept = name.strip() and len(name) <= MAX_PROPERTY and name.isprintable()
    if family != PROPERTY or not is_kept or kind not in Attribute.Type.values:
        return None
    return name, Attribute.Type(kind)


def target_bare(target: str) -> str:
    """Return what a target is without its type: two columns may not be the same."""
    return target.rpartition(":")[0] if target.startswith(f"{PROPERTY}:") else target


_EMAIL = frozenset({"email", "e_mail", "mail", "email_address", "e_mail_address", "mail_address"})
_PHONE = frozenset({"phone", "mobile", "telephone", "tel", "phone_number", "mobile_number", "mobile_phone"})
_DOMAIN = frozenset({"domain", "company_domain", "website", "web_site", "homepage", "url"})

CONTACTS = Kind(
    about=About.CONTACTS,
    key="email",
    words={"email": _("E-mail address"), "phone": _("Telephone"), "timezone": _("Time zone")},
    names={
        "email": _EMAIL,
        "phone": _PHONE,
        "timezone": frozenset({"timezone", "time_zone", "tz", "iana_timezone"}),
    },
    families=(ATTR, IDENTITY),
    overwrites=("email", "phone", "timezone", ATTR),
    subject=Attribute.Subject.CONTACT,
)
COMPANIES = Kind(
    about=About.COMPANIES,
    key="domain",
    words={"name": _("Name"), "domain": _("Domain")},
    names={
        "name": frozenset({"name", "company", "company_name", "organisation", "organization", "account"}),
        "domain": _DOMAIN,
    },
    families=(ATTR, IDENTITY),
    overwrites=("name", "domain", ATTR),
    subject=Attribute.Subject.COMPANY,
)
MEMBERS = Kind(
    about=About.MEMBERS,
    key="email",
    words={
        "email": _("E-mail address"),
        "role": _("Role"),
        "title": _("Title"),
        "since": _("Since"),
        "is_primary": _("Main company"),
    },
    names={
        "email": _EMAIL,
        "company:domain": _DOMAIN | {"company"},
        "role": frozenset({"role", "buying_role"}),
        "title": frozenset({"title", "job_title", "position"}),
        "since": frozenset({"since", "joined", "start_date"}),
        "is_primary": frozenset({"is_primary", "primary", "main_company"}),
    },
    families=(IDENTITY, COMPANY),
    needs=(COMPANY,),
    overwrites=("role", "title", "since", "is_primary"),
)
EVENTS = Kind(
    about=About.EVENTS,
    key="email",
    words={
        "email": _("E-mail address"),
        "event": _("Name of the event"),
        "occurred_at": _("When it happened"),
        "message_id": _("Message id"),
    },
    names={
        "email": _EMAIL,
        "event": frozenset({"event", "event_name", "event_type", "action"}),
        "occurred_at": frozenset(
            {"occurred_at", "timestamp", "time", "date", "datetime", "happened_at", "at", "when"}
        ),
        "message_id": frozenset({"message_id", "event_id"}),
    },
    families=(IDENTITY, PROPERTY),
    needs=("event", "occurred_at"),
)
KINDS = {kind.about: kind for kind in (CONTACTS, COMPANIES, MEMBERS, EVENTS)}


def kind_of(about: str) -> Kind:
    return KINDS[About(about)]
