from datetime import timedelta

from django.db import models


class Event(models.Model):
    """
    Something a contact did, kept in monthly partitions by `occurred_at` (see `partitions.py`).

    The table is made by SQL in a migration: its primary key is (occurred_at, id), which Django need not know.
    `properties` is what the source sent; `received_at` is when it was durable here.
    """

    LATE = timedelta(days=1)  # by how much it arrives after it happened to be called so
    AHEAD = timedelta(minutes=5)  # the same the other way: the sender's clock is wrong
    AT_ONCE = timedelta(minutes=1)  # two times that people need not tell apart

    id = models.BigAutoField(primary_key=True)
    # No constraint in the database: a check per event would cost more than what it finds.
    contact = models.ForeignKey(
        "contacts.Contact",
        on_delete=models.DO_NOTHING,
        related_name="events",
        db_constraint=False,
        db_index=False,
    )
    name = models.CharField(max_length=128)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    properties = models.JSONField(default=dict)
    source = models.CharField(max_length=64, blank=True)
    message_key = models.UUIDField(null=True)  # of the sender's message_id, see EventReceipt

    class Meta:
        indexes = [
            # A contact's timeline, newest first.
            models.Index(fields=["contact", "-occurred_at"], name="contacts_event_timeline"),
            # Segments ask "who did X since"; the included contact makes it an index-only scan.
            models.Index(fields=["name", "occurred_at"], include=["contact"], name="contacts_event_name"),
            # What arrived lately: conversions, the tallies, and the live page, which lists in this order.
            models.Index(fields=["received_at"], name="contacts_event_received"),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"

    @property
    def is_late(self) -> bool:
        return self.received_at - self.occurred_at > self.LATE

    @property
    def is_ahead(self) -> bool:
        return self.occurred_at - self.received_at > self.AHEAD

    @property
    def is_at_once(self) -> bool:
        """Test if it arrived when it happened, as far as people care."""
        return abs(self.received_at - self.occurred_at) <= self.AT_ONCE


class EventReceipt(models.Model):
    """
    That an event with this message id has been taken, for at least 30 days: a repeat changes nothing.

    A table of its own, because a partitioned one can only be unique together with `occurred_at`.
    """

    pk = models.CompositePrimaryKey("contact_id", "message_key")
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    message_key = models.UUIDField()  # the first half of SHA-256 of the message id
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], name="contacts_eventreceipt_age"),  # for clearing old ones
        ]

    def __str__(self) -> str:
        return f"receipt {self.message_key}"


class EventType(models.Model):
    """A name of events that has been seen, so that people can pick it instead of typing it."""

    name = models.CharField(max_length=128, unique=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    # Keys of `properties` seen, each with the JSON type last seen: {"total": "number"}.
    properties = models.JSONField(default=dict)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
