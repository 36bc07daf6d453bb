from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "apps.reporting"

    def ready(self) -> None:
        from apps.campaigns import panels
        from apps.core.navigation import Room, rooms

        panels.tabs.register(
            "results",
            panels.Tab(
                "results", _("Results"), "reporting:results", "chart-bar", "reporting.view_results", order=80
            ),
        )
        rooms.register(
            "reporting.overview",
            Room(_("Overview"), "reporting:overview", "chart-bar", "measure", "reporting.view_overview", 10),
        )
