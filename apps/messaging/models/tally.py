from django.db import models


class LedgerTally(models.Model):
    """
    What was counted of a message's ledger, where counting it takes too long for a page.

    All of it is of one moment, `counted_at`, so the states sum to the audience then. Messages that are small
    have none: theirs are counted as they are looked at. `facts`: see `selectors.standing`.
    """

    message = models.OneToOneField(
        "messaging.Message", primary_key=True, on_delete=models.CASCADE, related_name="tally"
    )
    facts = models.JSONField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tally of message {self.message_id}"
