"""What the server does before it answers anybody."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASKED = """
import gc
from config import wsgi
from django.urls import get_resolver
known = len(gc.get_objects())
get_resolver().url_patterns
print(gc.get_freeze_count() > 100_000, len(gc.get_objects()) - known < 1_000)
"""


def test_what_answers_requests_is_there_and_frozen_before_the_first_of_them():
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        text=True,
        capture_output=True,
        check=True,
        timeout=120,
    )

    assert done.stdout.split() == ["True", "True"]
