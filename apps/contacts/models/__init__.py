from apps.contacts.models.company import (
    Company,
    CompanyIdentity,
    CompanyMember,
    CompanyMemberQuerySet,
    Role,
)
from apps.contacts.models.confirmation import Confirmation
from apps.contacts.models.consent import Channel, Consent, ConsentEvent, ConsentStatus, Suppression
from apps.contacts.models.contact import Contact, ContactQuerySet, Exclusion, Identity
from apps.contacts.models.dictionary import Attribute
from apps.contacts.models.erasure import Erasure
from apps.contacts.models.event import Event, EventReceipt, EventType
from apps.contacts.models.eventschema import (
    EventSample,
    EventSchema,
    EventSchemaVersion,
    EventTally,
    EventViolation,
    HeldEvent,
)
from apps.contacts.models.importmapping import ImportMapping
from apps.contacts.models.imports import ImportFault, ImportFile, ImportFileQuerySet, ImportKey
from apps.contacts.models.merge import ContactMerge
from apps.contacts.models.quality import (
    Leased,
    QualityFinding,
    QualityMend,
    QualityMendRow,
    QualityPair,
    QualityResult,
    QualityRule,
    QualityScan,
)
from apps.contacts.models.system import System, SystemLink
from apps.contacts.models.topic import Topic

__all__ = [
    "Attribute",
    "Channel",
    "Company",
    "CompanyIdentity",
    "CompanyMember",
    "CompanyMemberQuerySet",
    "Confirmation",
    "Consent",
    "ConsentEvent",
    "ConsentStatus",
    "Contact",
    "ContactMerge",
    "ContactQuerySet",
    "Erasure",
    "Event",
    "EventReceipt",
    "EventSample",
    "EventSchema",
    "EventSchemaVersion",
    "EventTally",
    "EventType",
    "EventViolation",
    "Exclusion",
    "HeldEvent",
    "Identity",
    "ImportFault",
    "ImportFile",
    "ImportFileQuerySet",
    "ImportKey",
    "ImportMapping",
    "Leased",
    "QualityFinding",
    "QualityMend",
    "QualityMendRow",
    "QualityPair",
    "QualityResult",
    "QualityRule",
    "QualityScan",
    "Role",
    "Suppression",
    "System",
    "SystemLink",
    "Topic",
]
