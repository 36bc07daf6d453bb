from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class Source(TimeStamped):
    """
    A shop, site, app or system that tells what people do, and the key with which it writes.

    The key is shown once; only its digest is kept. It lets in and shows nothing: who has it can tell things,
    and read none. Events bear the source's name.
    """

    HEARD_EVERY = timedelta(minutes=1)

    name = models.CharField(_("name"), max_length=64)
    prefix = models.CharField(_("key begins with"), max_length=16)
    digest = models.CharField(max_length=64, unique=True)  # also how a call's source is found
    heard_at = models.DateTimeField(_("last heard"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]
        constraints = [
            # A name is free again once its key is revoked: a new key for the same shop.
            models.UniqueConstraint(
                Lower("name"), condition=Q(revoked_at=None), name="integrations_source_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IdentityScheme(models.Model):
    """
    What tells people apart who come in through sources: the namespace of their user ids. One row or none.

    Chosen before anything is taken, since contacts that were told apart wrongly are hard to sort out. Beside
    it an address or a visitor's id may lead to a person; that never changes.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    namespace = models.CharField(_("namespace of user ids"), max_length=32)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("chosen by"),
    )
    at = models.DateTimeField(_("chosen"))

    class Meta:
        verbose_name = _("identity scheme")
        verbose_name_plural = _("identity schemes")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="integrations_identityscheme_is_one")]

    def __str__(self) -> str:
        return self.namespace


class Tally(models.Model):
    """
    How many messages of one kind a source sent in five minutes, and how that went.

    Kept in the transaction that keeps the messages. `slot` parts writers, so that they do not wait for each
    other's commit: the count is the sum over the slots.
    """

    SLOTS = 16
    SPAN = timedelta(minutes=5)
    KEPT_FOR = timedelta(days=15)

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="tallies")
    at = models.DateTimeField()  # when the five minutes began
    call = models.CharField(max_length=16)
    outcome = models.CharField(max_length=24)  # of EventOutcome, or a Fault
    slot = models.SmallIntegerField()
    count = models.BigIntegerField()

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "at", "call", "outcome", "slot"], name="integrations_tally_once"
            ),
        ]
        indexes = [models.Index(fields=["at"], name="integrations_tally_age")]  # for clearing old ones

    def __str__(self) -> str:
        return f"tally {self.pk}"
