from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse

from apps.core.secrets import SecretLost, unseal
from apps.messaging.models import Provider


def providers(*, search: str = "") -> QuerySet[Provider]:
    """Return providers with `sender_count`."""
    found = Provider.objects.annotate(
        sender_count=Count("senders", distinct=True) + Count("sms_senders", distinct=True)
    )
    return found.filter(name__icontains=search) if search else found


def provider_hook_url(provider: Provider) -> str:
    """Return the address that the provider is to call; '' where its secret cannot be read any more."""
    try:
        secret = unseal(provider.hook_secret)
    except SecretLost:
        return ""
    return f"{settings.BASE_URL}{reverse('messaging:hook', args=[provider.kind, secret])}"
