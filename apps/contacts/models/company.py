from typing import Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.contact import Contact
from apps.core.models import TimeStamped


class Company(TimeStamped):
    """
    One organisation that contacts belong to.

    `attributes` are as those of a contact, described by the dictionary's entries about companies. What
    programs call the company stands in its identities; `domain` is a name of it too, and nobody else's.
    """

    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=253, blank=True, db_default="")
    attributes = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain"], condition=~Q(domain=""), name="contacts_company_domain_once"
            ),
        ]
        indexes = [
            # The list, by name.
            models.Index(fields=["name", "id"], name="contacts_company_name"),
            # Search by the beginning of either.
            models.Index(
                OpClass(Upper("name"), name="text_pattern_ops"), name="contacts_company_name_begins"
            ),
            models.Index(
                fields=["domain"],
                condition=~Q(domain=""),
                opclasses=["text_pattern_ops"],
                name="contacts_company_domain_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyIdentity(models.Model):
    """One name by which a system knows a company, such as `group:acme` or `crm:A-17`: how it is found."""

    GROUP = "group"  # the id of a `group` call

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="identities")
    namespace = models.CharField(max_length=32)
    value = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "value"], name="contacts_companyidentity_once"),
        ]

    def __str__(self) -> str:
        return f"identity {self.pk}"


class Role(models.TextChoices):
    """What part somebody has when the company buys."""

    DECISION_MAKER = "decision_maker", _("Decision maker")
    CHAMPION = "champion", _("Champion")
    INFLUENCER = "influencer", _("Influencer")
    USER = "user", _("User")
    GATEKEEPER = "gatekeeper", _("Gatekeeper")
    OTHER = "other", _("Other")


class CompanyMemberQuerySet(models.QuerySet["CompanyMember"]):
    def living(self) -> Self:
        """Leave out people who are erased or were merged into another contact."""
        return self.filter(contact__erased_at__isnull=True)


class CompanyMember(TimeStamped):
    """That a contact belongs to a company. One may belong to several, of which one at most is the first."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members", db_index=False)
    role = models.CharField(_("role"), max_length=16, choices=Role, blank=True, db_default="")
    title = models.CharField(_("title"), max_length=100, blank=True, db_default="")
    is_primary = models.BooleanField(_("main company"), default=False, db_default=False)
    since = models.DateField(_("since"), null=True, blank=True)
    source = models.CharField(max_length=64, blank=True, db_default="")  # a program that said so

    objects = CompanyMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "company"], name="contacts_companymember_once"),
            models.UniqueConstraint(
                fields=["contact"], condition=Q(is_primary=True), name="contacts_companymember_primary"
            ),
        ]
        indexes = [
            # The people of a company, the latest first; a segment asks who has a role.
            models.Index(fields=["company", "id"], include=["contact", "role"], name="contacts_member_of"),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"
