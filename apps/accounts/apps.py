from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    verbose_name = _("People")

    def ready(self) -> None:
        from apps.accounts import receivers, selectors
        from apps.core.home import Step, steps
        from apps.core.navigation import Room, rooms

        people = Room(_("People"), "accounts:people", "users", "settings", "accounts.view_people", order=10)
        rooms.register("people", people)
        receivers.connect()
        invite = Step(
            _("Invite your team"),
            _("Each gets a link by mail, and the role that you choose."),
            "accounts:invite",
            "accounts.invite_people",
            selectors.team,
            "user-plus",
            order=5,
        )
        steps.register("people", invite)
        rooms.register("home", Room(_("Home"), "home", "home", "home", "accounts.view_home"))
