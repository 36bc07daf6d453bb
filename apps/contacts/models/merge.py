from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.contacts.models.contact import Contact


class ContactMergeQuerySet(models.QuerySet["ContactMerge"]):
    def standing(self) -> Self:
        """Merges that have not been undone."""
        return self.filter(undone_at__isnull=True)


class ContactMerge(models.Model):
    """
    That one contact was found to be another one, and everything that its undoing needs.

    `contact` is kept, `gone` is the row that is hidden from then on: it keeps its own address and attributes
    as they were, so nothing personal is repeated here. `filled` names what was blank on the kept contact and
    came from the other: "email", "attributes.city". `moved` holds per kind of row (see `moves`) the keys of
    the rows that changed hands, and what else that kind needs to give them back.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges", db_index=False)
    gone = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    filled = models.JSONField(default=list)
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ContactMergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(contact=models.F("gone")), name="contacts_merge_of_two"),
        ]
        indexes = [
            # What the profile tells: whom this contact was merged from.
            models.Index(fields=["contact", "-at"], name="contacts_merge_history"),
            # Where a contact went. Merges of the last minutes are swept once more, by time.
            models.Index(fields=["gone"], name="contacts_merge_gone"),
            models.Index(fields=["at"], condition=Q(undone_at=None), name="contacts_merge_recent"),
        ]

    def __str__(self) -> str:
        return f"merge {self.pk}"
