from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollaborationConfig(AppConfig):
    name = "apps.collaboration"
    verbose_name = _("Collaboration")

    def ready(self) -> None:
        from apps.accounts import audit
        from apps.collaboration import services
        from apps.core.navigation import Room, rooms

        audit.recorders.register("collaboration", services.audit_record)
        name = _("Audit log")
        permission = "collaboration.view_auditevent"
        log = Room(name, "collaboration:audit", "history", "settings", permission, order=30)
        rooms.register("audit", log)
        rooms.register(
            "feed",
            Room(_("Activity"), "collaboration:feed", "history", "plan", "collaboration.view_feed", 90),
        )
