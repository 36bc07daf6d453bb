import os

from django.core.wsgi import get_wsgi_application

from config import collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

with collector.paused():
    django = get_wsgi_application()
    from django.urls import get_resolver  # needs Django's set-up

    from apps.messaging.door import Door

    # What answers requests is imported now and frozen with the rest. Left to the first request it was 80,000
    # objects that each full collection walked through, 90 ms in the midst of some page on a busy machine.
    get_resolver().url_patterns  # noqa: B018

    application = Door(django)
collector.spare_requests()
