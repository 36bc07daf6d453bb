from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.imports import ImportFile
from apps.core.models import TimeStamped


class ImportMappingQuerySet(models.QuerySet["ImportMapping"]):
    def fitting(self, names: Sequence[str], *, about: str) -> Self:
        """Mappings of which every column stands in a file with these, which is about the same."""
        return self.filter(columns__contained_by=list(names), about=about)


class ImportMapping(TimeStamped):
    """
    What the columns of a kind of file mean, kept under a name for the next file of that kind.

    Not what people agreed to: that is proven anew for each file.
    """

    name = models.CharField(_("name"), max_length=100)
    about = models.CharField(
        max_length=16,
        choices=ImportFile.About,
        default=ImportFile.About.CONTACTS,
        db_default=ImportFile.About.CONTACTS,
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    columns = ArrayField(
        models.CharField(max_length=200)
    )  # those that mean something, as `mapping` names them
    # As in `ImportFile`, without the columns that are left out.
    mapping = models.JSONField()
    rules = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=40)
    mode = models.CharField(max_length=8, choices=ImportFile.Mode, default=ImportFile.Mode.UPSERT)

    objects = ImportMappingQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="contacts_importmapping_name",
                violation_error_message=_("There is a mapping of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
