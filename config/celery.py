import os

from celery import Celery
from celery.signals import import_modules, setup_logging

from config import collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has configured it; that somebody listens here keeps Celery from adding its own."""


# Receivers are called in the order in which they came: Celery's own, which sets Django up, is between ours.
@import_modules.connect
def collector_pause(**_: object) -> None:
    collector.pause()


app = Celery("bookend")
app.config_from_object("django.conf:settings", namespace="CELERY")


@import_modules.connect
def collector_resume(**_: object) -> None:
    collector.resume()
