"""What holds everywhere. `local`, `test` and `production` add where the servers are."""

import tomllib
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import env
from config.logs import logging_config

if env.FAULTS:
    raise ImproperlyConfigured("\n".join(env.FAULTS))

SECRET_KEY = env.SECRET_KEY
SECRET_KEY_FALLBACKS = env.SECRET_KEY_FALLBACKS
DEBUG = env.DEBUG
IS_PRODUCTION = False
ALLOWED_HOSTS = env.ALLOWED_HOSTS
ROOT_URLCONF = "config.urls"
DIRECT_URLCONF = "config.direct"  # answered before sessions, languages and pages
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "apps.accounts.admin_config.BookendAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",  # its widget templates, below ours
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rules",
    "apps.core",
    "apps.accounts",
    "apps.collaboration",
    "apps.operations",
    "apps.contacts",
    "apps.segments",
    "apps.content",
    "apps.campaigns",
    "apps.messaging",
    "apps.reporting",
    "apps.exports",
    "apps.integrations",
    "apps.usecases",
    "apps.demo",
]
MIDDLEWARE = [
    "apps.core.middleware.RequestIdMiddleware",
    "apps.core.metrics.RequestTimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.DirectMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.PersonTimezoneMiddleware",
    "apps.collaboration.middleware.DefaultViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [env.BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.core.context.shell",
            ]
        },
    }
]

# Every form prints templates/django/forms/.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": environ.Env.db_url_config(env.DATABASE_URL or "postgresql:///bookend")}

AUTH_USER_MODEL = "accounts.User"
# Only who somebody is; what they may do is asked of `User.has_perm`.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 14 * 24 * 3600  # of those who ask to be remembered; else until the browser closes
# The largest forms say five things of each of the 500 columns of a file, or of a rule of 100 conditions.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation, which went to their address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # someone whose password changes hears of it
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_SESSION_REMEMBER = None  # the person chooses
ACCOUNT_ADAPTER = "apps.accounts.adapters.InvitationOnlyAdapter"
MFA_ADAPTER = "apps.accounts.adapters.SecondFactorAdapter"
MFA_TOTP_ISSUER = "Bookend"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_TZ = True
LOCALE_PATHS = [env.BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [env.BASE_DIR / "static"]
STATIC_ROOT: Path | None = env.DATA_DIR / "static"
MEDIA_ROOT = env.MEDIA_ROOT
ATTACHMENT_MAX_BYTES = env.ATTACHMENT_MAX_MB * 1024 * 1024

BASE_URL = env.BASE_URL
TRACKING_BASE_URL = env.TRACKING_BASE_URL
DATA_DIR = env.DATA_DIR
# Who was erased, by hashes: kept beside the database, to be applied again when an older one is restored.
ERASURE_LOG = env.ERASURE_LOG
IMPORT_FILE_DAYS = env.IMPORT_FILE_DAYS
REDIS_URL = env.REDIS_URL
EMAIL_URL = env.EMAIL_URL
MAILBOX_DIR: Path | None = None  # where the mail catcher keeps what it caught; None: there is none
INGEST_MESSAGES_PER_SECOND = env.INGEST_MESSAGES_PER_SECOND
# How long a process may go on by the schemas of events that it knows, after somebody has changed one.
EVENT_SCHEMAS_FRESH_SECONDS = 2.0
CLIENT_ADDRESS_HEADER = env.CLIENT_ADDRESS_HEADER
EXPORT_ROOT = env.EXPORT_ROOT
EXPORT_S3_BUCKET = env.EXPORT_S3_BUCKET
EXPORT_S3_ENDPOINT = env.EXPORT_S3_ENDPOINT
EXPORT_S3_REGION = env.EXPORT_S3_REGION
EXPORT_S3_ACCESS_KEY_ID = env.EXPORT_S3_ACCESS_KEY_ID
EXPORT_S3_SECRET_ACCESS_KEY = env.EXPORT_S3_SECRET_ACCESS_KEY
EXPORT_KEEP_DAYS = env.EXPORT_KEEP_DAYS
SIGNOFF_REMIND_DAYS = env.SIGNOFF_REMIND_DAYS
PRODUCT_VERSION: str = tomllib.loads((env.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
SENDING_ENABLED = env.SENDING_ENABLED
UNDO_SECONDS = env.UNDO_SECONDS
CAMPAIGN_REVIEW_HOURS = env.CAMPAIGN_REVIEW_HOURS
CAMPAIGN_APPROVALS = env.CAMPAIGN_APPROVALS
CAMPAIGN_SELF_APPROVAL = env.CAMPAIGN_SELF_APPROVAL
RETURN_PATH = env.RETURN_PATH
BOUNCE_MAILBOX_URL = env.BOUNCE_MAILBOX_URL
DNS_RESOLVERS = env.DNS_RESOLVERS
OUTGOING_PRIVATE_HOSTS = env.OUTGOING_PRIVATE_HOSTS
SUPPRESSION_KEY = env.SUPPRESSION_KEY
DEFAULT_FROM_EMAIL = env.DEFAULT_FROM_EMAIL
LOGGING = logging_config(style=env.LOG_FORMAT, level=env.LOG_LEVEL)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJson"],  # imports add multipart
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.CursorPages",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "apps.core.api.Ordering",
        "apps.core.api.Search",
    ],
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "apps.accounts.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.problem_details",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bookend",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Everything a person can do in Bookend, for programs.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],  # the code is public, so is its shape
    "DEFAULT_GENERATOR_CLASS": "apps.accounts.openapi.SchemaOnce",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.accounts.openapi.document_refusals",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "UserRoleEnum": "apps.accounts.models.User.Role",
        "BuyingRoleEnum": "apps.contacts.models.company.Role",
        "ChannelEnum": "apps.contacts.models.Channel",
        "ConsentStatusEnum": "apps.contacts.models.ConsentStatus",
        "ExclusionEnum": "apps.messaging.api.serializers.REASONS",
        "RecipientStateEnum": "apps.messaging.models.Recipient.State",
        "SettlementVerdictEnum": "apps.messaging.models.Settlement.Verdict",
        "VerdictEnum": "apps.messaging.models.Verdict",
        "MessagePriorityEnum": "apps.messaging.models.Message.Priority",
        "RateLimitPerEnum": "apps.messaging.models.RateLimit.Per",
        "UseCasePriorityEnum": "apps.usecases.models.UseCase.Priority",
        "ImportStateEnum": "apps.contacts.models.imports.ImportFile.State",
        "QualityMendStateEnum": "apps.contacts.models.quality.QualityMend.State",
        "MergeSuggestionStateEnum": "apps.contacts.models.quality.QualityPair.State",
        "ApprovalStateEnum": "apps.campaigns.models.Approval.State",
        "ApprovalPartEnum": "apps.campaigns.models.Approval.Part",
        "ChallengeResolutionEnum": "apps.campaigns.models.Challenge.Resolution",
        "ElementEnum": "apps.campaigns.models.element.Element",
        "OwnedElementEnum": "apps.campaigns.models.element.OWNED_CHOICES",
        "RecurrenceUnitEnum": "apps.campaigns.models.recurrence.Recurrence.Unit",
        "TaskStateEnum": "apps.campaigns.models.task.Task.State",
        "WorkStateEnum": "apps.exports.models.Export.State",  # QualityScan has the same
        "ExportKindEnum": "apps.exports.models.Kind",
        "KindEnum": "apps.campaigns.models.team.Channel.Kind",
        "EventOutcomeEnum": "apps.contacts.services.EventOutcome",
        "TypeEnum": "apps.contacts.models.Attribute.Type",
        "DefinitionVersionStateEnum": "apps.segments.models.DefinitionVersion.State",
        "ModeEnum": "apps.contacts.models.ImportFile.Mode",
        "EventFieldTypeEnum": "apps.contacts.eventfields.FieldType",
        "EventSchemaModeEnum": "apps.contacts.models.EventSchema.Mode",
        "ViolationReasonEnum": "apps.contacts.eventfields.Reason",
        "StageEnum": "apps.campaigns.models.Campaign.Stage",
        "CountedAsEnum": "apps.campaigns.models.Campaign.GoalMeasure",
        "MetricKindEnum": "apps.campaigns.models.metric.Metric.Kind",
        "KpiSetStateEnum": "apps.campaigns.models.signoff.KpiSet.State",
        "KpiReviewVerdictEnum": "apps.campaigns.models.signoff.KpiReview.Verdict",
        "SensitivityEnum": "apps.contacts.models.Attribute.Sensitivity",
        "SystemKindEnum": "apps.contacts.models.System.Kind",
        "SystemSensitivityEnum": "apps.contacts.models.System.Sensitivity",
        "UseCaseStageEnum": "apps.usecases.selectors.Stage",
        "UseCaseStatusEnum": "apps.usecases.models.UseCase.Status",
        "PartKindEnum": "apps.usecases.api.PART_KINDS",
        "PartStepEnum": "apps.usecases.models.Part.Step",
        "PartStateEnum": "apps.usecases.kinds.State",
    },
}

# The admin in the colours of static/css/tokens.css.
UNFOLD = {
    "SITE_TITLE": "Bookend",
    "SITE_HEADER": "Bookend",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_SYMBOL": "database",
    "SITE_URL": "/",
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "#f8f8f7",
            "100": "#f1f1ef",
            "200": "#e7e7e3",
            "300": "#d5d5d0",
            "400": "#999da7",
            "500": "#64666f",
            "600": "#4a4c55",
            "700": "#3a3d44",
            "800": "#292b30",
            "900": "#191a1d",
            "950": "#111214",
        },
        "primary": {
            "50": "#f6f6fd",
            "100": "#ededfb",
            "200": "#dddef7",
            "300": "#c9cbf2",
            "400": "#a3a8ff",
            "500": "#6b71e6",
            "600": "#4a4fc4",
            "700": "#3d42ab",
            "800": "#343885",
            "900": "#262850",
            "950": "#1a1b38",
        },
    },
}

# No inline script anywhere but what carries the request's nonce; frames of user HTML set their own policy.
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ("/admin/", "/api/docs/"),  # unfold and swagger bring inline script of their own
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    },
}
X_FRAME_OPTIONS = "SAMEORIGIN"

CELERY_BROKER_URL = env.REDIS_URL or "memory://"
# A lost ring costs seconds; a request that waits for a broker that is down costs a person.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
# A worker whose processes are all busy keeps no ring for later that another machine could answer now.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # it comes back, and must find the workers here
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "apps.operations.scheduler:Scheduler"
# First match wins; the last line is for what nobody thought of. tests/architecture checks the names.
CELERY_TASK_ROUTES = {
    "apps.messaging.tasks.messages_send": {"queue": "sending"},
    "apps.messaging.tasks.domain_figures_refresh": {"queue": "bulk"},
    "apps.messaging.tasks.tallies_refresh": {"queue": "bulk"},
    "apps.contacts.tasks.imports_run": {"queue": "bulk"},
    "apps.contacts.tasks.workbooks_read": {"queue": "bulk"},
    "apps.contacts.tasks.imports_undo": {"queue": "bulk"},
    "apps.contacts.tasks.attributes_settle": {"queue": "bulk"},
    "apps.contacts.tasks.quality_run": {"queue": "bulk"},
    "apps.exports.tasks.exports_run": {"queue": "bulk"},
    # Minutes for some: it must not stand before the changes that people wait for.
    "apps.segments.tasks.segments_refresh": {"queue": "bulk"},
    "apps.segments.tasks.definitions_compute": {"queue": "bulk"},
    "apps.*": {"queue": "default"},
}
# Only doorbells at fixed intervals: what is due is in the tables. No ring expires: a worker whose clock goes
# wrong would drop them all, and one ring too many costs nothing.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "messages_send": {"task": "apps.messaging.tasks.messages_send", "schedule": 5.0},
    "reports_collect": {"task": "apps.messaging.tasks.reports_collect", "schedule": 60.0},
    "domains_check": {"task": "apps.messaging.tasks.domains_check", "schedule": 600.0},
    "domain_figures_refresh": {"task": "apps.messaging.tasks.domain_figures_refresh", "schedule": 60.0},
    "sending_watch": {"task": "apps.messaging.tasks.sending_watch", "schedule": 60.0},
    "tallies_refresh": {"task": "apps.messaging.tasks.tallies_refresh", "schedule": 5.0},
    "bursts_mark": {"task": "apps.messaging.tasks.bursts_mark", "schedule": 60.0},
    "experiments_decide": {"task": "apps.messaging.tasks.experiments_decide", "schedule": 10.0},
    "imports_run": {"task": "apps.contacts.tasks.imports_run", "schedule": 5.0},
    "workbooks_read": {"task": "apps.contacts.tasks.workbooks_read", "schedule": 5.0},
    "imports_undo": {"task": "apps.contacts.tasks.imports_undo", "schedule": 5.0},
    "imports_forget": {"task": "apps.contacts.tasks.imports_forget", "schedule": 3600.0},
    "attributes_settle": {"task": "apps.contacts.tasks.attributes_settle", "schedule": 60.0},
    "erasures_sweep": {"task": "apps.contacts.tasks.erasures_sweep", "schedule": 60.0},
    "quality_run": {"task": "apps.contacts.tasks.quality_run", "schedule": 10.0},
    "merges_sweep": {"task": "apps.contacts.tasks.merges_sweep", "schedule": 60.0},
    "events_tally": {"task": "apps.contacts.tasks.events_tally", "schedule": 60.0},
    "event_traces_forget": {"task": "apps.contacts.tasks.event_traces_forget", "schedule": 3600.0},
    "partitions_ensure": {"task": "apps.operations.tasks.partitions_ensure", "schedule": 3600.0},
    "answers_forget": {"task": "apps.accounts.tasks.answers_forget", "schedule": 3600.0},
    "results_refresh_due": {"task": "apps.reporting.tasks.results_refresh_due", "schedule": 10.0},
    "segments_refresh": {"task": "apps.segments.tasks.segments_refresh", "schedule": 20.0},
    "segments_time_pass": {"task": "apps.segments.tasks.segments_time_pass", "schedule": 20.0},
    # Whoever changes people rings for nobody, so that no ingest waits for a broker.
    "changes_apply": {"task": "apps.segments.tasks.changes_apply", "schedule": 1.0},
    "definitions_compute": {"task": "apps.segments.tasks.definitions_compute", "schedule": 20.0},
    "campaigns_watch": {"task": "apps.campaigns.tasks.campaigns_watch", "schedule": 30.0},
    "digests_send": {"task": "apps.collaboration.tasks.digests_send", "schedule": 300.0},
    "signoffs_remind": {"task": "apps.campaigns.tasks.signoffs_remind", "schedule": 600.0},
    "recurrences_run": {"task": "apps.campaigns.tasks.recurrences_run", "schedule": 300.0},
    "tallies_forget": {"task": "apps.integrations.tasks.tallies_forget", "schedule": 24 * 3600.0},
    "sessions_forget": {"task": "apps.accounts.tasks.sessions_forget", "schedule": 24 * 3600.0},
    "exports_run": {"task": "apps.exports.tasks.exports_run", "schedule": 10.0},
    "schedules_run": {"task": "apps.exports.tasks.schedules_run", "schedule": 60.0},
    "exports_sweep": {"task": "apps.exports.tasks.exports_sweep", "schedule": 600.0},
    **{
        f"heartbeat-{queue}": {
            "task": "apps.operations.tasks.heartbeat",
            "schedule": 10.0,
            "args": [queue],
            "options": {"queue": queue},
        }
        for queue in ("default", "sending", "bulk")
    },
}
