"""Loaded by the process that workers are forked from, so that one is there in a moment, not in seconds."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

import django  # the settings are to be those

django.setup()

import tests.faults.workers  # noqa: E402, F401  # needs the set-up
