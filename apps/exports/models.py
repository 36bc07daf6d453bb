from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class Kind(models.TextChoices):
    CONTACTS = "contacts", _("Contacts")
    COMPANIES = "companies", _("Companies")
    EVENTS = "events", _("Events")


class Format(models.TextChoices):
    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("Excel (XLSX)")
    PARQUET = "parquet", _("Parquet")


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def due(self, *, at: datetime) -> Self:
        return self.filter(is_active=True, next_at__lte=at)


class Schedule(TimeStamped):
    """
    An export that is made again and again, and put where another system fetches it.

    `next_at` is when the next one is due; what was missed while the system was down is made once.
    """

    class Period(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    class Destination(models.TextChoices):
        FOLDER = "folder", _("A folder of the server")
        S3 = "s3", _("S3-compatible storage")

    name = models.CharField(_("name"), max_length=100, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(_("what"), max_length=16, choices=Kind)
    format = models.CharField(_("format"), max_length=8, choices=Format)
    # As in `Export`.
    terms = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=120), default=list)
    is_sensitive = models.BooleanField(default=False)  # as in `Export`
    period = models.CharField(_("how often"), max_length=8, choices=Period, default=Period.DAILY)
    hour = models.PositiveSmallIntegerField(_("hour"), default=5, validators=[MaxValueValidator(23)])
    weekday = models.PositiveSmallIntegerField(  # 0 is Monday
        _("weekday"), default=0, validators=[MaxValueValidator(6)]
    )
    month_day = models.PositiveSmallIntegerField(  # there are 28 of them in every month
        _("day of the month"), default=1, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    destination = models.CharField(_("where to"), max_length=8, choices=Destination)
    path = models.CharField(_("folder"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    next_at = models.DateTimeField()

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hour__lte=23, weekday__lte=6, month_day__gte=1, month_day__lte=28),
                name="exports_schedule_of_the_calendar",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExportQuerySet(models.QuerySet["Export"]):
    def claimable(self, *, at: datetime) -> Self:
        """Exports in line whose hour has come, and those whose worker has outlived its lease."""
        pending = Q(state=Export.State.PENDING) & (Q(retry_at=None) | Q(retry_at__lte=at))
        due = self.filter(pending | Q(state=Export.State.RUNNING, leased_until__lte=at))
        # What is new begins where the file before ends: it waits until that is there, or never will be.
        before = Export.objects.filter(
            schedule=OuterRef("schedule"), due_at__lt=OuterRef("due_at"), state__in=Export.OPEN
        )
        return due.exclude(Exists(before), terms__has_key="new")

    def running(self) -> Self:
        return self.filter(state=Export.State.RUNNING)

    def spent(self, *, at: datetime) -> Self:
        """Exports whose file has been kept long enough."""
        return self.filter(expires_at__lte=at).exclude(file_name="")


class Export(TimeStamped):
    """
    One file of contacts, companies or events on its way out.

    A worker claims it by lease, writes a file of a name of its own, and gives that name to the row together
    with the last state: until then there is no file, and one that a killed worker left half is never the
    row's. Whoever takes over begins anew.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("In line")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.PENDING, State.RUNNING)

    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    schedule = models.ForeignKey(
        Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="exports"
    )
    due_at = models.DateTimeField(null=True, blank=True)  # by the schedule
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind)
    format = models.CharField(max_length=8, choices=Format)
    # Which rows: {"segment": 3} or {"filter": {…}} (see `asks`), or those of events; {} is all.
    terms = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=120), default=list)
    # Of the columns, as the dictionary was when it was started: who may have the file.
    is_sensitive = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    error = models.CharField(max_length=500, blank=True)  # why it failed, or has to be tried again

    rows_total = models.BigIntegerField(null=True, blank=True)  # None: not counted
    rows_done = models.BigIntegerField(default=0)
    file_name = models.CharField(max_length=200, blank=True)  # in the folder of exports; '': no file
    file_size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    delivered_to = models.CharField(max_length=500, blank=True)  # of a schedule: where it lies

    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="exports_export_once_for_its_hour"),
            models.CheckConstraint(
                condition=Q(file_name="") | Q(state="done", expires_at__isnull=False),
                name="exports_export_offers_whole_files",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_token__isnull=False, leased_until__isnull=False),
                name="exports_export_runs_under_a_lease",
            ),
        ]
        indexes = [
            # The work in hand, oldest first.
            models.Index(fields=["id"], condition=Q(state__in=["pending", "running"]), name="exports_open"),
            # What is to be deleted next.
            models.Index(fields=["expires_at"], condition=~Q(file_name=""), name="exports_kept"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Test if there may still be something to wait for."""
        return self.state in (self.State.PENDING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How much is written, 0 to 100; 0 too while nobody knows how much there is."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0

    @property
    def download_name(self) -> str:
        """What the file is called where it is saved."""
        return f"{self.kind}-{self.created_at:%Y-%m-%d}-{self.pk}.{self.format}"
