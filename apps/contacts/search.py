"""What the search box of the top bar finds here."""

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts import selectors
from apps.contacts.models import Attribute, System
from apps.core.navigation import Found


def contacts(user: User, text: str) -> Found | None:
    """People whose address begins so, or who have this identity."""
    if not user.has_perm("contacts.view_contact"):
        return None
    found = selectors.contacts(selectors.ContactAsk(search=text)).order_by("email", "pk")
    return Found(_("Contact"), found, "contacts:detail", label="email", nameless=_("No address"))


def companies(user: User, text: str) -> Found | None:
    """Companies whose name or domain begins so, or that have this identity."""
    if not user.has_perm("contacts.view_company"):
        return None
    found = selectors.companies(selectors.CompanyAsk(search=text)).order_by("name", "pk")
    return Found(_("Company"), found, "contacts:company-detail")


def attributes(user: User, text: str) -> Found | None:
    if not user.has_perm("contacts.view_attribute"):
        return None
    found = Attribute.current.filter(Q(label__icontains=text) | Q(key__icontains=text))
    return Found(_("Attribute"), found, "contacts:attribute-detail", label="label")


def systems(user: User, text: str) -> Found | None:
    if not user.has_perm("contacts.view_system"):
        return None
    return Found(_("System"), System.objects.filter(name__icontains=text), "contacts:system-detail")
