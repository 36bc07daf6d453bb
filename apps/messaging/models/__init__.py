from apps.messaging.models.caps import CapTally, FrequencyCap, QuietHours, RuleNote
from apps.messaging.models.domain import SendingDomain, host_normalise, host_validate
from apps.messaging.models.experiment import (
    LETTERS,
    VARIANTS_MOST,
    Experiment,
    ExperimentQuerySet,
    Variant,
)
from apps.messaging.models.figure import DomainFigure
from apps.messaging.models.message import Message, MessageQuerySet, Sender
from apps.messaging.models.policy import SendingPolicy
from apps.messaging.models.recipient import (
    HELD,
    UNFINISHED,
    WAITING,
    Recipient,
    RecipientQuerySet,
)
from apps.messaging.models.report import BOUNCES, DeliveryReport, Verdict
from apps.messaging.models.tracking import DeliveryEvent, Link

__all__ = [
    "BOUNCES",
    "HELD",
    "LETTERS",
    "UNFINISHED",
    "VARIANTS_MOST",
    "WAITING",
    "CapTally",
    "DeliveryEvent",
    "DeliveryReport",
    "DomainFigure",
    "Experiment",
    "ExperimentQuerySet",
    "FrequencyCap",
    "Link",
    "Message",
    "MessageQuerySet",
    "QuietHours",
    "Recipient",
    "RecipientQuerySet",
    "RuleNote",
    "Sender",
    "SendingDomain",
    "SendingPolicy",
    "Variant",
    "Verdict",
    "host_normalise",
    "host_validate",
]
