"""What `manage.py doctor` looks at in the house itself; other apps register what is theirs."""

import socket
import time
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import checks as django_checks
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.health import Finding, Level
from apps.core.partitions import month_after, month_of, months_with_partition, partitioned_tables
from apps.operations import selectors

OLDEST_POSTGRES = 150000
OLDEST_REDIS = (6, 2)
CLOCK_WARNING_SECONDS, CLOCK_FAILED_SECONDS = 2.0, 30.0


def configuration_check() -> Finding:
    faults = django_checks.run_checks(include_deployment_checks=settings.IS_PRODUCTION)
    errors = [fault for fault in faults if fault.level >= django_checks.ERROR]
    if errors or faults:
        level = Level.FAILED if errors else Level.WARNING
        return Finding(level, " ".join(f"{fault.id}: {fault.msg}" for fault in errors or faults))
    return Finding(Level.OK, _("Django finds nothing wrong with the settings."))


def database_check() -> Finding:
    """PostgreSQL answers, is new enough, and keeps what it has confirmed."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
                " current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'"
            )
            number, version, is_durable = cursor.fetchone()
    except DatabaseError as error:
        return Finding(Level.FAILED, _("It does not answer: %(error)s") % {"error": str(error).strip()})
    if number < OLDEST_POSTGRES:
        return Finding(
            Level.FAILED, _("PostgreSQL %(version)s is too old: 15 is needed.") % {"version": version}
        )
    if not is_durable:
        return Finding(
            Level.FAILED, _("fsync or synchronous_commit is off: a power cut would lose sent mail.")
        )
    return Finding(Level.OK, _("PostgreSQL %(version)s answers.") % {"version": version})


def migrations_check() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return Finding(
            Level.FAILED,
            _("%(count)d migrations wait: run `python manage.py migrate`.") % {"count": len(waiting)},
        )
    return Finding(Level.OK, _("The tables are as this version needs them."))


def redis_check() -> Finding:
    """Redis may be lost at any time, so its loss is a warning: work goes on at the scheduler's pace."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        facts = client.info("server")
    except redis.RedisError as error:
        return Finding(Level.WARNING, _("It does not answer: %(error)s.") % {"error": type(error).__name__})
    finally:
        client.close()
    version = facts.get("valkey_version") or facts["redis_version"]
    if tuple(int(part) for part in facts["redis_version"].split(".")[:2]) < OLDEST_REDIS:
        return Finding(Level.FAILED, _("Redis %(version)s is too old: 6.2 is needed.") % {"version": version})
    return Finding(Level.OK, _("Version %(version)s answers.") % {"version": version})


def mail_check() -> Finding:
    if not settings.SENDING_ENABLED:
        return Finding(Level.WARNING, _("Sending is switched off (SENDING_ENABLED): nothing leaves."))
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    mail = get_connection()
    try:
        mail.open()
        mail.close()
    except OSError as error:  # SMTPException is one
        return Finding(
            Level.FAILED,
            _("%(server)s does not take mail from us: %(error)s.") % {"server": server, "error": str(error)},
        )
    return Finding(Level.OK, _("%(server)s takes mail from us.") % {"server": server})


def dns_check() -> Finding:
    """Every host that the settings name can be found."""
    urls = (settings.BASE_URL, settings.TRACKING_BASE_URL, settings.EMAIL_URL)
    hosts = {host for url in urls if (host := urlsplit(url).hostname)}
    lost = sorted(host for host in hosts if not _resolves(host))
    if lost:
        return Finding(Level.FAILED, _("No address is known for %(hosts)s.") % {"hosts": ", ".join(lost)})
    return Finding(Level.OK, _("Found %(hosts)s.") % {"hosts": ", ".join(sorted(hosts))})


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):  # UnicodeError: a name that no DNS can have
        return False
    return True


def clock_check() -> Finding:
    """Leases are counted by the database's clock; ours may differ, and the log would mislead."""
    difference = abs(clock.now().timestamp() - time.time())
    seconds = {"seconds": f"{difference:.1f}"}
    if difference >= CLOCK_WARNING_SECONDS:
        level = Level.FAILED if difference >= CLOCK_FAILED_SECONDS else Level.WARNING
        return Finding(
            level, _("This machine and the database differ by %(seconds)s s: set both by NTP.") % seconds
        )
    return Finding(Level.OK, _("This machine and the database agree within %(seconds)s s.") % seconds)


def partitions_check() -> Finding:
    """Every table cut by month has its place for this month and for the next."""
    this_month = month_of(clock.now())
    needed = {this_month, month_after(this_month)}
    short = [table for table in partitioned_tables() if not needed <= set(months_with_partition(table))]
    if short:
        tables_short = {"tables": ", ".join(short)}
        return Finding(Level.FAILED, _("Partitions run out within a month: %(tables)s.") % tables_short)
    return Finding(Level.OK, _("This month and the next have their partitions."))


def heartbeats_check() -> Finding:
    late = [pulse for pulse in selectors.pulses(now=clock.now()) if pulse.level != Level.OK]
    if late:
        parts = ", ".join(pulse.label for pulse in late)
        return Finding(Level.FAILED, _("No sign of life: %(parts)s. Is it started?") % {"parts": parts})
    return Finding(Level.OK, _("The scheduler and every worker report."))
