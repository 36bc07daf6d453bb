"""A server that people rely on. Whatever is still as on a laptop is refused, by the name of its variable."""

from django.core.exceptions import ImproperlyConfigured

from config import connections, env
from config.production import faults
from config.settings.base import *  # noqa: F403

if _faults := faults():
    raise ImproperlyConfigured(" ".join(_faults))

IS_PRODUCTION = True
DEBUG = False

DATABASES = connections.database(env.DATABASE_URL)
REDIS_URL = CELERY_BROKER_URL = env.REDIS_URL
CACHES = connections.cache(REDIS_URL)
EMAIL_URL = env.EMAIL_URL
vars().update(connections.email(EMAIL_URL))

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# The proxy in front ends TLS and says so; it must set this header itself, and pass on nobody else's.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(?:healthz|readyz|metrics)$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"  # browsers take it only from this host, over TLS, for all paths
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_TRUSTED_ORIGINS = [env.BASE_URL]
SILENCED_SYSTEM_CHECKS = [
    "security.W019",  # our own pages show mails and previews in frames
    "security.W005",  # HSTS for subdomains and
    "security.W021",  # preloading bind the whole domain, which is not ours to decide
]
