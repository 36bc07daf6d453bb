from config import connections, embedded, env
from config.settings.base import *  # noqa: F403

DATABASES = connections.database(env.DATABASE_URL or embedded.postgres_url(env.DATA_DIR))
# A test that would wait for a lock fails instead of hanging; long enough for a crowd on a busy machine.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c lock_timeout=20s"
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Not eager: eager tasks run inside the caller's transaction and hide what a real worker would not see.
CELERY_BROKER_URL = "memory://"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REDIS_URL = env.REDIS_URL or "redis://127.0.0.1:1/0"  # nobody listens here either
UNDO_SECONDS = 0  # what is launched leaves; a test that undoes says how long it may
MAILBOX_DIR = env.DATA_DIR / "test-mailbox"
EMAIL_URL = "smtp://127.0.0.1:1"  # nobody listens: a test that sends brings a server of its own
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
WHITENOISE_AUTOREFRESH = True  # from static/ itself; nothing is collected for tests
EVENT_SCHEMAS_FRESH_SECONDS = float("inf")  # each test begins with none, see tests/conftest.py
