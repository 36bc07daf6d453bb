from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.forms.contacts import DescribedForm
from apps.contacts.models import Attribute, CompanyMember, Contact, Role
from apps.contacts.selectors import contacts_found

ROLES = [("", _("No part in it")), *Role.choices]


class CompanyForm(DescribedForm):
    plain = ("name", "domain")
    subject = Attribute.Subject.COMPANY

    name = forms.CharField(label=_("Name"), max_length=200)
    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        required=False,
        help_text=_("Such as example.com. No two companies have the same one."),
    )


class MemberForm(forms.Form):
    """What somebody is at a company."""

    role = forms.ChoiceField(
        label=_("Part in the buying group"),
        choices=ROLES,
        required=False,
        help_text=_("Who says yes, who speaks for us, who is asked, who works with it, who keeps the door."),
    )
    title = forms.CharField(
        label=_("Title"), max_length=100, required=False, help_text=_("Such as: Head of Purchasing.")
    )
    since = forms.DateField(
        label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    is_primary = forms.BooleanField(
        label=_("Their main company"), required=False, help_text=_("One at most: another gives this up.")
    )

    @staticmethod
    def initial_of(member: CompanyMember) -> dict[str, Any]:
        return {
            "role": member.role,
            "title": member.title,
            "since": member.since,
            "is_primary": member.is_primary,
        }


class NewMemberForm(MemberForm):
    """Somebody who is a contact already, and what they are at the company."""

    person = forms.CharField(
        label=_("Person"),
        max_length=300,
        help_text=_("Their e-mail address, or an identity such as crm:4711."),
    )

    field_order = ["person", "role", "title", "since", "is_primary"]

    def clean_person(self) -> Contact:
        text = self.cleaned_data["person"].strip()
        namespace, colon, value = text.partition(":")
        found = contacts_found(namespace=namespace, value=value) if colon else None
        contact = (found if found is not None else contacts_found(namespace="email", value=text)).first()
        if contact is None:
            raise forms.ValidationError(_("No contact has this address or identity. Add the contact first."))
        return contact
