from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "apps.reporting"

    def ready(self) -> None:
        from apps.campaigns import panels
        from apps.contacts import registries
        from apps.core.navigation import Room, rooms
        from apps.messaging.moved import WithRecipient

        panels.tabs.register(
            "results",
            panels.Tab(
                "results", _("Results"), "reporting:results", "chart-bar", "reporting.view_results", order=80
            ),
        )
        # A conversion is of one recipient, and goes with that row of the ledger.
        registries.moves.register("conversions", WithRecipient("", "reporting_conversion"))
        rooms.register(
            "reporting.overview",
            Room(_("Overview"), "reporting:overview", "chart-bar", "measure", "reporting.view_overview", 10),
        )
