from django.db import models


class RefusalFigure(models.Model):
    """
    Mails of one message that one mailbox provider has refused while they were handed over, by what it said.

    A roll-up beside `DomainFigure`, made anew with it: a mail that was tried again and taken is not in it.
    `domain` '': all that are not among the most frequent. Samples are the server's words, without addresses.
    """

    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="refusal_figures", db_index=False
    )
    sending_domain = models.CharField(max_length=253)
    domain = models.CharField(max_length=253, blank=True)
    code = models.CharField(max_length=16)  # such as "550 5.1.1", or "451"
    count = models.PositiveIntegerField()
    sample = models.CharField(max_length=500)
    other_sample = models.CharField(max_length=500)  # the same where the server said nothing else

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "domain", "code"], name="messaging_refusal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sending_domain} → {self.domain or '…'}: {self.code}"
