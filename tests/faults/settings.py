"""
The settings of processes that a test starts and kills: the test's own database and servers.

Whoever is forked is told them when it begins (`tests.faults.workers`); programs of their own read them here.
"""

import json
import os

from config.settings.test import *  # noqa: F403, TID251  # settings may

DATABASES["default"] |= json.loads(os.environ.get("FAULT_DATABASE", "{}"))  # noqa: F405
EMAIL_URL = os.environ.get("FAULT_EMAIL_URL", EMAIL_URL)  # noqa: F405
if broker := os.environ.get("FAULT_BROKER"):
    REDIS_URL = CELERY_BROKER_URL = broker
