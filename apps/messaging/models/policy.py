from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class SendingPolicyQuerySet(models.QuerySet["SendingPolicy"]):
    def current(self) -> "SendingPolicy":
        """Return the one row, or what holds as long as nobody has changed anything."""
        return self.filter(pk=1).first() or SendingPolicy(pk=1)


class SendingPolicy(TimeStamped):
    """
    What holds for every message of this installation: who never gets any, and where people are taken to be.

    The control group is drawn from the contacts' numbers and the seed, so the same people are in it for
    every message, and nothing is kept with them. A larger percentage keeps everyone who was in it.
    """

    CONTROL_MAX = 50

    control_percent = models.PositiveSmallIntegerField(
        _("control group, in percent"), default=0, validators=[MaxValueValidator(CONTROL_MAX)]
    )
    control_seed = models.PositiveIntegerField(
        _("seed"), default=1, validators=[MaxValueValidator(2**31 - 1)]
    )
    # Where contacts are taken to be of whom no zone is known.
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")

    objects = SendingPolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="messaging_sendingpolicy_only_one"),
            models.CheckConstraint(
                condition=Q(control_percent__lte=50), name="messaging_sendingpolicy_control_is_a_part"
            ),
        ]

    def __str__(self) -> str:
        return f"sending policy, control group {self.control_percent} %"
