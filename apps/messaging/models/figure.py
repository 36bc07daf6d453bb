from django.db import models


class DomainFigure(models.Model):
    """
    What became of one message's mails at one mailbox provider: a roll-up, made anew while it can change.

    `domain` '': all that are not among the largest, and people who were erased. Delivered is `sent` less the
    three kinds of bounces.
    """

    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="domain_figures", db_index=False
    )
    sending_domain = models.CharField(max_length=253)
    domain = models.CharField(max_length=253, blank=True)
    sent = models.PositiveIntegerField()
    hard = models.PositiveIntegerField()
    soft = models.PositiveIntegerField()
    ours = models.PositiveIntegerField()
    complained = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "domain"], name="messaging_figure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sending_domain} → {self.domain or '…'}"
