import re
from datetime import datetime
from typing import Self

import idna
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped
from apps.messaging.addresses import own_address_validate

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def host_normalise(written: str) -> str:
    """
    Return a host name as DNS has it: lower case, A-labels, no dot at the end.

    :raises ValidationError: it is none, or has only one label
    """
    try:
        name = idna.encode(written.strip().rstrip(".").lower(), uts46=True).decode()
    except idna.IDNAError as fault:
        raise ValidationError(_("This is no domain.")) from fault
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(map(LABEL.fullmatch, labels)):
        raise ValidationError(_("This is no domain."))
    return name


def host_validate(written: str) -> None:
    """:raises ValidationError: no host name, or not written as DNS has it"""
    if host_normalise(written) != written:
        raise ValidationError(_("This is no domain."))


def selector_validate(written: str) -> None:
    """:raises ValidationError: no selector of a DKIM key"""
    if not all(map(LABEL.fullmatch, written.split("."))):
        raise ValidationError(_("A selector has letters, digits and hyphens."))


class SendingDomainQuerySet(models.QuerySet["SendingDomain"]):
    def due(self, *, at: datetime) -> Self:
        """Domains that were last looked at before then, or never."""
        return self.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=at))


class SendingDomain(TimeStamped):
    """
    A domain that senders' addresses are of: what DNS has to say of it, and what it said when last asked.

    Everything stands in names as DNS has them. `findings` has one entry for each record that should be there:
    {"key", "state", "found", "told"}, as `dnsrecords.RecordFinding`.
    """

    name = models.CharField(_("domain"), max_length=253, unique=True, validators=[host_validate])
    spf = models.CharField(
        _("SPF of your mail server"), max_length=300, blank=True
    )  # mechanisms, such as "include:_spf.provider.example"
    return_path = models.EmailField(_("return path"), blank=True, validators=[own_address_validate])
    return_mx = models.CharField(
        _("mail server of the return path"), max_length=253, blank=True, validators=[host_validate]
    )
    tracking_host = models.CharField(
        _("host of links"), max_length=253, blank=True, validators=[host_validate]
    )
    # '': Bookend's own key, below. Else the mail server signs, with its key.
    server_selector = models.CharField(
        _("DKIM selector of your mail server"), max_length=63, blank=True, validators=[selector_validate]
    )
    selector = models.CharField(max_length=63, default="bookend")
    public_key = models.TextField(blank=True)  # base64 of the DER, as DNS has it
    private_key = models.TextField(blank=True)  # PEM, sealed
    # The next key, which waits until DNS has it, and what DNS has to keep of the one before.
    next_selector = models.CharField(max_length=63, blank=True, default="")
    next_public_key = models.TextField(blank=True, default="")
    next_private_key = models.TextField(blank=True, default="")  # PEM, sealed
    old_selector = models.CharField(max_length=63, blank=True, default="")
    old_public_key = models.TextField(blank=True, default="")
    retired_at = models.DateTimeField(null=True, blank=True)
    is_signing = models.BooleanField(default=False)
    findings = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    objects = SendingDomainQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_signing=False) | ~Q(private_key="") & Q(server_selector=""),
                name="messaging_domain_signs_with_a_key",
            ),
            models.CheckConstraint(
                condition=Q(next_selector="", next_private_key="")
                | ~Q(next_selector="") & ~Q(next_private_key=""),
                name="messaging_domain_next_key_is_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dkim_selector(self) -> str:
        return self.server_selector or self.selector

    def state_of(self, key: str) -> str:
        """Return what was last found of a record; '' if nobody has looked yet."""
        return next((one["state"] for one in self.findings if one["key"] == key), "")

    @property
    def troubles(self) -> int:
        """How many records are not right; a key that nothing is signed with yet is no trouble."""
        return sum(one["state"] != "ok" for one in self.findings if one["key"] != "dkim-next")

    @property
    def is_well(self) -> bool:
        return self.checked_at is not None and not self.troubles
