"""What the installation knows of itself: how it was first started, and which of its processes live."""

from django.db import models


class Installation(models.Model):
    """The one row of this installation."""

    class Demo(models.TextChoices):
        UNDECIDED = "undecided"
        LOADING = "loading"  # also what an interrupted load leaves: it is done again
        LOADED = "loaded"
        DECLINED = "declined"

    demo = models.CharField(max_length=10, choices=Demo, default=Demo.UNDECIDED)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="operations_installation_only_one"),
        ]

    def __str__(self) -> str:
        return f"installation, demo {self.demo}"


class Heartbeat(models.Model):
    """When a part of the machine last said that it lives: the scheduler, and the workers of each queue."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
