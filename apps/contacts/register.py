"""What contacts tell the rooms below. Called from `AppConfig.ready`."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.collaboration.kinds import Kind, kinds
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts import feeds, held, moved, search, services
from apps.contacts.models import (
    Attribute,
    Company,
    Contact,
    EventType,
    ImportFile,
    ImportMapping,
    QualityMend,
    QualityPair,
    QualityRule,
    QualityScan,
    Suppression,
    System,
    Topic,
)
from apps.core.home import Step, steps
from apps.core.navigation import Room, rooms, searches
from apps.operations.backups import restored

ACTS = {
    "contact.created": _("added the contact"),
    "contact.changed": _("changed the contact"),
    "contact.merged": _("merged two contacts"),
    "contact.unmerged": _("took two merged contacts apart"),
    "contact.exported": _("handed over what is known of the contact"),
    "contact.erased": _("erased the contact"),
    "contacts.upserted": _("sent contacts over the API"),
    "company.created": _("added the company"),
    "company.changed": _("changed the company"),
    "company.deleted": _("deleted the company"),
    "company.joined": _("put a person into the company"),
    "company.member_changed": _("changed what somebody is at the company"),
    "company.left": _("took a person out of the company"),
    "companies.upserted": _("sent companies over the API"),
    "consent.subscribed": _("wrote a consent down"),
    "consent.pending": _("asked for a consent"),
    "consent.unsubscribed": _("wrote a refusal down"),
    "suppression.added": _("suppressed an address"),
    "suppression.lifted": _("lifted a suppression"),
    "suppressions.imported": _("suppressed a list of addresses"),
    "eventtype.described": _("said what the event means"),
    "eventtype.released": _("released events from quarantine"),
    "eventtype.discarded": _("discarded events in quarantine"),
    "eventtype.deleted": _("took the event out of the catalogue"),
    "eventschema.changed": _("changed the schema of the event"),
    "topic.created": _("added the topic"),
    "topic.changed": _("changed the topic"),
    "topic.deleted": _("deleted the topic"),
    "attribute.created": _("described a new attribute"),
    "attribute.changed": _("changed the attribute"),
    "attribute.index_again": _("had the index built anew for the attribute"),
    "attribute.deleted": _("took the attribute away"),
    "import.started": _("started the import"),
    "import.resumed": _("went on with the import"),
    "import.cancelled": _("stopped the import"),
    "import.done": _("the import has ended"),
    "import.failed": _("the import failed"),
    "quality.rule_changed": _("changed a rule of quality"),
    "quality.scan_started": _("had the data looked at"),
    "quality.scan_cancelled": _("stopped the look at the data"),
    "quality.scan_failed": _("the look at the data failed"),
    "quality.scanned": _("the data was looked at"),
    "quality.mend_started": _("started to mend what a rule had found"),
    "quality.mended": _("mended what a rule had found"),
    "quality.mend_undo_started": _("took a mend back"),
    "quality.mend_undone": _("the mend was taken back"),
    "quality.mend_failed": _("the mend failed"),
    "quality.pair_dismissed": _("said that two contacts are two people"),
    "quality.pair_reopened": _("took back that two contacts are two people"),
    "system.created": _("put the system into the register"),
    "system.changed": _("changed the system"),
    "system.deleted": _("took the system out of the register"),
    "system.linked": _("linked the system to what it sends or gets"),
    "system.unlinked": _("took a link of the system away"),
    "import.undo": _("began to undo the import"),
    "import.undone": _("the import is undone"),
    "import_mapping.created": _("saved the mapping of columns"),
    "import_mapping.renamed": _("renamed the mapping of columns"),
    "import_mapping.deleted": _("deleted the mapping of columns"),
}


def _restored(now: datetime) -> str:
    """Erase again whoever was erased after the backup was made."""
    try:
        with settings.ERASURE_LOG.open("rb") as lines:
            done = services.erasures_reapply(lines=lines, by=None, now=now)
    except FileNotFoundError:
        told = gettext("No log of erasures is at %(path)s: bring it, and run `erase_contact --reapply`.")
        return told % {"path": settings.ERASURE_LOG}
    told = ngettext("%(n)s person was erased again.", "%(n)s people were erased again.", done)
    return told % {"n": done}


def register() -> None:
    restored.register("contacts", _restored)
    moved.register()
    held.register()
    feeds.register()
    _rooms()
    _subjects()
    actions.update(ACTS)
    kinds.register("import", Kind(_("Imports"), _("A file that is in, could not be read, or is undone.")))
    searches.register("contacts", search.contacts)
    searches.register("companies", search.companies)
    searches.register("attributes", search.attributes)
    searches.register("systems", search.systems)
    steps.register(
        "contacts",
        Step(
            _("Bring your contacts in"),
            _("A CSV file of customers or subscribers; you see first what would happen."),
            "contacts:import-create",
            "contacts.add_import",
            Contact.objects.all,
            "table-import",
            10,
        ),
    )


def _rooms() -> None:
    rooms.register(
        "contacts", Room(_("Contacts"), "contacts:list", "users", "audience", "contacts.view_contact", 10)
    )
    rooms.register(
        "companies",
        Room(_("Companies"), "contacts:company-list", "building", "audience", "contacts.view_company", 20),
    )
    rooms.register(
        "dictionary",
        Room(_("Dictionary"), "contacts:attribute-list", "book-2", "data", "contacts.view_attribute", 10),
    )
    rooms.register(
        "imports",
        Room(_("Imports"), "contacts:import-list", "table-import", "data", "contacts.view_import", 20),
    )
    rooms.register(
        "events", Room(_("Events"), "contacts:event-list", "activity", "data", "contacts.view_event", 30)
    )
    rooms.register(
        "quality",
        Room(_("Quality"), "contacts:quality", "microscope", "data", "contacts.view_quality", 35),
    )
    rooms.register(
        "systems",
        Room(_("Systems"), "contacts:system-list", "server", "data", "contacts.view_system", 45),
    )
    rooms.register(
        "topics", Room(_("Topics"), "contacts:topic-list", "tags", "data", "contacts.view_topic", 40)
    )
    rooms.register(
        "suppressions",
        Room(
            _("Suppressions"),
            "contacts:suppression-list",
            "ban",
            "data",
            "contacts.view_suppression",
            50,
        ),
    )


# What has a history of its own: model, who may read it, its page, and what that page is called by.
SUBJECTS: list[tuple[type[Model], str, str, str]] = [
    (Attribute, "contacts.view_attribute", "contacts:attribute-detail", "pk"),
    (EventType, "contacts.view_eventtype", "contacts:event-type-detail", "pk"),
    (Contact, "contacts.view_contact", "contacts:detail", "pk"),
    (Company, "contacts.view_company", "contacts:company-detail", "pk"),
    (ImportFile, "contacts.view_import", "contacts:import-detail", "pk"),
    (QualityMend, "contacts.view_quality", "contacts:quality-mend", "pk"),
    (QualityScan, "contacts.view_quality", "contacts:quality", ""),
    (QualityRule, "contacts.view_quality", "contacts:quality-rule", "key"),
    (QualityPair, "contacts.view_contact", "contacts:pair-list", ""),
    (ImportMapping, "contacts.view_importmapping", "contacts:import-mapping-edit", "pk"),
    (System, "contacts.view_system", "contacts:system-detail", "pk"),
    (Topic, "contacts.view_topic", "contacts:topic-edit", "pk"),
    (Suppression, "contacts.view_suppression", "contacts:suppression-detail", "pk"),
]


def _subjects() -> None:
    for model, permission, page, key in SUBJECTS:
        subjects.register(
            model._meta.label_lower,
            Subject(model=model, view_permission=permission, url=partial(_page_of, page, key)),
        )


def _page_of(page: str, key: str, subject: Model) -> str:
    return reverse(page, args=[getattr(subject, key)] if key else [])
