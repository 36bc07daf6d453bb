"""A laptop, and `manage.py` everywhere: embedded servers stand in for each URL that is not set."""

from config import connections, embedded, env
from config.settings.base import *  # noqa: F403

_servers = embedded.servers(env.DATA_DIR, *embedded.missing())

DATABASES = connections.database(env.DATABASE_URL or _servers["postgres"])
REDIS_URL = CELERY_BROKER_URL = env.REDIS_URL or _servers["valkey"]
CACHES = connections.cache(REDIS_URL)
EMAIL_URL = env.EMAIL_URL or _servers["mail"]
vars().update(connections.email(EMAIL_URL))
MAILBOX_DIR = None if env.EMAIL_URL else env.DATA_DIR / "mailbox"

ALLOWED_HOSTS = env.ALLOWED_HOSTS or ["*"]
STATIC_ROOT = None  # nothing is collected on a laptop
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # else a file that is edited while this runs comes cut to its old length
