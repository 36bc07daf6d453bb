from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.consent import Channel, Consent, ConsentStatus, Suppression
from apps.core.models import TimeStamped


class Exclusion(models.TextChoices):
    """Why a contact is not written to: for what it is, for an experiment, or for what it had already."""

    MERGED = "merged", _("Merged into another contact")
    ERASED = "erased", _("Erased")
    NO_ADDRESS = "no_address", _("No address")
    SUPPRESSED = "suppressed", _("Suppressed")
    NO_CONSENT = "no_consent", _("No consent")
    CONTROL = "control", _("In the control group")
    HOLDOUT = "holdout", _("Held out to measure the effect")
    CAPPED = "capped", _("Has had as many messages as a cap allows")


class ContactQuerySet(models.QuerySet["Contact"]):
    def known(self) -> Self:
        """Contacts who are there: neither erased nor merged into another one."""
        return self.filter(erased_at__isnull=True)

    def with_exclusion(self, *, topic: str = "") -> Self:
        """Add `exclusion`: the first reason not to send this contact an e-mail on `topic`; empty if none."""
        return self.annotate(exclusion=email_exclusion(topic=topic))


class Contact(TimeStamped):
    """
    One person. What is known of them is in `attributes`, described by the data dictionary.

    Keys of `attributes` are system names; values are JSON of the entry's type: text and choice are strings,
    number and money are numbers, boolean is a boolean, date is `YYYY-MM-DD`, datetime is
    `YYYY-MM-DDTHH:MM:SSZ` in UTC (so that text order is time order), list is an array of strings. A missing
    value is a missing key, never null.
    """

    # The address in use, as first written but for lower case; found through Identity, not through here.
    email = models.CharField(max_length=254, blank=True, db_default="")
    # HMAC-SHA256 of the address under SUPPRESSION_KEY: how suppression is asked in SQL.
    email_hash = models.BinaryField(null=True, blank=True, max_length=32)
    phone = models.CharField(max_length=32, blank=True, db_default="")
    phone_hash = models.BinaryField(null=True, blank=True, max_length=32)  # as for the address
    attributes = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    timezone = models.CharField(max_length=64, blank=True, db_default="")
    # Since when there is no such contact any more: erased, or found to be another one. Whoever looks for
    # people asks this alone.
    erased_at = models.DateTimeField(null=True, blank=True)
    # The contact that this one was found to be. Then its own values stay, for the day that this is undone.
    merged_into = models.BigIntegerField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(erased_at__isnull=False),
                name="contacts_contact_merged_is_gone",
            ),
        ]
        indexes = [
            # Prefix search in the list of contacts.
            models.Index(fields=["email"], name="contacts_contact_email", opclasses=["text_pattern_ops"]),
            # Who else has this number, asked by the profile. Few contacts have one.
            models.Index(fields=["phone"], condition=~Q(phone=""), name="contacts_contact_phone"),
            # "Added since": ids and times rise together, so a few pages say where to look. Nothing else is
            # indexed: an update that touches no index rewrites the row alone, and imports live from that.
            BrinIndex(fields=["created_at"], name="contacts_contact_created"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"  # not the address: this text ends up in logs


class Identity(models.Model):
    """
    One name by which a system knows a contact, such as `email:ann@example.com` or `crm:4711`.

    The one table whose key does not contain the contact: it is how a contact is found.
    """

    EMAIL = "email"
    USER = "user"  # the id of somebody's account in the shop, site or app that tells of them
    ANONYMOUS = "anonymous"  # a browser or device: says that it is the same one, not who

    # Triggers keep what a constraint would, a statement at a time: see migration 0016.
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="identities", db_constraint=False
    )
    namespace = models.CharField(max_length=32)
    value = models.CharField(max_length=254)  # normalised: e-mail addresses in lower case
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "value"], name="contacts_identity_once"),
        ]

    def __str__(self) -> str:
        return f"identity {self.pk}"


def email_exclusion(*, topic: str) -> Case:
    return channel_exclusion(Channel.EMAIL, topic=topic)


# Where the address of a channel stands, and its hash.
ADDRESS_FIELDS = {Channel.EMAIL: ("email", "email_hash"), Channel.SMS: ("phone", "phone_hash")}


def channel_exclusion(channel: Channel, *, topic: str) -> Case:
    """
    Return the one expression that says who may be written to by `channel` on `topic`; '' means yes.

    Promised before launch and asked again before sending. Consent to the topic overrides consent to the
    channel; a withdrawal for the channel as a whole overrides both.
    """
    topics = ["", topic] if topic else [""]
    address, hashed = ADDRESS_FIELDS[channel]
    consents = Consent.objects.filter(contact=OuterRef("pk"), channel=channel)
    subscribed = consents.filter(status=ConsentStatus.SUBSCRIBED, topic__in=topics)
    refused = consents.filter(status=ConsentStatus.UNSUBSCRIBED, topic__in=topics)
    suppressed = Suppression.objects.filter(channel=channel, address_hash=OuterRef(hashed))
    return Case(
        When(merged_into__isnull=False, then=Value(Exclusion.MERGED)),
        When(erased_at__isnull=False, then=Value(Exclusion.ERASED)),
        When(**{address: ""}, then=Value(Exclusion.NO_ADDRESS)),
        When(Exists(suppressed), then=Value(Exclusion.SUPPRESSED)),
        When(~Q(Exists(subscribed)) | Q(Exists(refused)), then=Value(Exclusion.NO_CONSENT)),
        default=Value(""),
        output_field=models.CharField(),
    )
