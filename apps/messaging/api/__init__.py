from apps.messaging.api.caps import FrequencyCapViewSet
from apps.messaging.api.contacts import ContactWhyViewSet
from apps.messaging.api.deliverability import DeliverabilityViewSet
from apps.messaging.api.domains import SendingDomainViewSet
from apps.messaging.api.messages import MessageViewSet
from apps.messaging.api.policy import SendingPolicyViewSet
from apps.messaging.api.providers import ProviderViewSet
from apps.messaging.api.quiet import QuietHoursViewSet
from apps.messaging.api.rates import RateLimitViewSet, WarmUpViewSet
from apps.messaging.api.reports import DeliveryReportViewSet
from apps.messaging.api.senders import SenderViewSet

__all__ = [
    "ContactWhyViewSet",
    "DeliverabilityViewSet",
    "DeliveryReportViewSet",
    "FrequencyCapViewSet",
    "MessageViewSet",
    "ProviderViewSet",
    "QuietHoursViewSet",
    "RateLimitViewSet",
    "SenderViewSet",
    "SendingDomainViewSet",
    "SendingPolicyViewSet",
    "WarmUpViewSet",
]
