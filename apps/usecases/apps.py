from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsecasesConfig(AppConfig):
    name = "apps.usecases"
    verbose_name = _("Use cases")

    def ready(self) -> None:
        from apps.usecases import register

        register.register()
