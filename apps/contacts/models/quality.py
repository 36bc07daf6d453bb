from datetime import datetime
from typing import Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.contact import Contact
from apps.core.models import TimeStamped


class QualityRule(TimeStamped):
    """What people have changed about a rule of `contacts.quality`; a rule without a row is as it comes."""

    key = models.CharField(max_length=32, unique=True)
    is_on = models.BooleanField(default=True)
    weight = models.PositiveSmallIntegerField()
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.key


_Row = TypeVar("_Row", bound="Leased")


class LeasedQuerySet(models.QuerySet[_Row]):
    def open(self) -> Self:
        """Work that is in line or in hand."""
        return self.filter(state__in=self.model.OPEN)

    def claimable(self, *, at: datetime) -> Self:
        """Work in line, and work whose worker has outlived its lease."""
        return self.open().filter(Q(leased_until=None) | Q(leased_until__lte=at))


class Leased(TimeStamped):
    """
    Long work on many contacts, in the order of their numbers, by one worker at a time.

    What was done and `position`, the last contact of it, commit together: whoever comes next goes on there.
    """

    OPEN: tuple[str, ...] = ()  # the states in which there is something to do

    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    position = models.BigIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class QualityScanQuerySet(LeasedQuerySet["QualityScan"]):
    pass


class QualityScan(Leased):
    """
    One look at all contacts by the rules that were on.

    First come the contacts themselves, stretch by stretch, then `step` counts the questions that compare them
    with each other. `rules` are those that were on, with weight and settings.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("In line")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.PENDING, State.RUNNING)

    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    asked_at = models.DateTimeField()  # “now” to all its questions, however long it takes
    rules = models.JSONField(default=dict)
    last = models.BigIntegerField(default=0)  # the highest contact when it began
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    checked = models.BigIntegerField(default=0)  # contacts
    faultless = models.BigIntegerField(null=True)  # of them, without any finding
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)  # 0 to 100, see quality.score

    objects = QualityScanQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-finished_at"], condition=Q(state="done"), name="contacts_scan_done"),
        ]

    def __str__(self) -> str:
        return f"scan {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100; the questions that compare are taken for a third of the work."""
        if self.state == self.State.DONE:
            return 100
        chunks = min(self.position, self.last) / self.last if self.last else 1.0
        return int(66 * chunks + (33 * self.step / self.steps if self.steps else 33 * chunks))


class QualityResult(models.Model):
    """What one scan found by one rule: `found` contacts. It stays as history; `mended` counts since."""

    scan = models.ForeignKey(QualityScan, on_delete=models.CASCADE, related_name="results")
    rule = models.CharField(max_length=32)
    found = models.BigIntegerField()
    mended = models.BigIntegerField(default=0)
    score = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scan", "rule"], name="contacts_qualityresult_once")]

    def __str__(self) -> str:
        return f"{self.rule} of scan {self.scan_id}"


class QualityFindingQuerySet(models.QuerySet["QualityFinding"]):
    def standing(self) -> Self:
        """
        Of contacts who are still there.

        Each is asked for by its number, never joined: PostgreSQL merges the two by contact, and for a page of
        findings walks all contacts in front of the first one found.
        """
        there = Contact.objects.filter(pk=OuterRef("contact")).values(there=Q(erased_at__isnull=True))
        return self.alias(is_there=Subquery(there, output_field=models.BooleanField())).filter(is_there=True)


class QualityFinding(models.Model):
    """
    That a rule has found something about a contact, never what: the value is on the contact alone.

    `detail` says where or which way: the key of an attribute, or a word of the rule. Findings of the last
    scan that ended are kept.
    """

    # No constraints in the database: a check per row would cost more than finding it did.
    scan = models.ForeignKey(
        QualityScan,
        on_delete=models.DO_NOTHING,
        related_name="findings",
        db_constraint=False,
        db_index=False,
    )
    rule = models.CharField(max_length=32)
    detail = models.CharField(max_length=63, blank=True)
    contact = models.ForeignKey(
        Contact, on_delete=models.DO_NOTHING, related_name="quality_findings", db_constraint=False
    )

    objects = QualityFindingQuerySet.as_manager()

    class Meta:
        constraints = [
            # In this order it serves the list of one rule too, by contact.
            models.UniqueConstraint(
                fields=["scan", "rule", "contact", "detail"], name="contacts_finding_once"
            ),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"


class QualityPairQuerySet(models.QuerySet["QualityPair"]):
    def waiting(self) -> Self:
        """Suggestions that nobody has decided about, and whose two contacts are both there."""
        return self.filter(
            state=QualityPair.State.OPEN, contact__erased_at__isnull=True, other__erased_at__isnull=True
        )


class QualityPair(models.Model):
    """Two contacts that may be one person, `contact` of the lower number. Nothing merges by itself."""

    class State(models.TextChoices):
        OPEN = "open", _("To be looked at")
        DISMISSED = "dismissed", _("Two people")

    class Reason(models.TextChoices):
        MAILBOX = "mailbox", _("The same address, spelt differently")
        PHONE_NAME = "phone_name", _("Same name and telephone number")
        NAME_BIRTH = "name_birth", _("Same name and day of birth")
        NAME_PLACE = "name_place", _("Same name and city")
        NAME_ALIKE = "name_alike", _("Names that sound alike, same day of birth, city or domain")
        LOCAL_ALIKE = "local_alike", _("The same address at another provider")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason)
    likeness = models.PositiveSmallIntegerField()  # percent
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    scan = models.ForeignKey(QualityScan, null=True, on_delete=models.SET_NULL, related_name="+")  # last seen
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = QualityPairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "other"], name="contacts_pair_once"),
            models.CheckConstraint(condition=Q(contact__lt=models.F("other")), name="contacts_pair_in_order"),
        ]
        indexes = [
            # The queue, the most alike first.
            models.Index(fields=["-likeness", "-id"], condition=Q(state="open"), name="contacts_pair_queue"),
        ]

    def __str__(self) -> str:
        return f"pair {self.pk}"


class QualityMendQuerySet(LeasedQuerySet["QualityMend"]):
    pass


class QualityMend(Leased):
    """
    One act that mends what a rule has found, for all contacts at once, and can be undone for a month.

    `keys` are the attributes that it may touch; none: it suppresses addresses.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("In line")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")

    OPEN = (State.PENDING, State.RUNNING, State.UNDOING)

    scan = models.ForeignKey(QualityScan, on_delete=models.CASCADE, related_name="mends")
    rule = models.CharField(max_length=32)
    act = models.CharField(max_length=32)
    detail = models.CharField(max_length=63, blank=True)
    keys = ArrayField(models.CharField(max_length=63), default=list)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    changed = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)  # changed since, or not to be mended so
    given_back = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)  # by the undoing, since they were changed after the mend
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = QualityMendQuerySet.as_manager()

    def __str__(self) -> str:
        return f"mend {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class QualityMendRow(models.Model):
    """What one contact had before a mend, and has since: what the undoing needs, forgotten after a month."""

    pk = models.CompositePrimaryKey("mend_id", "contact_id")
    mend = models.ForeignKey(QualityMend, on_delete=models.CASCADE, related_name="rows", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"contact {self.contact_id} in mend {self.mend_id}"
