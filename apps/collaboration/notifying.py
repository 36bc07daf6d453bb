"""Telling people: in the app at once, and by e-mail in a digest of what they have not read since."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from smtplib import SMTPException

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration.digest import next_digest
from apps.collaboration.kinds import GENERAL
from apps.collaboration.models import Notification, NotificationSettings, subject_key
from apps.core.queues import ring

logger = logging.getLogger(__name__)

DIGEST_TASK = "apps.collaboration.tasks.digests_send"
PEOPLE_A_RING = 20
MOST_LINES = 100
# What is older was missed by a digest that could not be sent for a long time: it is no news any more.
NEWS_FOR = timedelta(days=8)
TRY_AGAIN_AFTER = timedelta(minutes=15)
SALT = "collaboration.digest"


def notify(
    *,
    users: Iterable[User],
    text: str,
    url: str,
    now: datetime,
    kind: str = GENERAL,
    within: Model | None = None,
) -> list[Notification]:
    """
    Tell people, each where they want to hear of this kind; one statement for all of them.

    The deactivated are left out. `url` is a path of this installation (`reverse(…)`), or empty; `within` is
    the larger thing that it is part of (a campaign), by which digests are grouped.
    """
    people = {user.pk: user for user in users if user.is_active}
    if not people:
        return []
    wishes = _settings_of(list(people.values()), now=now)
    told = [wish for wish in wishes if wish.wants_shown(kind) or wish.wants_mailed(kind)]
    return Notification.objects.bulk_create(
        Notification(
            user=people[wish.user_id],
            text=text[:300],
            url=url,
            at=now,
            kind=kind,
            within=subject_key(within) if within else "",
            within_label=str(within)[:200] if within else "",
            is_shown=wish.wants_shown(kind),
        )
        for wish in told
    )


@transaction.atomic
def notification_settings_change(
    *,
    user: User,
    digest: str,
    hour: int,
    hidden: Sequence[str],
    unmailed: Sequence[str],
    now: datetime,
) -> NotificationSettings:
    """Say what to be told of, and where; the next digest comes at the next such hour."""
    (wish,) = _settings_of([user], now=now)
    wish.digest, wish.hour = digest, hour
    wish.hidden, wish.unmailed = sorted(set(hidden)), sorted(set(unmailed))
    wish.next_digest_at = next_digest(digest=digest, hour=hour, zone=user.timezone, after=now)
    wish.save()
    return wish


def digest_stop(*, user: User, now: datetime) -> None:
    """Send no more digests; what is told in the app stays."""
    (wish,) = _settings_of([user], now=now)
    NotificationSettings.objects.filter(pk=wish.pk).update(
        digest=NotificationSettings.Digest.NEVER, next_digest_at=None
    )


def digests_send(*, now: datetime) -> int:
    """
    Send the digests that are due, and return how many; those of twenty people, and ring for more.

    Twice or at once sends nothing twice: what goes into a digest is marked and committed before it leaves. A
    mail that is refused is taken back and tried again; one that a worker died over is not sent on a guess.
    """
    claimed = _digests_claim(now=now)
    sent = sum(_digest_send(wish, lines, now=now) for wish, lines in claimed if lines)
    if len(claimed) == PEOPLE_A_RING:
        ring(DIGEST_TASK)
    return sent


def digest_token(user: User) -> str:
    """Return what lets the reader of a digest stop it without signing in."""
    return signing.dumps(user.pk, salt=SALT)


def digest_token_read(token: str) -> User | None:
    """Return who may be spoken for with this token; None: nobody."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return User.objects.active().filter(pk=pk).first()


@transaction.atomic(durable=True)
def _digests_claim(*, now: datetime) -> list[tuple[NotificationSettings, list[Notification]]]:
    due = NotificationSettings.objects.filter(next_digest_at__lte=now, user__is_active=True)
    wishes = list(
        due.select_related("user")
        .order_by("next_digest_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))[:PEOPLE_A_RING]
    )
    for wish in wishes:
        zone = wish.user.timezone
        wish.next_digest_at = next_digest(digest=wish.digest, hour=wish.hour, zone=zone, after=now)
    NotificationSettings.objects.bulk_update(wishes, ["next_digest_at"])
    news = Notification.objects.unread().filter(
        user__in=[wish.user_id for wish in wishes], mailed_at=None, at__gte=now - NEWS_FOR, at__lte=now
    )
    lines: dict[int, list[Notification]] = {wish.user_id: [] for wish in wishes}
    wanted = {wish.user_id: wish for wish in wishes}
    for one in news.order_by("-at", "-pk"):
        if wanted[one.user_id].wants_mailed(one.kind):
            lines[one.user_id].append(one)
    keys = [one.pk for found in lines.values() for one in found]
    Notification.objects.filter(pk__in=keys).update(mailed_at=now)
    return [(wish, lines[wish.user_id]) for wish in wishes]


def _digest_send(wish: NotificationSettings, lines: list[Notification], *, now: datetime) -> bool:
    try:
        _digest_mail(wish.user, lines, now=now).send()
    except (OSError, SMTPException):
        logger.exception("the digest of user %s was not taken by the mail server", wish.user_id)
        claim = NotificationSettings.objects.filter(pk=wish.pk, next_digest_at=wish.next_digest_at)
        marked = Notification.objects.filter(pk__in=[one.pk for one in lines], mailed_at=now)
        with transaction.atomic():
            marked.update(mailed_at=None)
            claim.update(next_digest_at=now + TRY_AGAIN_AFTER)
        return False
    return True


def _digest_mail(user: User, lines: list[Notification], *, now: datetime) -> EmailMultiAlternatives:
    stop_url = settings.BASE_URL + reverse("collaboration:digest-stop", args=[digest_token(user)])
    shown = sorted(lines[:MOST_LINES], key=lambda one: (one.within == "", one.within_label, one.within))
    groups = [
        (label, sorted(group, key=lambda one: one.at, reverse=True))
        for (_within, label), group in groupby(shown, key=lambda one: (one.within, one.within_label))
    ]
    context = {
        "user": user,
        "groups": groups,
        "more": len(lines) - len(shown),
        "base_url": settings.BASE_URL,
        "settings_url": settings.BASE_URL + reverse("collaboration:notification-settings"),
        "all_url": settings.BASE_URL + reverse("collaboration:notifications"),
        "stop_url": stop_url,
    }
    with timezone.override(user.timezone):
        told = ngettext(
            "%(n)s thing that you have not read", "%(n)s things that you have not read", len(lines)
        )
        subject = f"Bookend: {told % {'n': len(lines)}}"
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("emails/digest/body.txt", context),
            to=[user.email],
            headers={
                "List-Unsubscribe": f"<{stop_url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
        mail.attach_alternative(render_to_string("emails/digest/body.html", context), "text/html")
    return mail


def _settings_of(people: Sequence[User], *, now: datetime) -> list[NotificationSettings]:
    """Return what each of them wants; whoever has never said it gets a digest every morning."""
    wishes = list(NotificationSettings.objects.filter(user__in=people))
    known = {wish.user_id for wish in wishes}
    new = [user for user in people if user.pk not in known]
    if not new:
        return wishes
    default = NotificationSettings()
    NotificationSettings.objects.bulk_create(
        [
            NotificationSettings(
                user=user,
                next_digest_at=next_digest(
                    digest=default.digest, hour=default.hour, zone=user.timezone, after=now
                ),
            )
            for user in new
        ],
        ignore_conflicts=True,  # told of something else in the same instant
    )
    return list(NotificationSettings.objects.filter(user__in=people))
