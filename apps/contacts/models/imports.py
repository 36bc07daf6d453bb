from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class ImportFileQuerySet(models.QuerySet["ImportFile"]):
    def taken(self) -> Self:
        """Imports that have taken their rows to the end, and stand."""
        return self.filter(state=ImportFile.State.DONE, is_dry_run=False)

    def claimable(self, *, at: datetime) -> Self:
        """Imports in line, and those whose worker has outlived its lease."""
        pending = Q(state=ImportFile.State.PENDING)
        return self.filter(pending | Q(state=ImportFile.State.RUNNING, leased_until__lte=at))

    def readable(self, *, at: datetime) -> Self:
        """Workbooks of which a sheet is to be read, and those whose reader has outlived its lease."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
        return self.filter(free, state=ImportFile.State.READING)

    def undoing(self, *, at: datetime) -> Self:
        """Imports that are being undone by nobody at this moment."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
        return self.filter(free, state=ImportFile.State.UNDOING)


class ImportFile(TimeStamped):
    """
    One file on its way in, of contacts or of what else it is `about`. Its counts always sum to `rows_total`
    once it has ended.

    A worker claims it by lease and goes on from `bytes_done` if another one was killed: a chunk of rows, its
    counts and its faults commit together.
    """

    class State(models.TextChoices):
        SHEET = "sheet", _("Sheet to be chosen")
        READING = "reading", _("Workbook being read")
        DRAFT = "draft", _("Columns to be mapped")
        PENDING = "pending", _("In line")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    class Mode(models.TextChoices):
        UPSERT = "upsert", _("Add new ones and update known ones")
        CREATE = "create", _("Only add new ones")
        UPDATE = "update", _("Only update known ones")

    class About(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        COMPANIES = "companies", _("Companies")
        MEMBERS = "members", _("People of companies")
        EVENTS = "events", _("Events")

    about = models.CharField(max_length=16, choices=About, default=About.CONTACTS, db_default=About.CONTACTS)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    file = models.FileField(upload_to="imports/%Y/%m/")
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField(default=0)
    sheet = models.CharField(max_length=100, blank=True)  # of the workbook that the rows come from; '' of CSV
    sheets = models.JSONField(default=list)  # of the workbook, to choose from
    # What `import_start` is to be called with once the workbook is read; {}: somebody maps the columns.
    terms = models.JSONField(default=dict)
    # How the file is to be read: found out on arrival, or said by a person.
    encoding = models.CharField(max_length=16, default="utf-8")
    delimiter = models.CharField(max_length=1, default=",")
    # The columns in order: [{"name", "samples": […], "target": guess or null, "type": guess}]
    columns = models.JSONField(default=list)
    # Column of the file → "email" | "phone" | "attr:KEY" | "identity:NAMESPACE" | null, and what else
    # `importkinds` says of a file like this.
    mapping = models.JSONField(default=dict)
    # Column of the file → "if_empty" | "never"; what another column says is always written.
    rules = models.JSONField(default=dict)
    # The one that its columns were said by, or that was saved from it: of what system the file is.
    saved_mapping = models.ForeignKey(
        "contacts.ImportMapping", null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    key = models.CharField(max_length=40, default="email")  # the target that says who a row is about
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.UPSERT)
    # {"channel", "topic", "status", "basis", "source", "wording"} for everyone in the file, or {}
    consent = models.JSONField(default=dict)
    is_dry_run = models.BooleanField(default=False)
    # Of the terms on which rows are taken: one row does the same in all imports with this one (`rowdigests`).
    fingerprint = models.CharField(max_length=64, default="", db_default="", blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    error = models.CharField(max_length=500, blank=True)  # why it failed as a whole, one sentence

    rows_total = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    invalid = models.BigIntegerField(default=0)
    suppressed = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    # Of the file as UTF-8; `bytes_done` is always the end of a row, `row_done` the number that a spreadsheet
    # gives that row (the header is 1).
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    row_done = models.BigIntegerField(default=0)
    # First rows of each outcome: {"created": [{"row": 2, "values": {…}}], …}.
    samples = models.JSONField(default=dict)

    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # What undoing it has done: {"removed", "restored", "kept": {reason: n}, "lost", "after": last key}
    undo = models.JSONField(default=dict)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    objects = ImportFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done")
                | Q(
                    rows_total=F("created")
                    + F("updated")
                    + F("unchanged")
                    + F("invalid")
                    + F("suppressed")
                    + F("duplicate")
                ),
                name="contacts_importfile_counts_sum",
            ),
        ]
        indexes = [
            # The work in hand, oldest first.
            models.Index(
                fields=["id"], condition=Q(state__in=["pending", "running"]), name="contacts_importfile_open"
            ),
            models.Index(
                fields=["fingerprint", "-id"],
                condition=~Q(fingerprint=""),
                name="contacts_importfile_alike",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Test if there may still be something to wait for."""
        open_states = (self.State.READING, self.State.PENDING, self.State.RUNNING, self.State.UNDOING)
        return self.state in open_states

    @property
    def is_resumable(self) -> bool:
        """Test if it failed on its way; a workbook that could not be read never was."""
        return self.state == self.State.FAILED and self.queued_at is not None

    @property
    def is_startable(self) -> bool:
        """Test if its columns may still be mapped: a draft, or a dry run that has ended."""
        has_ended = self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)
        return self.state == self.State.DRAFT or (self.is_dry_run and has_ended)

    @property
    def rows_in(self) -> int:
        """How many rows of the file now stand in the hub; the others were refused or left out."""
        return self.created + self.updated + self.unchanged

    @property
    def percent(self) -> int:
        """How much of the file is read, 0 to 100."""
        return 100 if self.state == self.State.DONE else 100 * self.bytes_done // max(self.bytes_total, 1)


class ImportFault(models.Model):
    """One row of a file that was not taken, with the reason. Together they are the error file."""

    import_file = models.ForeignKey(
        ImportFile, on_delete=models.CASCADE, related_name="faults", db_index=False
    )
    row = models.BigIntegerField()
    column = models.CharField(max_length=200, blank=True)  # '' is the row as a whole
    reason = models.CharField(max_length=500)
    cells = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["import_file", "row"], name="contacts_importfault_once"),
        ]

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}"


class ImportKey(models.Model):
    """
    That an import has met this contact, so that the same one further down the file is a duplicate.

    `key` is the contact's id; in a dry run, of a contact that is not made, the hash of what it would be known
    by. In imports about something else it is the number of that, or a hash (see `undoing`). Unlogged (see the
    migration): it costs no WAL, and is gone when the database stops uncleanly.

    Of what it made or changed it is kept while the import can be undone, with what that needs; and with its
    digest until a later import from the same source has one.
    """

    pk = models.CompositePrimaryKey("import_file_id", "key")
    import_file = models.ForeignKey(
        ImportFile, on_delete=models.CASCADE, related_name="keys", db_index=False, db_constraint=False
    )
    key = models.BigIntegerField()
    is_new = models.BooleanField(default=False, db_default=False)
    # Of the row that it was taken from, and of the contact as it was left, for the next import to know both.
    digest = models.BigIntegerField(null=True)
    version = models.BigIntegerField(null=True)
    # Of a contact that was known, what `apps.contacts.undoing` says of others:
    # {"at", "attributes": {key: {"was", "now"}}, "phone", "email", "names", "consent"}
    before = models.JSONField(null=True)
    kept = models.CharField(
        max_length=32, default="", db_default=""
    )  # why it was not put back, see `undoing`

    def __str__(self) -> str:
        return f"key {self.key}"
