from django.conf import settings
from django.db import models


class Mention(models.Model):
    """That a comment names someone, who was told."""

    comment = models.ForeignKey("collaboration.Comment", on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="collaboration_mention_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in comment {self.comment_id}"
