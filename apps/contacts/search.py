"""What the search box of the top bar finds here."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts import selectors
from apps.contacts.models import Attribute, System
from apps.core.navigation import SearchHit

MOST = 5


def contacts(user: User, text: str) -> list[SearchHit]:
    """People whose address begins so, or who have this identity."""
    if not user.has_perm("contacts.view_contact"):
        return []
    found = selectors.contacts(selectors.ContactAsk(search=text)).order_by("email", "pk")[:MOST]
    return [
        (contact.email or _("No address"), _("Contact"), reverse("contacts:detail", args=[contact.pk]))
        for contact in found
    ]


def companies(user: User, text: str) -> list[SearchHit]:
    """Companies whose name or domain begins so, or that have this identity."""
    if not user.has_perm("contacts.view_company"):
        return []
    found = selectors.companies(selectors.CompanyAsk(search=text)).order_by("name", "pk")[:MOST]
    return [
        (company.name, _("Company"), reverse("contacts:company-detail", args=[company.pk]))
        for company in found
    ]


def attributes(user: User, text: str) -> list[SearchHit]:
    if not user.has_perm("contacts.view_attribute"):
        return []
    found = Attribute.current.filter(Q(label__icontains=text) | Q(key__icontains=text))[:MOST]
    return [
        (entry.label, _("Attribute"), reverse("contacts:attribute-detail", args=[entry.pk]))
        for entry in found
    ]


def systems(user: User, text: str) -> list[SearchHit]:
    if not user.has_perm("contacts.view_system"):
        return []
    found = System.objects.filter(name__icontains=text)[:MOST]
    return [(one.name, _("System"), reverse("contacts:system-detail", args=[one.pk])) for one in found]
