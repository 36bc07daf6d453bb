"""The only module that reads the environment. Every variable is listed in `.env.example`."""

import hashlib
import os
from pathlib import Path

from config.reading import Reader

BASE_DIR = Path(__file__).resolve().parents[1]

_env = Reader()
_env.read_env(str(BASE_DIR / ".env"))

POSTGRES = ("postgresql", "postgres", "psql", "pgsql")
REDIS = ("redis", "rediss", "unix")
SMTP = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
HTTP = ("https", "http")
MAILBOXES = ("imaps", "imap", "maildir")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SITE = "https://bookend.example.org"

DEVELOPMENT_KEY = "only-for-development"

# Empty: embedded servers in DATA_DIR, and the mail catcher.
DATABASE_URL: str = _env.url("DATABASE_URL", like="postgresql://user:password@host/name", schemes=POSTGRES)
REDIS_URL: str = _env.url("REDIS_URL", like="redis://host:6379/0", schemes=REDIS)
EMAIL_URL: str = _env.url("EMAIL_URL", like="smtp+tls://user:password@host:587", schemes=SMTP)
DATA_DIR: Path = BASE_DIR / (_env.text("DATA_DIR") or "var")
SECRET_KEY: str = _env.secret("SECRET_KEY") or DEVELOPMENT_KEY
SECRET_KEY_FALLBACKS: list[str] = _env.secrets("SECRET_KEY_FALLBACKS")
# Never rotated with SECRET_KEY: a new key would forget who must not be written to. So production must give
# one of its own; derived, it would change on the day when the oldest of the fallbacks is dropped.
SUPPRESSION_KEY_GIVEN: str = _env.secret("SUPPRESSION_KEY")
SUPPRESSION_KEY: bytes = (
    SUPPRESSION_KEY_GIVEN.encode()
    or hashlib.sha256(b"suppression:" + [SECRET_KEY, *SECRET_KEY_FALLBACKS][-1].encode()).digest()
)
DEBUG: bool = _env.yes("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = _env.hosts("ALLOWED_HOSTS")
DEVELOPMENT_BASE_URL = "http://127.0.0.1:8000"
BASE_URL: str = _env.url("BASE_URL", like=SITE, schemes=HTTP, default=DEVELOPMENT_BASE_URL).rstrip("/")
TRACKING_BASE_URL: str = _env.url("TRACKING_BASE_URL", like=SITE, schemes=HTTP).rstrip("/") or BASE_URL
# How long an uploaded file is kept after its import was last touched.
IMPORT_FILE_DAYS: int = _env.number("IMPORT_FILE_DAYS", default=30, least=1)
ERASURE_LOG: Path = Path(_env.text("ERASURE_LOG") or DATA_DIR / "erasures.jsonl")
# The largest file that can be attached to a task or another thing.
ATTACHMENT_MAX_MB: int = _env.number("ATTACHMENT_MAX_MB", default=25, least=1)
MEDIA_ROOT: Path = Path(_env.text("MEDIA_ROOT") or DATA_DIR / "media")
DEVELOPMENT_FROM_EMAIL = "Bookend <bookend@localhost>"
DEFAULT_FROM_EMAIL: str = _env.address("DEFAULT_FROM_EMAIL", default=DEVELOPMENT_FROM_EMAIL)
# Off behind a pooler that passes connections on after each transaction and knows no prepared statements.
PREPARED_STATEMENTS: bool = _env.yes("PREPARED_STATEMENTS", default=True)
# Processes that send: as many as there are cores, which PostgreSQL and the mail server share with them.
SENDING_PROCESSES: int = _env.number("SENDING_PROCESSES", default=min(4, os.cpu_count() or 1), least=1)
SENDING_ENABLED: bool = _env.yes("SENDING_ENABLED", default=True)
# For so long nothing leaves after a launch on the page, and it can be undone.
UNDO_SECONDS: int = _env.number("UNDO_SECONDS", default=60)
# Where bounces go, and the mailbox in which they end up; empty: to the sender, and nobody reads them.
RETURN_PATH: str = _env.address("RETURN_PATH")
BOUNCE_MAILBOX_URL: str = _env.url(
    "BOUNCE_MAILBOX_URL", like="imaps://user:password@host/INBOX", schemes=MAILBOXES
)
# Who is asked about the DNS of sending domains; empty: the resolvers of this machine.
DNS_RESOLVERS: list[str] = _env.resolvers("DNS_RESOLVERS")
# Hosts that providers' addresses may name although they are not public, such as a gateway in our own network.
OUTGOING_PRIVATE_HOSTS: list[str] = _env.hosts("OUTGOING_PRIVATE_HOSTS")
INGEST_MESSAGES_PER_SECOND: int = _env.number("INGEST_MESSAGES_PER_SECOND", default=20_000, least=1)
# The header in which the proxy in front says who is calling; empty: nobody stands in front.
CLIENT_ADDRESS_HEADER: str = _env.header("CLIENT_ADDRESS_HEADER")
# Where scheduled exports are put; each place is offered only if it is named here.
EXPORT_ROOT: str = _env.text("EXPORT_ROOT")
EXPORT_S3_BUCKET: str = _env.text("EXPORT_S3_BUCKET")
EXPORT_S3_ENDPOINT: str = _env.url("EXPORT_S3_ENDPOINT", like="https://s3.example.org", schemes=HTTP)
EXPORT_S3_REGION: str = _env.text("EXPORT_S3_REGION", default="us-east-1")
EXPORT_S3_ACCESS_KEY_ID: str = _env.text("EXPORT_S3_ACCESS_KEY_ID")
EXPORT_S3_SECRET_ACCESS_KEY: str = _env.text("EXPORT_S3_SECRET_ACCESS_KEY")
EXPORT_KEEP_DAYS: int = _env.number("EXPORT_KEEP_DAYS", default=7, least=1)
# What campaigns begin with: hours that they stand in review at least, and if their parts are approved.
CAMPAIGN_REVIEW_HOURS: int = _env.number("CAMPAIGN_REVIEW_HOURS", default=0)
CAMPAIGN_APPROVALS: bool = _env.yes("CAMPAIGN_APPROVALS", default=False)
# Whether somebody may approve what they have edited or asked for themselves: for teams of one.
CAMPAIGN_SELF_APPROVAL: bool = _env.yes("CAMPAIGN_SELF_APPROVAL", default=False)
# How long a review or a signature under KPIs is waited for, until whoever owes it is reminded; and again.
SIGNOFF_REMIND_DAYS: int = _env.number("SIGNOFF_REMIND_DAYS", default=3, least=1)
LOG_FORMAT: str = _env.choice("LOG_FORMAT", default="console", known=["console", "json"])
LOG_LEVEL: str = _env.choice("LOG_LEVEL", default="INFO", known=LEVELS)

# Said by whatever settings are loaded; here nobody could catch it.
FAULTS: list[str] = _env.faults
