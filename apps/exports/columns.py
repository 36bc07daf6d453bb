"""
What an export can hold, column by column, and how each is called.

Columns of contacts have the names that an import's mapping knows them by (`email`, `attr:country`,
`identity:crm`), so that a file that comes back finds its way by itself; those of companies too. What only
describes stands behind `consent:`, `contact:` and `company:`, which no import of them takes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import selectors as contacts
from apps.contacts.models import Attribute, Channel, CompanyIdentity, Identity, Topic
from apps.core.errors import DomainError
from apps.exports.models import Kind

Type = Attribute.Type
Text = str | Promise


class ColumnsInvalid(DomainError):
    """These columns cannot be exported; the message says which."""

    field = "columns"


@dataclass(frozen=True)
class Column:
    """One column: what it is asked by, what people call it, and what its values are."""

    name: str
    label: Text
    type: Type = Type.TEXT
    is_sensitive: bool = False
    taken: Collection[str] = ("email", "phone")  # fields: an attribute of this name is called in full

    @property
    def head(self) -> str:
        """What stands above the column: an attribute's system name alone, as people know it."""
        kind, _colon, key = self.name.partition(":")
        return key if kind == "attr" and key not in self.taken else self.name


OF_CONTACTS = (
    Column("email", gettext_lazy("E-mail address")),
    Column("phone", gettext_lazy("Telephone")),
)
ABOUT_CONTACTS = (
    Column("contact:suppressed", gettext_lazy("Suppressed for e-mail"), Type.BOOLEAN),
    Column("contact:timezone", gettext_lazy("Time zone")),
    Column("contact:identities", gettext_lazy("All identities"), Type.LIST),
    Column("contact:id", gettext_lazy("Number of the contact"), Type.NUMBER),
    Column("contact:created_at", gettext_lazy("Added"), Type.DATETIME),
    Column("contact:updated_at", gettext_lazy("Changed"), Type.DATETIME),
)
OF_COMPANIES = (
    Column("name", gettext_lazy("Name")),
    Column("domain", gettext_lazy("Domain")),
)
ABOUT_COMPANIES = (
    Column("company:people", gettext_lazy("How many people"), Type.NUMBER),
    Column("company:id", gettext_lazy("Number of the company"), Type.NUMBER),
    Column("company:created_at", gettext_lazy("Added"), Type.DATETIME),
    Column("company:updated_at", gettext_lazy("Changed"), Type.DATETIME),
)
OF_EVENTS = (
    Column("event", gettext_lazy("Event")),
    Column("occurred_at", gettext_lazy("When it happened"), Type.DATETIME),
    Column("received_at", gettext_lazy("When it arrived"), Type.DATETIME),
    Column("email", gettext_lazy("E-mail address of the contact")),
    Column("contact:id", gettext_lazy("Number of the contact"), Type.NUMBER),
    Column("source", gettext_lazy("Source")),
    Column("properties", gettext_lazy("Properties, as JSON")),
    Column("event:id", gettext_lazy("Number of the event"), Type.NUMBER),
)


def columns_known(kind: str) -> list[Column]:
    """Return every column that there is; three queries for contacts, two for companies, none for events."""
    match Kind(kind):
        case Kind.EVENTS:
            return list(OF_EVENTS)
        case Kind.COMPANIES:
            named = _identities(CompanyIdentity)
            described = _attributes(Attribute.Subject.COMPANY, taken=("name", "domain"))
            return [*OF_COMPANIES, *named, *described, *ABOUT_COMPANIES]
    described = _attributes(Attribute.Subject.CONTACT, taken=("email", "phone"))
    return [*OF_CONTACTS, *_identities(Identity), *described, *_consents(), *ABOUT_CONTACTS]


def _identities(model: type[Identity | CompanyIdentity]) -> Iterable[Column]:
    for namespace in contacts.namespaces_known(model):
        if namespace != Identity.EMAIL:
            yield Column(f"identity:{namespace}", _("Identity: %(name)s") % {"name": namespace})


def _attributes(subject: str, *, taken: Collection[str]) -> Iterable[Column]:
    for entry in Attribute.current.of(subject):
        is_sensitive = entry.sensitivity == Attribute.Sensitivity.SENSITIVE
        yield Column(f"attr:{entry.key}", entry.label, Type(entry.type), is_sensitive, taken)


def _consents() -> Iterable[Column]:
    for channel in Channel:
        yield Column(f"consent:{channel}", _("Consent: %(channel)s") % {"channel": channel.label})
    for topic in Topic.objects.all():
        for channel in map(Channel, topic.channels):
            yield Column(
                f"consent:{channel}:{topic.key}",
                _("Consent: %(channel)s, %(topic)s") % {"channel": channel.label, "topic": topic.name},
            )


def columns_default(known: Sequence[Column]) -> list[str]:
    """Return what is exported where nobody has chosen: everything that is not sensitive."""
    return [column.name for column in known if not column.is_sensitive]


def columns_read(names: Sequence[str], known: Sequence[Column]) -> list[Column]:
    """
    Return the columns of these names, in this order.

    :raises ColumnsInvalid: none, one twice, or one that there is not
    """
    if not names:
        raise ColumnsInvalid(_("Choose at least one column."))
    if len(set(names)) < len(names):
        raise ColumnsInvalid(_("A column can stand in a file once only."))
    by_name = {column.name: column for column in known}
    lost = [name for name in names if name not in by_name]
    if lost:
        raise ColumnsInvalid(_("There is no column “%(name)s”.") % {"name": lost[0][:100]})
    return [by_name[name] for name in names]
