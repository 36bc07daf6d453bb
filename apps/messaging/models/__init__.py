from apps.messaging.models.domain import SendingDomain, host_normalise, host_validate
from apps.messaging.models.figure import DomainFigure
from apps.messaging.models.message import Message, MessageQuerySet, Sender
from apps.messaging.models.recipient import HELD, UNFINISHED, Recipient, RecipientQuerySet
from apps.messaging.models.report import BOUNCES, DeliveryReport, Verdict
from apps.messaging.models.tracking import DeliveryEvent, Link

__all__ = [
    "BOUNCES",
    "HELD",
    "UNFINISHED",
    "DeliveryEvent",
    "DeliveryReport",
    "DomainFigure",
    "Link",
    "Message",
    "MessageQuerySet",
    "Recipient",
    "RecipientQuerySet",
    "Sender",
    "SendingDomain",
    "Verdict",
    "host_normalise",
    "host_validate",
]
