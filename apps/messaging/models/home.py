from django.conf import settings
from django.db import models
from django.db.models import Q


class SendingHome(models.Model):
    """
    The one database that may send: the one row of it, written by the first that did.

    A copy of the database holds this row too, and is another database: it sends nothing until somebody says
    that it is the one now. `database` is what PostgreSQL calls itself and the database, see `homes`.
    """

    database = models.CharField(max_length=64)
    since = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    # When administrators were told that nobody sends; null: it goes, or nobody has been told yet.
    stuck_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="messaging_sendinghome_only_one")]

    def __str__(self) -> str:
        return f"sends from {self.database}"
