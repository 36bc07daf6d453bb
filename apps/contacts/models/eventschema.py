from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.event import EventType
from apps.core.models import TimeStamped


class EventSchema(TimeStamped):
    """
    What people have said of a name of events: what it means, which fields it has, what becomes of others.

    A table beside `EventType`, which every batch of events reads. `fields` are those of the latest version,
    as `eventfields.Field` writes them; version 0 is none yet.
    """

    class Mode(models.TextChoices):
        OFF = "off", _("Not checked")
        WARN = "warn", _("Kept and counted")
        QUARANTINE = "quarantine", _("Kept apart")

    event_type = models.OneToOneField(EventType, on_delete=models.CASCADE, related_name="schema")
    label = models.CharField(_("business name"), max_length=100, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    mode = models.CharField(_("events that do not fit"), max_length=16, choices=Mode, default=Mode.OFF)
    fields = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("event schema")
        verbose_name_plural = _("event schemas")

    def __str__(self) -> str:
        return self.label or f"schema {self.pk}"


class EventSchemaVersion(models.Model):
    """One version of a schema, as it was enforced from `at` on."""

    schema = models.ForeignKey(EventSchema, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    mode = models.CharField(max_length=16, choices=EventSchema.Mode)
    fields = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("version of an event schema")
        verbose_name_plural = _("versions of event schemas")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["schema", "number"], name="contacts_eventschemaversion_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of schema {self.schema_id}"


class EventViolation(models.Model):
    """
    How many events of a name did not fit in one field and way on one day (UTC).

    Kept in the transaction that keeps the events. `slot` parts writers, so that they do not wait for each
    other's commit: the count is the sum over the slots.
    """

    SLOTS = 16
    KEPT_FOR = timedelta(days=90)

    # No constraint in the database, here and below: it would lock the name's row with each event.
    event_type = models.ForeignKey(
        EventType, on_delete=models.CASCADE, related_name="violations", db_constraint=False, db_index=False
    )
    date = models.DateField()
    field = models.CharField(max_length=255)
    reason = models.CharField(max_length=16)  # of `eventfields.Reason`
    slot = models.SmallIntegerField()
    count = models.BigIntegerField()

    class Meta:
        verbose_name = _("violation")
        verbose_name_plural = _("violations")
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "date", "field", "reason", "slot"], name="contacts_eventviolation_once"
            ),
        ]
        indexes = [models.Index(fields=["date"], name="contacts_eventviolation_age")]  # for clearing old ones

    def __str__(self) -> str:
        return f"violation {self.pk}"


class EventSample(models.Model):
    """
    One event that did not fit and was kept: where to find it, not what it says. Few, and for days only.

    The contact of an event may change by a merge; then the sample moves along.
    """

    KEPT_FOR = timedelta(days=7)
    PER_DAY = 5  # of one field and reason

    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    event_type = models.ForeignKey(
        EventType, on_delete=models.CASCADE, related_name="samples", db_constraint=False, db_index=False
    )
    field = models.CharField(max_length=255)
    reason = models.CharField(max_length=16)
    occurred_at = models.DateTimeField()
    message_key = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("sample of a violation")
        verbose_name_plural = _("samples of violations")
        indexes = [
            # How many there are already, asked before one more is written, and the page of the name.
            models.Index(
                fields=["event_type", "field", "reason", "at"], name="contacts_eventsample_of_field"
            ),
            models.Index(fields=["at"], name="contacts_eventsample_age"),  # for clearing old ones
        ]

    def __str__(self) -> str:
        return f"sample {self.pk}"


class HeldEvent(models.Model):
    """
    An event in quarantine: taken, under its message id, but no event of its contact until it is released.

    `faults` are pairs of field and reason.
    """

    KEPT_FOR = timedelta(days=30)

    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    event_type = models.ForeignKey(
        EventType, on_delete=models.PROTECT, related_name="held", db_constraint=False, db_index=False
    )
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    properties = models.JSONField(default=dict)
    source = models.CharField(max_length=64, blank=True)
    message_key = models.UUIDField()
    faults = models.JSONField(default=list)

    class Meta:
        verbose_name = _("event in quarantine")
        verbose_name_plural = _("events in quarantine")
        indexes = [
            models.Index(fields=["event_type", "id"], name="contacts_heldevent_in_order"),  # released so
            models.Index(fields=["received_at"], name="contacts_heldevent_age"),  # for clearing old ones
        ]

    def __str__(self) -> str:
        return f"held event {self.pk}"


class EventTally(models.Model):
    """
    How many events of a name a source sent in five minutes, counted from the events by a worker.

    `late` happened more than a day before they arrived, `ahead` after that by our clock.
    """

    SPAN = timedelta(minutes=5)
    KEPT_FOR = timedelta(days=8)

    at = models.DateTimeField()  # when the five minutes began
    name = models.CharField(max_length=128)
    source = models.CharField(max_length=64, blank=True)
    count = models.BigIntegerField()
    late = models.BigIntegerField()
    ahead = models.BigIntegerField()

    class Meta:
        verbose_name = _("tally of events")
        verbose_name_plural = _("tallies of events")
        constraints = [
            # Name first: the page of a name reads all of it.
            models.UniqueConstraint(fields=["name", "at", "source"], name="contacts_eventtally_once"),
        ]
        indexes = [models.Index(fields=["at"], name="contacts_eventtally_at")]  # counted on from the last

    def __str__(self) -> str:
        return f"tally {self.pk}"
