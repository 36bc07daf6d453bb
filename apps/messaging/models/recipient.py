from datetime import datetime
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Exclusion

# States of a recipient: under a lease, and not yet at an end.
HELD = ["leased", "sending"]
# Waiting for something that is not a worker: their hour, the winner of an experiment.
WAITING = ["awaiting", "planned", "queued"]
UNFINISHED = [*WAITING, *HELD]


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def planned(self) -> Self:
        return self.filter(state=Recipient.State.PLANNED)

    def waiting(self, *, at: datetime) -> Self:
        """Rows whose turn it was by then, and that no worker has in hand; their message is not paused."""
        free = [Recipient.State.PLANNED, Recipient.State.QUEUED]
        return self.filter(state__in=free, due_at__lte=at, message__state="running")

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def abandoned(self, *, at: datetime) -> Self:
        """Rows whose worker has not come back in time."""
        return self.filter(state__in=HELD, leased_until__lt=at)


class Recipient(models.Model):
    """
    One contact of one message: the ledger row, made at launch and never deleted.

    planned → queued → leased → sending → sent | failed | unknown; excluded and skipped have a `reason`;
    cancelled and expired never left. Awaiting comes before all that: it gets whatever wins an experiment. A
    row in `sending` is past the point of no return: if its worker dies, nobody can know, and it becomes
    `unknown`. It is never sent again on a guess.
    """

    class State(models.TextChoices):
        AWAITING = "awaiting", _("Waits for the winner")
        PLANNED = "planned", _("Planned")
        QUEUED = "queued", _("In line")
        LEASED = "leased", _("Taken by a worker")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown")
        EXCLUDED = "excluded", _("Excluded at launch")
        SKIPPED = "skipped", _("Skipped at the last moment")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    # No indexes of their own: `messaging_recipient_state` begins with the message, the unique key with the
    # contact. Every step of a send writes to every index of the row, so there are as few as can be.
    message = models.ForeignKey(
        "messaging.Message", on_delete=models.PROTECT, related_name="recipients", db_index=False
    )
    # PROTECT: erasing a person empties the contact's row and this address, and the sums still hold.
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.PROTECT, related_name="recipients", db_index=False
    )
    occurrence = models.PositiveIntegerField(default=0, db_default=0)  # an automation may send it again
    address = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=16, choices=State)
    reason = models.CharField(max_length=16, choices=Exclusion, blank=True, db_default="")
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # The limit of its domain that it was put aside for: `planned`, until there is room.
    waits_for = models.ForeignKey(
        "messaging.RateLimit", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    # Our Message-ID without brackets, written with the point of no return: it settles `unknown` later.
    mail_id = models.CharField(max_length=300, blank=True, db_default="")
    # Failed in a way that may pass (4xx): "retry failed" takes these; a 5xx is final.
    is_retryable = models.BooleanField(default=False, db_default=False)
    answer = models.CharField(max_length=500, blank=True, db_default="", help_text=_("What the server said."))
    finished_at = models.DateTimeField(null=True, blank=True)
    # Which variant of an experiment it gets; null: none yet. `is_sample`: drawn to compare them.
    variant = models.SmallIntegerField(null=True, blank=True)
    is_sample = models.BooleanField(default=False, db_default=False)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "message", "occurrence"], name="messaging_recipient_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["excluded", "skipped"]) ^ Q(reason=""),
                name="messaging_recipient_left_out_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=HELD) | Q(lease_token__isnull=False, leased_until__isnull=False),
                name="messaging_recipient_held_under_a_lease",
            ),
        ]
        indexes = [
            # What is next in line, what is unfinished, what is held; the list filtered by state.
            models.Index(fields=["message", "state", "id"], name="messaging_recipient_state"),
            # Whom a window of a segment slides past. A few pages in all, for rows end in the order of time.
            BrinIndex(fields=["finished_at"], autosummarize=True, name="messaging_recipient_finished"),
            # Partial: beside a billion finished rows it stays as small as what waits for its hour.
            models.Index(
                fields=["due_at"],
                condition=Q(state="planned", waits_for__isnull=True),
                name="messaging_recipient_hour",
            ),
            # Who was put aside for a limit, by message: empty where no domain has one.
            models.Index(
                fields=["waits_for", "message", "id"],
                condition=Q(state="planned", waits_for__isnull=False),
                name="messaging_recipient_aside",
            ),
            # What an experiment compares. Rows of other messages are not in it, and cost nothing.
            models.Index(
                fields=["message", "variant"],
                condition=Q(is_sample=True),
                name="messaging_recipient_sample",
            ),
        ]

    def __str__(self) -> str:
        return f"recipient {self.pk}: {self.state}"
