import zoneinfo
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import scopes, selectors
from apps.accounts.models import User


def zone_choices() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and name[0].isupper())
    return [
        ("UTC", "UTC"),
        *((name, name.replace("_", " ")) for name in names if not name.startswith("Etc/")),
    ]


def zone_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Time zone"), choices=zone_choices, initial="UTC", help_text=_("All times are shown in it.")
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=User.Role.choices,
        initial=User.Role.MARKETER,
        help_text=_(
            "What they may do everywhere. In a campaign they can be captain or channel owner besides."
        ),
    )
    message = forms.CharField(
        label=_("A word to them"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the mail above the link."),
    )


class ResendForm(forms.Form):
    """What the button beside an invitation carries: until when the link was good that was looked at."""

    seen = forms.DateTimeField(widget=forms.HiddenInput)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=User.Role.choices)


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    timezone = zone_field()


class AcceptForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    timezone = zone_field()
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters, and not one that many people use."),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        someone = User(email=self.email, name=self.data.get("name", ""))
        password_validation.validate_password(password, someone)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.pop("again", None)
        if password and again and password != again:
            self.add_error("again", _("The two passwords differ."))
        return cleaned


class TokenForm(forms.Form):
    LIFETIMES = {
        "30": (_("30 days"), timedelta(days=30)),
        "90": (_("90 days"), timedelta(days=90)),
        "365": (_("One year"), timedelta(days=365)),
        "": (_("Until it is revoked"), None),
    }

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What it is for: “Web shop”."))
    lifetime = forms.ChoiceField(
        label=_("Good for"),
        choices=[(key, label) for key, (label, _span) in LIFETIMES.items()],
        initial="365",
        required=False,
    )
    chosen = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope, scope) for scope in scopes.ALL],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: everything that your role allows."),
    )

    def clean_lifetime(self) -> timedelta | None:
        return self.LIFETIMES[self.cleaned_data["lifetime"]][1]


class LeaveForm(forms.Form):
    """Who takes over each kind of what somebody owns; a field is named after the kind."""

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.estate = selectors.user_estate(person)
        for owned in self.estate:
            self.fields[owned.kind] = forms.ModelChoiceField(
                label=gettext("%(kind)s: go to") % {"kind": owned.estate.label},
                queryset=owned.estate.heirs().exclude(pk=person.pk),
                empty_label=_("Choose a person"),
            )

    @property
    def rows(self) -> list[tuple[selectors.Owned, forms.BoundField]]:
        """What is owned of each kind, with the field that asks for a successor."""
        return [(owned, self[owned.kind]) for owned in self.estate]
