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
from apps.messaging.models.home import SendingHome
from apps.messaging.models.message import Message, MessageQuerySet, Sender
from apps.messaging.models.policy import SendingPolicy
from apps.messaging.models.provider import Provider, hook_hash
from apps.messaging.models.rates import RateLimit, RateTally, WarmUp
from apps.messaging.models.recipient import (
    HELD,
    UNFINISHED,
    WAITING,
    Recipient,
    RecipientQuerySet,
)
from apps.messaging.models.refusal import RefusalFigure
from apps.messaging.models.report import BOUNCES, DeliveryReport, Verdict
from apps.messaging.models.settlement import Settlement
from apps.messaging.models.tally import LedgerTally
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
    "LedgerTally",
    "Link",
    "Message",
    "MessageQuerySet",
    "Provider",
    "QuietHours",
    "RateLimit",
    "RateTally",
    "Recipient",
    "RecipientQuerySet",
    "RefusalFigure",
    "RuleNote",
    "Sender",
    "SendingDomain",
    "SendingHome",
    "SendingPolicy",
    "Settlement",
    "Variant",
    "Verdict",
    "WarmUp",
    "hook_hash",
    "host_normalise",
    "host_validate",
]
