from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.contacts.models.contact import Contact


class Erasure(models.Model):
    """
    That a person was erased: the log that is applied again after a backup has been restored.

    `names` are HMACs of what the person was known by. They tell nobody who it was, and they tell whether the
    contact that a restored database has under this number is the same person.
    """

    contact = models.ForeignKey(Contact, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    merged = ArrayField(models.BigIntegerField(), default=list)  # the contacts that were merged into it
    names = ArrayField(models.CharField(max_length=64), default=list)
    # In the log file, which outlives the database.
    logged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Erasures of the last hour are done once more, and those not yet in the file are written there.
            models.Index(fields=["at"], name="contacts_erasure_at"),
            models.Index(fields=["id"], condition=models.Q(logged_at=None), name="contacts_erasure_unlogged"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
