"""The settings of a worker that a test starts and kills: the test's own database and mail server."""

import os

from config.settings.test import *  # noqa: F403, TID251  # settings may

DATABASES["default"]["NAME"] = os.environ["FAULT_DATABASE"]  # noqa: F405
# The tests hold locks on purpose, to keep a worker where it is.
DATABASES["default"]["OPTIONS"]["options"] = "-c lock_timeout=0"  # noqa: F405
EMAIL_URL = os.environ["FAULT_EMAIL_URL"]
if broker := os.environ.get("FAULT_BROKER"):
    CELERY_BROKER_URL = broker
if media := os.environ.get("FAULT_MEDIA"):
    MEDIA_ROOT = media
