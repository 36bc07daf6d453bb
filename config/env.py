"""The only module that reads the environment. Every variable is listed in `.env.example`."""

import hashlib
import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[1]

_env = environ.FileAwareEnv()
_env.read_env(str(BASE_DIR / ".env"))

DEVELOPMENT_KEY = "only-for-development"

DATABASE_URL: str = _env.str("DATABASE_URL", default="")  # empty: an embedded server in DATA_DIR
REDIS_URL: str = _env.str("REDIS_URL", default="")  # empty: an embedded server in DATA_DIR
EMAIL_URL: str = _env.str("EMAIL_URL", default="")  # empty: the mail catcher
DATA_DIR: Path = BASE_DIR / (_env.str("DATA_DIR", default="") or "var")
SECRET_KEY: str = _env.str("SECRET_KEY", default="") or DEVELOPMENT_KEY
SECRET_KEY_FALLBACKS: list[str] = _env.list("SECRET_KEY_FALLBACKS", default=[])
# Never rotated with SECRET_KEY: a new key would forget who must not be written to. So production must give
# one of its own; derived, it would change on the day when the oldest of the fallbacks is dropped.
SUPPRESSION_KEY_GIVEN: str = _env.str("SUPPRESSION_KEY", default="")
SUPPRESSION_KEY: bytes = (
    SUPPRESSION_KEY_GIVEN.encode()
    or hashlib.sha256(b"suppression:" + [SECRET_KEY, *SECRET_KEY_FALLBACKS][-1].encode()).digest()
)
DEBUG: bool = _env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = _env.list("ALLOWED_HOSTS", default=[])
DEVELOPMENT_BASE_URL = "http://127.0.0.1:8000"
BASE_URL: str = (_env.str("BASE_URL", default="") or DEVELOPMENT_BASE_URL).rstrip("/")
TRACKING_BASE_URL: str = _env.str("TRACKING_BASE_URL", default="").rstrip("/") or BASE_URL
# How long an uploaded file is kept after its import was last touched.
IMPORT_FILE_DAYS: int = _env.int("IMPORT_FILE_DAYS", default=30)
ERASURE_LOG: Path = Path(_env.str("ERASURE_LOG", default="") or DATA_DIR / "erasures.jsonl")
# The largest file that can be attached to a task or another thing.
ATTACHMENT_MAX_MB: int = _env.int("ATTACHMENT_MAX_MB", default=25)
MEDIA_ROOT: Path = Path(_env.str("MEDIA_ROOT", default="") or DATA_DIR / "media")
DEVELOPMENT_FROM_EMAIL = "Bookend <bookend@localhost>"
DEFAULT_FROM_EMAIL: str = _env.str("DEFAULT_FROM_EMAIL", default="") or DEVELOPMENT_FROM_EMAIL
# Off behind a pooler that passes connections on after each transaction and knows no prepared statements.
PREPARED_STATEMENTS: bool = _env.bool("PREPARED_STATEMENTS", default=True)
# Processes that send: as many as there are cores, which PostgreSQL and the mail server share with them.
SENDING_PROCESSES: int = int(_env.str("SENDING_PROCESSES", default="") or min(4, os.cpu_count() or 1))
SENDING_ENABLED: bool = _env.bool("SENDING_ENABLED", default=True)
# For so long nothing leaves after a launch on the page, and it can be undone.
UNDO_SECONDS: int = _env.int("UNDO_SECONDS", default=60)
# Where bounces go, and the mailbox in which they end up; empty: to the sender, and nobody reads them.
RETURN_PATH: str = _env.str("RETURN_PATH", default="")
BOUNCE_MAILBOX_URL: str = _env.str("BOUNCE_MAILBOX_URL", default="")
# Who is asked about the DNS of sending domains; empty: the resolvers of this machine.
DNS_RESOLVERS: list[str] = _env.list("DNS_RESOLVERS", default=[])
# Hosts that providers' addresses may name although they are not public, such as a gateway in our own network.
OUTGOING_PRIVATE_HOSTS: list[str] = _env.list("OUTGOING_PRIVATE_HOSTS", default=[])
INGEST_MESSAGES_PER_SECOND: int = _env.int("INGEST_MESSAGES_PER_SECOND", default=20_000)
# The header in which the proxy in front says who is calling; empty: nobody stands in front.
CLIENT_ADDRESS_HEADER: str = _env.str("CLIENT_ADDRESS_HEADER", default="")
# Where scheduled exports are put; each place is offered only if it is named here.
EXPORT_ROOT: str = _env.str("EXPORT_ROOT", default="")
EXPORT_S3_BUCKET: str = _env.str("EXPORT_S3_BUCKET", default="")
EXPORT_S3_ENDPOINT: str = _env.str("EXPORT_S3_ENDPOINT", default="")
EXPORT_S3_REGION: str = _env.str("EXPORT_S3_REGION", default="us-east-1")
EXPORT_S3_ACCESS_KEY_ID: str = _env.str("EXPORT_S3_ACCESS_KEY_ID", default="")
EXPORT_S3_SECRET_ACCESS_KEY: str = _env.str("EXPORT_S3_SECRET_ACCESS_KEY", default="")
EXPORT_KEEP_DAYS: int = _env.int("EXPORT_KEEP_DAYS", default=7)
# What campaigns begin with: hours that they stand in review at least, and if their parts are approved.
CAMPAIGN_REVIEW_HOURS: int = _env.int("CAMPAIGN_REVIEW_HOURS", default=0)
CAMPAIGN_APPROVALS: bool = _env.bool("CAMPAIGN_APPROVALS", default=False)
# Whether somebody may approve what they have edited or asked for themselves: for teams of one.
CAMPAIGN_SELF_APPROVAL: bool = _env.bool("CAMPAIGN_SELF_APPROVAL", default=False)
# How long a review or a signature under KPIs is waited for, until whoever owes it is reminded; and again.
SIGNOFF_REMIND_DAYS: int = _env.int("SIGNOFF_REMIND_DAYS", default=3)
LOG_FORMAT: str = _env.str("LOG_FORMAT", default="console")
LOG_LEVEL: str = _env.str("LOG_LEVEL", default="INFO")
