from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.version import Versioned


class Element(models.TextChoices):
    """What a campaign is made of, as far as both art and science have something to say about it."""

    AUDIENCE = "audience", _("Audience")
    PERSONA = "persona", _("Persona")
    IDEA = "idea", _("Idea")
    CONTENT = "content", _("Content")
    CHANNEL = "channel", _("Channel")
    METRIC = "metric", _("Metric")
    TIMING = "timing", _("Timing")


# Those that have a marketing and a data owner; when something happens is said by the plan.
OWNED = [element for element in Element if element != Element.TIMING]
OWNED_CHOICES = [(element.value, element.label) for element in OWNED]


class ElementOwner(Versioned):
    """Art and science: who answers for one element of a campaign, from marketing and from data."""

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="element_owners"
    )
    element = models.CharField(_("element"), max_length=16, choices=OWNED_CHOICES)
    marketing_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("marketing owner"),
    )
    data_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("data owner"),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "element"], name="campaigns_elementowner_once"),
        ]

    def __str__(self) -> str:
        return str(self.get_element_display())

    @property
    def is_one_sided(self) -> bool:
        return (self.marketing_owner_id is None) != (self.data_owner_id is None)
