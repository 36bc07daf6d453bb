from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # The Celery app, so that `shared_task` finds its settings.
        import config.celery  # noqa: F401

        # The web process rings tasks and asks for permissions that it has not imported otherwise.
        autodiscover_modules("permissions", "tasks")
