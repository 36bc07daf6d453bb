from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

import rules
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from apps.accounts import scopes


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def administrators(self) -> Self:
        """Those who can still let others in: an installation always keeps one."""
        return self.active().filter(role=User.Role.ADMINISTRATOR)


class UserManager(BaseUserManager["User"]):
    """A manager only because sign-in and `createsuperuser` ask for one; the vocabulary is the QuerySet's."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def active(self) -> UserQuerySet:
        return self.get_queryset().active()

    def administrators(self) -> UserQuerySet:
        return self.get_queryset().administrators()

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail without regard to case: sign-in asks this."""
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password it can be used only through a token or a reset link."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an administrator: what Django's `createsuperuser` calls."""
        return self.create_user(email, password, role=User.Role.ADMINISTRATOR, is_superuser=True, **fields)


class User(AbstractBaseUser):
    """
    Someone (or a program) who signs in.

    The role says what a person may do everywhere; captain, channel owner and contributor are said per
    campaign. Nobody is deleted: who did what stays on record, so people are deactivated.
    """

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", _("Administrator")
        MARKETING_LEAD = "marketing_lead", _("Marketing lead")
        MARKETER = "marketer", _("Marketer")
        DATA_LEAD = "data_lead", _("Data lead")
        SALES = "sales", _("Sales")
        EXECUTIVE = "executive", _("Executive")
        CONTRIBUTOR = "contributor", _("Contributor")
        INTEGRATION = "integration", _("Integration")

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.MARKETER)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("every permission"), default=False)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)
    # With which saved view a list opens, by the list's key: known with the person, so that it costs no query.
    default_views = models.JSONField(default=dict, blank=True, db_default={}, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            # `UserManager` stores addresses in lower case; this keeps other writers to it.
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_once"),
        ]
        ordering = ["name", "email"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, or nothing: what packages ask for that greet people."""
        return self.name

    @property
    def is_staff(self) -> bool:
        """Test if Django admin is open to this person."""
        return self.is_active and (self.is_superuser or self.role == self.Role.ADMINISTRATOR)

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        words = (self.name or self.email).replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()

    # Permissions are named in each app's `permissions.py` and nowhere else: no groups, no rows of rights.

    def has_perm(self, permission: str, subject: object | None = None) -> bool:
        """Test one permission, of one thing where `subject` is given. Pages, API and admin all ask this."""
        if not self.is_active:
            return False
        return self.is_superuser or bool(rules.has_perm(permission, self, subject))

    def has_perms(self, permissions: list[str], subject: object | None = None) -> bool:
        return all(self.has_perm(permission, subject) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        """Test if Django admin shows this app."""
        return self.is_staff


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        """Neither revoked nor expired, and its user may still sign in; by the database's clock."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=Now())
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def with_is_seen_long_ago(self) -> Self:
        """Add whether `last_used_at` is old enough to be worth a write."""
        recently = models.Q(last_used_at__gt=Now() - ApiToken.USE_RECORDED_EVERY)
        return self.annotate(is_seen_long_ago=models.Case(models.When(recently, then=False), default=True))


class ApiToken(models.Model):
    """
    A key with which a program acts as one user. The secret is shown once; only its digest is kept.

    `scopes` narrows what the user's role allows; empty means all of it.
    """

    USE_RECORDED_EVERY = timedelta(minutes=5)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=24)
    digest = models.CharField(max_length=64, unique=True)  # also how a request's token is found
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    is_seen_long_ago: bool  # of `with_is_seen_long_ago`

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def allows(self, scope: str) -> bool:
        """Test if the token reaches as far as `contacts:read`; the user's role is asked besides."""
        assert scope in scopes.ALL, f"{scope} is not among apps.accounts.scopes.ALL"
        return not self.scopes or scope in self.scopes


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> Self:
        """Neither accepted nor taken back; some of these may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """
    A door for one person: who follows the link that went to the address sets a name and a password.

    Only the link's digest is kept, and each sending makes a new link, so an old mail opens nothing.
    """

    GOOD_FOR = timedelta(days=7)

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=16, choices=User.Role)
    message = models.TextField(_("message"), max_length=2_000, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("expires"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="invitation"
    )
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                "email",
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="accounts_invitation_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at=None),
                name="accounts_invitation_accepted_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def is_open(self, *, at: datetime) -> bool:
        """Test if the link still opens the door."""
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at


class IdempotentAnswer(models.Model):
    """
    What a POST with an Idempotency-Key was answered, so that its repetition has no second effect.

    Written in the transaction of the effect: there is no moment with one and without the other.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body: another body is another request
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_answer_once")]
        indexes = [models.Index(fields=["at"], name="accounts_answer_at")]  # what is old enough to forget

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"


class HandOverQuerySet(models.QuerySet["HandOver"]):
    def standing(self) -> Self:
        """Those that have not been handed back."""
        return self.filter(returned_at__isnull=True)


class HandOver(models.Model):
    """What somebody left to a successor when they went: which things of one kind, so that it can go back."""

    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hand_overs", db_index=False)
    taker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=32)  # as registered in `departures.estates`
    keys = models.JSONField(default=list)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    returned_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(null=True, blank=True)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(returned_at__isnull=True, returned_by__isnull=True)
                | models.Q(returned_at__isnull=False, returned_by__isnull=False),
                name="accounts_handover_returned_as_a_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["giver", "-at"], name="accounts_handover_of"),  # what somebody left
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.giver_id}"
