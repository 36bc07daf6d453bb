from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """
    That a person subscribes to the campaigns from another calendar.

    Its address is signed and has the `key` in it: another key, and the old address opens nothing any more.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("whose")
    )
    key = models.UUIDField(default=uuid4, editable=False)
    # Which campaigns: those that a saved view of the list finds; without one, those whose team one is on.
    view = models.ForeignKey(
        "collaboration.SavedView",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("campaigns of the view"),
    )
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return f"feed {self.pk}"
