from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped

KEY_PATTERN = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"


def all_uses() -> list[str]:
    return [str(use) for use in Attribute.Use]


class AttributeQuerySet(models.QuerySet["Attribute"]):
    def unsettled(self, *, at: datetime) -> Self:
        """Entries whose index or values are not yet as the entry says; not what failed a moment ago."""
        wanted = Q(is_indexed=True, index_built_at__isnull=True)
        unwanted = Q(is_indexed=False, index_built_at__isnull=False)
        found = self.filter(wanted | unwanted | Q(removed_at__isnull=False))
        return found.exclude(index_due_at__gt=at, removed_at__isnull=True)

    def of(self, subject: str) -> Self:
        """Entries about contacts, or about companies."""
        return self.filter(applies_to=subject)

    def written(self) -> Self:
        """Entries whose values people, files and programs write; those of the others come from a rule."""
        return self.filter(is_computed=False)

    def by_key(self, keys: Collection[str]) -> dict[str, "Attribute"]:
        """Return these entries by their keys, which only tell them apart among those of one subject."""
        return {entry.key: entry for entry in self.filter(key__in=keys)} if keys else {}


class CurrentAttributes(models.Manager.from_queryset(AttributeQuerySet)):  # type: ignore[misc]  # made at run time
    """The dictionary without what is being taken away; of one subject, where one is given."""

    def __init__(self, subject: str = "") -> None:
        super().__init__()
        self.subject = subject

    def get_queryset(self) -> AttributeQuerySet:
        queryset: AttributeQuerySet = super().get_queryset().filter(removed_at__isnull=True)
        return queryset.of(self.subject) if self.subject else queryset


class Subject(models.TextChoices):
    """What an entry of the dictionary is about."""

    CONTACT = "contact", _("Contacts")
    COMPANY = "company", _("Companies")


class Attribute(TimeStamped):
    """One entry of the data dictionary: what a key of `Contact.attributes` or `Company.attributes` means."""

    Subject = Subject

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        BOOLEAN = "boolean", _("Yes or no")
        DATE = "date", _("Date")
        DATETIME = "datetime", _("Date and time")
        CHOICE = "choice", _("One of a list")
        LIST = "list", _("Several of a list")

    class Use(models.TextChoices):
        TARGETING = "targeting", _("Targeting")
        CONTENT = "content", _("Content")
        INSIGHT = "insight", _("Insight")

    class Sensitivity(models.TextChoices):
        NORMAL = "normal", _("Normal")
        PERSONAL = "personal", _("Personal")
        SENSITIVE = "sensitive", _("Sensitive")

    applies_to = models.CharField(
        _("about"), max_length=8, choices=Subject, default=Subject.CONTACT, db_default=Subject.CONTACT
    )
    key = models.CharField(
        _("system name"),
        max_length=63,
        validators=[
            RegexValidator(KEY_PATTERN, _("Lower-case words joined by underscores, such as last_order."))
        ],
    )
    label = models.CharField(_("business name"), max_length=100)
    type = models.CharField(_("type"), max_length=16, choices=Type)
    definition = models.TextField(_("definition"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    source = models.CharField(_("source system"), max_length=100, blank=True)
    sensitivity = models.CharField(
        _("sensitivity"), max_length=16, choices=Sensitivity, default=Sensitivity.NORMAL
    )
    uses = ArrayField(models.CharField(max_length=16, choices=Use), default=all_uses, verbose_name=_("uses"))
    choices = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, verbose_name=_("choices")
    )
    is_indexed = models.BooleanField(_("indexed"), default=False)
    index_built_at = models.DateTimeField(null=True, blank=True)  # None: no index yet, or it is to be dropped
    # Why the index could not be built, and when that is tried again; empty if nothing went wrong.
    index_fault = models.CharField(max_length=300, blank=True, db_default="")
    index_due_at = models.DateTimeField(null=True, blank=True)
    # Its type was changed then, and its values with it: for a while such as were under way are looked for.
    retyped_at = models.DateTimeField(null=True, blank=True)
    # Taken away: hidden at once, gone when a worker has stripped its values from all contacts.
    removed_at = models.DateTimeField(null=True, blank=True)
    # False: the key arrived by API before anybody described it; kept, and flagged until adopted.
    is_defined = models.BooleanField(default=True)
    # A definition upstairs keeps the values, yes or no, by its rule: no form, file or program writes them.
    is_computed = models.BooleanField(default=False, db_default=False)

    current = CurrentAttributes()
    # What everybody means who speaks of attributes without saying of what.
    objects = CurrentAttributes(Subject.CONTACT)
    of_companies = CurrentAttributes(Subject.COMPANY)
    all_objects = AttributeQuerySet.as_manager()

    class Meta:
        constraints = [
            # A company and a contact may both have a country.
            models.UniqueConstraint(fields=["applies_to", "key"], name="contacts_attribute_once"),
            # What a rule says of somebody is yes or no, and rules are about contacts.
            models.CheckConstraint(
                condition=Q(is_computed=False) | Q(type="boolean", applies_to="contact"),
                name="contacts_attribute_computed_is_yes_or_no",
            ),
        ]
        ordering = ["label"]
        base_manager_name = "all_objects"

    def __str__(self) -> str:
        return self.label

    @property
    def uses_labels(self) -> list[str]:
        return [str(self.Use(use).label) for use in self.uses]
