"""The settings of tests, and with them the peer that sending is measured against."""

from config.settings.test import *  # noqa: F403
from config.settings.test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "post_office"]
# As many conversations as ours; a log entry for each mail, which is its default, as ours has the ledger.
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    "BATCH_SIZE": 1000,
    "THREADS_PER_PROCESS": 8,
}
