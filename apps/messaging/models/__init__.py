from apps.messaging.models.caps import CapTally, FrequencyCap, QuietHours, RuleNote
from apps.messaging.models.message import Message, MessageQuerySet, Sender
from apps.messaging.models.policy import SendingPolicy
from apps.messaging.models.recipient import HELD, UNFINISHED, Recipient, RecipientQuerySet
from apps.messaging.models.tracking import DeliveryEvent, Link

__all__ = [
    "HELD",
    "UNFINISHED",
    "CapTally",
    "DeliveryEvent",
    "FrequencyCap",
    "Link",
    "Message",
    "MessageQuerySet",
    "QuietHours",
    "Recipient",
    "RecipientQuerySet",
    "RuleNote",
    "Sender",
    "SendingPolicy",
]
