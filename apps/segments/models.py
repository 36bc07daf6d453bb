from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Attribute
from apps.core.models import TimeStamped


class SegmentQuerySet(models.QuerySet["Segment"]):
    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def due(self, *, at: datetime) -> Self:
        """Segments whose stored members are to be found anew: edited ones first, then the longest waiting."""
        found = self.active().filter(Q(is_stale=True) | Q(refresh_due_at__lte=at))
        return found.order_by("-is_stale", "-is_behind", "refresh_due_at", "pk")

    def unfollowed(self) -> Self:
        """Segments of which everybody is still to be asked: edited since, or too much has changed at once."""
        return self.active().filter(Q(is_stale=True) | Q(is_behind=True))

    def timed_due(self, *, at: datetime) -> Self:
        """Segments of which somebody may be moved by time alone, and has not been looked for since."""
        return self.active().filter(is_stale=False, time_due_at__lte=at).order_by("time_due_at", "pk")


class DefinitionQuerySet(models.QuerySet["Definition"]):
    def due(self, *, at: datetime) -> Self:
        """Definitions whose answers are to be found anew: changed ones first, then the longest waiting."""
        found = self.filter(Q(is_stale=True) | Q(due_at__lte=at))
        return found.order_by("-is_stale", "due_at", "pk")


class DefinitionVersionQuerySet(models.QuerySet["DefinitionVersion"]):
    def living(self) -> Self:
        """Versions that say who is meant, or may soon."""
        return self.filter(state__in=["in_force", "proposed"])


class Segment(TimeStamped):
    """
    The contacts that a rule holds for. `rule` is the JSON of the published grammar (see `rules`).

    Membership is stored in `SegmentMember`, follows what changes of people (`SegmentChange`) and of time, and
    was found whole at `refreshed_at`. A send always asks the rule itself.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    rule = models.JSONField(_("rule"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    size = models.BigIntegerField(null=True, blank=True)  # stored members, once they were found
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_took = models.DurationField(null=True, blank=True)
    is_stale = models.BooleanField(default=True)  # the rule was edited since
    # So many people have changed that everybody is to be asked; until then, none of them is looked at.
    is_behind = models.BooleanField(default=False, db_default=False)
    # When everybody is to be asked again; the longer that takes, the later.
    refresh_due_at = models.DateTimeField(null=True, blank=True)
    # Up to when time alone was followed, and when that is due again; the latter None: time moves nobody.
    timed_at = models.DateTimeField(null=True, blank=True)
    time_due_at = models.DateTimeField(null=True, blank=True)
    # Kinds of conditions that its rule has from other rooms, itself or through others, as of `refreshed_at`:
    # triggers there note nothing that nobody asks about.
    watches = ArrayField(models.CharField(max_length=32), default=list, blank=True, db_default=[])
    # Why the last refresh was not possible, such as an attribute that is gone; empty if it was.
    fault = models.CharField(max_length=500, blank=True, db_default="")
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [
            # The list, latest change first.
            models.Index(fields=["-updated_at", "-id"], name="segments_segment_updated"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """
    That a contact is in a segment, since when.

    Millions are written at a time: no key of its own, and no checks of foreign keys, which would take ten
    times as long as the rows. Whoever deletes a contact or a segment through Django deletes its members.
    """

    pk = models.CompositePrimaryKey("segment_id", "contact_id")
    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="members", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="segment_members", db_constraint=False
    )
    since_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"contact {self.contact_id} in segment {self.segment_id}"


class SegmentChange(models.Model):
    """
    That people have changed in a way that segments may depend on; to be looked at, and then gone.

    Triggers write these in the transaction of the change, whoever makes it: one row for a statement and a
    topic (see `rules.needs`), with the contacts concerned; None is too many to name. With a `segment_id` it
    is owed by this segment alone, whatever the topic.
    """

    SIZE = "size"  # the topic of members that went away otherwise, with an erased person: to be counted

    at = models.DateTimeField()
    topics = ArrayField(models.TextField())
    contacts = ArrayField(models.BigIntegerField(), null=True)
    segment_id = models.BigIntegerField(null=True)  # no constraint: it may be deleted meanwhile

    def __str__(self) -> str:
        return f"change {self.pk}"


class SegmentSize(models.Model):
    """How many members a segment had at the end of a day, and who came and went; the history chart."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="sizes", db_index=False)
    at = models.DateTimeField()  # of the last change of the day
    size = models.BigIntegerField()
    entered = models.BigIntegerField(default=0, db_default=0)
    left = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [models.Index(fields=["segment", "-at"], name="segments_size_history")]

    def __str__(self) -> str:
        return f"{self.size} at {self.at}"


class ContactList(TimeStamped):
    """Contacts put together by hand: pasted, or frozen from a segment. No rule changes it."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    frozen_from = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    size = models.BigIntegerField(default=0)  # kept by the services that add and remove

    class Meta:
        ordering = ["name"]
        indexes = [
            # The page of lists, latest change first.
            models.Index(fields=["-updated_at", "-id"], name="segments_list_updated"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactListMember(models.Model):
    """That a contact is on a list. Without checks of foreign keys, as for `SegmentMember`."""

    pk = models.CompositePrimaryKey("contact_list_id", "contact_id")
    contact_list = models.ForeignKey(
        ContactList, on_delete=models.CASCADE, related_name="members", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="list_members", db_constraint=False
    )
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"contact {self.contact_id} on list {self.contact_list_id}"


class Definition(TimeStamped):
    """
    What is computed of every contact by a rule, such as “active customer”: yes or no.

    Name, meaning and uses stand in the dictionary, the answers in `Contact.attributes`, as of `computed_at`.
    """

    attribute = models.OneToOneField(Attribute, on_delete=models.PROTECT, related_name="computed_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    size = models.BigIntegerField(null=True, blank=True)  # for how many it said yes, as of `computed_at`
    computed_at = models.DateTimeField(null=True, blank=True)
    is_stale = models.BooleanField(default=False)  # another rule came into force, or somebody asked
    due_at = models.DateTimeField(null=True, blank=True)  # None: nothing is in force yet
    # Why the last computation was not possible, such as an attribute that is gone; empty if it was.
    fault = models.CharField(max_length=500, blank=True, db_default="")

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        indexes = [
            # The list, latest change first.
            models.Index(fields=["-updated_at", "-id"], name="segments_definition_updated"),
        ]

    def __str__(self) -> str:
        return f"definition {self.pk}"

    @property
    def name(self) -> str:
        return self.attribute.label


class DefinitionVersion(models.Model):
    """One rule that a definition has, had, or is to have. Nothing of it changes but what became of it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waits for approval")
        IN_FORCE = "in_force", _("In force")
        REPLACED = "replaced", _("Replaced")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    definition = models.ForeignKey(
        Definition, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    rule = models.JSONField(_("rule"))
    thresholds = models.JSONField(default=list)  # [{"name": "Days", "path": "all[0].within"}, …]
    reason = models.CharField(_("reason"), max_length=1_000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    # What it would have changed when it was proposed: {"before", "after", "enter", "leave"}; empty if that
    # took too long to count.
    effect = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=1_000, blank=True)  # what was said with the decision
    ended_at = models.DateTimeField(null=True, blank=True)  # when another one took its place

    objects = DefinitionVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="segments_version_number"),
            models.UniqueConstraint(
                fields=["definition"], condition=Q(state="in_force"), name="segments_version_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["definition"], condition=Q(state="proposed"), name="segments_version_one_proposed"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="segments_version_decided",
            ),
            # Whoever proposes does not approve; where one of the two is deleted, that is not known any more.
            models.CheckConstraint(
                condition=~Q(state__in=["in_force", "replaced"])
                | Q(by=None)
                | Q(decided_by=None)
                | ~Q(by=models.F("decided_by")),
                name="segments_version_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of definition {self.definition_id}"
