from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import zone_choices
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Attribute, Channel, Company, ConsentStatus, Contact
from apps.contacts.selectors import topic_choices
from apps.contacts.values import value_to_text

Type = Attribute.Type
YES_NO = [("", "–"), ("yes", _("Yes")), ("no", _("No"))]


class DescribedForm(forms.Form):
    """Fields of its own, and one for every attribute that people write, of the kind that its type needs."""

    plain: Sequence[str] = ()  # the fields of its own that are fields of the record too
    subject: str = Attribute.Subject.CONTACT

    def __init__(self, *args: Any, record: Contact | Company | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dictionary = list(Attribute.current.of(self.subject).written())
        values = record.attributes if record else {}
        for entry in self._dictionary:
            self.fields[f"attr-{entry.key}"] = _field(entry, value_to_text(values.get(entry.key)))
        for field in self.fields.values():
            # What was shown, and not what the row says by then, tells a change.
            field.show_hidden_initial = True
        if record:
            self.initial.update({name: getattr(record, name) for name in self.plain})

    @property
    def own(self) -> list[BoundField]:
        return [self[name] for name in self.plain]

    @property
    def attributes(self) -> list[BoundField]:
        return [self[f"attr-{entry.key}"] for entry in self._dictionary]

    @property
    def shown(self) -> list[SafeString]:
        """What the fields were shown with, as hidden inputs."""
        # A draft that the browser kept remembers what it was written over.
        keep: dict[str, str | bool] = {"data-draft-keep": True}
        return [bound.as_hidden(keep, only_initial=True) for bound in self]

    def seen(self) -> dict[str, str]:
        """Return what the fields were shown with, by their names for the services."""
        return {_service_name(bound.name): self.data.get(bound.html_initial_name, "") for bound in self}

    def renew(self, theirs: Mapping[str, str]) -> None:
        """Say what somebody else has written meanwhile, by field; sent again, the form overwrites it."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name, text in theirs.items():
            bound = self[_form_name(name)]
            data[bound.html_initial_name] = text
            sentence = _(
                "Somebody else has changed this to “%(text)s” in the meantime. Save again to overwrite it."
            )
            self.add_error(bound.name, sentence % {"text": text})
        self.data = data

    def changes(self) -> dict[str, Any]:
        """Return what differs from what the form was shown with, as the services take it."""
        told = self.cleaned_data
        changed = set(self.changed_data)
        given: dict[str, Any] = {name: told[name] for name in self.plain if name in changed}
        given["attributes"] = {
            entry.key: told[f"attr-{entry.key}"]
            for entry in self._dictionary
            if f"attr-{entry.key}" in changed
        }
        return given

    def refuse(self, refusal: ValidationError) -> None:
        """Put the service's refusals beside their fields."""
        for name, reasons in refusal.message_dict.items():
            field = _form_name(name)
            for reason in reasons:
                self.add_error(field if field in self.fields else None, reason)


class ContactForm(DescribedForm):
    plain = ("email", "phone", "timezone")

    email = forms.CharField(
        label=_("E-mail address"), max_length=254, required=False, widget=forms.EmailInput
    )
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Where the person is: for hours by their own clock, quiet hours and caps."),
    )

    def __init__(self, *args: Any, record: Contact | Company | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        known = dict([("", _("Not known")), *zone_choices()])
        if isinstance(record, Contact):
            known.setdefault(record.timezone, record.timezone)
        self.fields["timezone"].choices = list(known.items())  # type: ignore[attr-defined]  # a choice's


def _form_name(name: str) -> str:
    return name.replace("attributes.", "attr-", 1)


def _service_name(name: str) -> str:
    return name.replace("attr-", "attributes.", 1)


def _field(entry: Attribute, text: str) -> forms.Field:
    told: dict[str, Any] = {
        "label": entry.label,
        "required": False,
        "initial": text,
        "help_text": entry.definition[:200],
    }
    match entry.type:
        case Type.BOOLEAN:
            return forms.ChoiceField(choices=YES_NO, **told)
        case Type.CHOICE if entry.choices:
            known = dict.fromkeys(["", *entry.choices, text])
            return forms.ChoiceField(choices=[(choice, choice or "–") for choice in known], **told)
        case Type.DATE:
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), max_length=10, **told)
        case Type.NUMBER | Type.MONEY:
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **told)
        case Type.LIST:
            told["help_text"] = told["help_text"] or _("Put | between several.")
    if "\n" in text:  # an input of one line would send it back as one
        told["widget"] = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(**told)


def _topics() -> list[tuple[str, object]]:
    return topic_choices(Channel.EMAIL, whole=_("E-mail as a whole"))


class NewContactForm(ContactForm):
    """A contact together with what they said about e-mail, where they said something."""

    consent = forms.ChoiceField(
        label=_("Consent to e-mail"),
        required=False,
        choices=[
            ("", _("They said nothing: nothing is sent")),
            (ConsentStatus.PENDING, _("Ask them to confirm by e-mail")),
            (ConsentStatus.SUBSCRIBED, _("They have agreed already")),
        ],
    )
    topic = forms.ChoiceField(label=_("Topic"), required=False, choices=_topics)
    basis = forms.CharField(
        label=_("How you know"),
        max_length=64,
        required=False,
        help_text=_("Such as: asked at the fair, sign-up sheet."),
    )
    wording = forms.CharField(
        label=_("What they agree to, word for word"),
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("consent") and not (told.get("basis") or "").strip():
            self.add_error("basis", _("Say on what ground this person may be written to."))
        return told

    def change(self) -> ConsentChange | None:
        told = self.cleaned_data
        if not told["consent"]:
            return None
        return ConsentChange(
            status=ConsentStatus(told["consent"]),
            topic=told["topic"],
            basis=told["basis"],
            source=gettext("by hand"),
            wording=told["wording"],
        )


class ConsentForm(forms.Form):
    """What somebody told us about their consent, by hand."""

    status = forms.ChoiceField(
        label=_("What they said"),
        choices=[
            (ConsentStatus.UNSUBSCRIBED, _("No e-mail any more")),
            (ConsentStatus.SUBSCRIBED, _("Yes to e-mail")),
            (ConsentStatus.PENDING, _("Maybe: ask them to confirm by e-mail")),
        ],
    )
    topic = forms.ChoiceField(label=_("Topic"), required=False, choices=_topics)
    basis = forms.CharField(
        label=_("How you know"), max_length=64, help_text=_("Such as: telephone call, letter, signed form.")
    )
    wording = forms.CharField(
        label=_("What they said, word for word"),
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LiftForm(forms.Form):
    why = forms.CharField(label=_("Why they may be written to again"), max_length=500)
