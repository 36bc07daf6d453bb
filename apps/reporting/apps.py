from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "apps.reporting"

    def ready(self) -> None:
        from apps.campaigns import panels
        from apps.contacts import registries
        from apps.contacts.personal import Holding
        from apps.core.navigation import Room, rooms
        from apps.messaging.moved import SUMMED, WithRecipient
        from apps.reporting import built_ins, evidence, period

        built_ins.register()
        evidence.register()
        period.register()
        panels.tabs.register(
            "results",
            panels.Tab(
                "results", _("Results"), "reporting:results", "chart-bar", "reporting.view_results", order=80
            ),
        )
        # A conversion is of one recipient, and goes with that row of the ledger.
        registries.moves.register("conversions", WithRecipient("", "reporting_conversion"))
        registries.holdings.register(
            "reporting_conversion", Holding(_("Conversions"), "reporting_conversion", kept=SUMMED)
        )
        registries.counted.register(
            "conversions",
            registries.Counted(
                _("Counted as a conversion of a message"),
                "EXISTS (SELECT FROM reporting_conversion AS it "
                "WHERE it.contact_id = e.contact_id AND it.event_id = e.id)",
            ),
        )
        rooms.register(
            "reporting.overview",
            Room(_("Overview"), "reporting:overview", "chart-bar", "measure", "reporting.view_overview", 10),
        )
