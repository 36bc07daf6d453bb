from apps.messaging.models.caps import CapTally, FrequencyCap, QuietHours, RuleNote
from apps.messaging.models.domain import SendingDomain, host_normalise, host_validate
from apps.messaging.models.figure import DomainFigure
from apps.messaging.models.message import Message, MessageQuerySet, Sender
from apps.messaging.models.policy import SendingPolicy
from apps.messaging.models.provider import Provider, hook_hash
from apps.messaging.models.recipient import HELD, UNFINISHED, Recipient, RecipientQuerySet
from apps.messaging.models.report import BOUNCES, DeliveryReport, Verdict
from apps.messaging.models.tracking import DeliveryEvent, Link

__all__ = [
    "BOUNCES",
    "HELD",
    "UNFINISHED",
    "CapTally",
    "DeliveryEvent",
    "DeliveryReport",
    "DomainFigure",
    "FrequencyCap",
    "Link",
    "Message",
    "MessageQuerySet",
    "Provider",
    "QuietHours",
    "Recipient",
    "RecipientQuerySet",
    "RuleNote",
    "Sender",
    "SendingDomain",
    "SendingPolicy",
    "Verdict",
    "hook_hash",
    "host_normalise",
    "host_validate",
]
