#!/usr/bin/env python
import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config import collector
from config.embedded import EmbeddedServerError


def main(argv: list[str]) -> None:
    # `up` starts the servers itself, once it knows where; every other command needs them to be there.
    settings = "config.settings.up" if argv[1:2] == ["up"] else "config.settings.local"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    try:
        with collector.paused():
            django.setup()
        execute_from_command_line(argv)
    except (EmbeddedServerError, ImproperlyConfigured) as error:
        sys.exit(str(error))  # sentences for the person at the terminal; a traceback would bury them


if __name__ == "__main__":
    main(sys.argv)
