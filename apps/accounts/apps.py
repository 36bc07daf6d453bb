from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    verbose_name = _("People")

    def ready(self) -> None:
        from apps.accounts import receivers
        from apps.core.navigation import Room, rooms

        people = Room(_("People"), "accounts:people", "users", "settings", "accounts.view_people", order=10)
        rooms.register("people", people)
        receivers.connect()
        from apps.core.navigation import Room, rooms

        rooms.register("home", Room(_("Home"), "home", "home", "home", "accounts.view_home"))
