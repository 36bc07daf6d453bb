import os

from django.core.wsgi import get_wsgi_application

from config import collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

with collector.paused():
    django = get_wsgi_application()
    from apps.messaging.door import Door  # needs Django's set-up

    application = Door(django)
