from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StartingConfig(AppConfig):
    """The command `up` alone, see `config.settings.up`."""

    name = "apps.operations"
    default_auto_field = "django.db.models.BigAutoField"


class OperationsConfig(AppConfig):
    name = "apps.operations"
    default = True

    def ready(self) -> None:
        from django.conf import settings

        from apps.core.health import Check, checks
        from apps.core.home import Panel, panels
        from apps.core.navigation import Room, rooms
        from apps.operations import checks as ours
        from apps.operations import selectors

        checks.register("configuration", Check(_("Configuration"), ours.configuration_check))
        checks.register("database", Check(_("Database"), ours.database_check))
        checks.register("migrations", Check(_("Tables"), ours.migrations_check))
        checks.register("redis", Check(_("Redis"), ours.redis_check))
        checks.register("mail", Check(_("Mail server"), ours.mail_check, uses_network=True))
        checks.register("dns", Check(_("Host names"), ours.dns_check, uses_network=True))
        checks.register("clock", Check(_("Clock"), ours.clock_check))
        checks.register("partitions", Check(_("Partitions"), ours.partitions_check))
        checks.register("heartbeats", Check(_("Scheduler and workers"), ours.heartbeats_check))
        panels.register(
            "silent",
            Panel(
                "operations/_home_silent.html",
                selectors.silent_panel,
                "operations.view_machine",
                order=1,
                is_wide=True,
            ),
        )
        panels.register(
            "health",
            Panel(
                "operations/_home_health.html",
                selectors.health_panel,
                "operations.view_machine",
                roles=frozenset({"administrator"}),
                order=60,
            ),
        )
        rooms.register(
            "health",
            Room(_("System health"), "system-health", "heartbeat", "settings", "operations.view_machine", 80),
        )
        if settings.MAILBOX_DIR:
            rooms.register(
                "mailbox",
                Room(_("Caught mail"), "mailbox-list", "mailbox", "settings", "operations.view_mailbox", 90),
            )
