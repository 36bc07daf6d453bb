import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has configured it; that somebody listens here keeps Celery from adding its own."""


app = Celery("bookend")
app.config_from_object("django.conf:settings", namespace="CELERY")
