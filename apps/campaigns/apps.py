from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from apps.campaigns import approvals, challenges, checks, readbacks, register, stages
        from apps.campaigns.services import replay_parts

        checks.register()
        approvals.register()
        readbacks.register()
        challenges.register()
        stages.register()
        replay_parts.register()
        register.register()
