from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class System(TimeStamped):
    """
    A system outside that holds customer data: what it holds, whose it is, and how often it is in step.

    What links it to its source, imports or exports stands in `SystemLink`; then they say when it was last in
    step, and `synced_at` counts for nothing. Attributes name their system by its name.
    """

    class Kind(models.TextChoices):
        CRM = "crm", _("CRM")
        SHOP = "shop", _("Shop")
        SITE = "site", _("Website")
        APP = "app", _("App")
        ERP = "erp", _("ERP and billing")
        SUPPORT = "support", _("Support desk")
        SENDING = "sending", _("E-mail or SMS platform")
        ADS = "ads", _("Ad network")
        WAREHOUSE = "warehouse", _("Data warehouse or BI")
        FILE = "file", _("Spreadsheet or file")
        OTHER = "other", _("Other")

    class Direction(models.TextChoices):
        IN = "in", _("Into Bookend")
        OUT = "out", _("Out of Bookend")
        BOTH = "both", _("Both ways")

    class Cadence(models.TextChoices):
        LIVE = "live", _("As it happens")
        HOURLY = "hourly", _("Every hour")
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")
        QUARTERLY = "quarterly", _("Every quarter")
        NONE = "none", _("No rhythm")

    class Sensitivity(models.TextChoices):
        NONE = "none", _("No personal data")
        PERSONAL = "personal", _("Personal")
        SENSITIVE = "sensitive", _("Sensitive")

    # From when on it is overdue: the rhythm and some air, for a nightly file is not late at one past twelve.
    OVERDUE_AFTER = {
        Cadence.LIVE: timedelta(hours=1),
        Cadence.HOURLY: timedelta(hours=2),
        Cadence.DAILY: timedelta(hours=36),
        Cadence.WEEKLY: timedelta(days=9),
        Cadence.MONTHLY: timedelta(days=35),
        Cadence.QUARTERLY: timedelta(days=100),
    }

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    holds = models.TextField(_("what it holds"), blank=True, max_length=2_000)
    # A namespace of identities, or whatever it calls people.
    identifier = models.CharField(_("its identifier"), max_length=100, blank=True)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    cadence = models.CharField(_("how often"), max_length=16, choices=Cadence)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    synced_at = models.DateTimeField(_("last sync"), null=True, blank=True)  # as a person or program said
    sensitivity = models.CharField(
        _("personal data"), max_length=16, choices=Sensitivity, default=Sensitivity.PERSONAL
    )
    ask = models.CharField(_("whom to ask"), max_length=200, blank=True)
    url = models.URLField(_("address"), blank=True, max_length=500)

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systems")
        ordering = ["name", "id"]
        constraints = [
            # Attributes and imports name it so, whatever the case.
            models.UniqueConstraint(
                Lower("name"),
                name="contacts_system_name_once",
                violation_error_message=_("There is a system of this name already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="contacts_system_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_personal(self) -> bool:
        return self.sensitivity != self.Sensitivity.NONE


class SystemLink(models.Model):
    """
    That a system is at the other end of something that Bookend has: a source, a saved mapping, a schedule.

    `kind` is a name of `registries.feeds`, `object_id` the thing's number among those: no key of the
    database, as higher floors have them.
    """

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="links", db_index=False)
    kind = models.CharField(max_length=32)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("link of a system")
        verbose_name_plural = _("links of systems")
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "object_id"], name="contacts_systemlink_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} of system {self.system_id}"
