import hashlib
import json
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import secrets
from apps.core.models import TimeStamped


class ProviderQuerySet(models.QuerySet["Provider"]):
    def called(self, kind: str, secret: str) -> Self:
        """The provider whose address for calls has this secret: looked up by hash, so nothing is compared."""
        return self.filter(kind=kind, hook_hash=hook_hash(secret))


class Provider(TimeStamped):
    """
    An account with somebody who carries messages: which way, its settings, and its credentials, sealed.

    Senders name one; without, they send through the mail server of EMAIL_URL.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=32)  # the key of a way, see `apps.messaging.channels`
    settings = models.JSONField(default=dict)
    credentials = models.TextField()  # JSON of the secrets by key, sealed
    # What stands in the address that the provider calls: sealed, because somebody has to copy it there.
    hook_secret = models.TextField()
    hook_hash = models.BinaryField(max_length=32, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)
    # What the provider said when somebody last asked if the connection stands.
    checked_at = models.DateTimeField(null=True, blank=True)
    # It asked a worker to wait until then, and all of them do.
    waits_until = models.DateTimeField(null=True, blank=True)
    check_fault = models.CharField(max_length=500, blank=True)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def setting(self, key: str) -> str:
        return str(self.settings.get(key, ""))

    def secret(self, key: str) -> str:
        """
        Return one of the credentials; '' where it was not given.

        :raises SecretLost: they were sealed with a SECRET_KEY that is gone
        """
        told: dict[str, str] = json.loads(secrets.unseal(self.credentials))
        return told.get(key, "")


def hook_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
