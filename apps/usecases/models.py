from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class UseCase(TimeStamped):
    """
    Something that the data is wanted for: why, from which data, by what it is delivered, in which report.

    `status` is what its owner says of it; how far it really is follows from its parts (see `selectors`).
    """

    class Priority(models.TextChoices):
        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")

    class Status(models.TextChoices):
        IDEA = "idea", _("Idea")
        BUILDING = "building", _("Being built")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        RETIRED = "retired", _("Retired")

    name = models.CharField(_("name"), max_length=120)
    outcome = models.TextField(_("desired outcome"), blank=True, max_length=2_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    priority = models.CharField(_("priority"), max_length=8, choices=Priority, default=Priority.MEDIUM)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.IDEA)

    class Meta:
        verbose_name = _("use case")
        verbose_name_plural = _("use cases")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="usecases_usecase_name_once",
                violation_error_message=_("There is a use case of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Part(models.Model):
    """
    One thing that a step of a use case rests on. Its `kind` (see `kinds`) says how it is named.

    By `object_id`, where it is a thing of a higher or lower room; by `key`, where it may be named before it
    is there: an attribute, or a name of events. A page elsewhere has a `key` as its label, and a `url`.
    """

    class Step(models.TextChoices):
        DATA = "data", _("Data")
        DELIVERY = "delivery", _("Delivery")
        REPORT = "report", _("Report")

    use_case = models.ForeignKey(UseCase, on_delete=models.CASCADE, related_name="parts", db_index=False)
    step = models.CharField(max_length=16, choices=Step)
    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=128, blank=True)
    url = models.URLField(max_length=500, blank=True)
    # Of an attribute: from what share of contacts or companies on there is enough of it.
    enough_percent = models.PositiveSmallIntegerField(
        default=50, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("part of a use case")
        verbose_name_plural = _("parts of use cases")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["use_case", "step", "kind", "object_id", "key", "url"],
                nulls_distinct=False,
                name="usecases_part_once",
            ),
            models.CheckConstraint(
                condition=Q(enough_percent__gte=1, enough_percent__lte=100), name="usecases_part_percent"
            ),
        ]
        indexes = [
            # Asked before an attribute or event is taken away, and before a segment is.
            models.Index(fields=["kind", "object_id", "key"], name="usecases_part_of"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key or self.object_id or ''} of use case {self.use_case_id}"
