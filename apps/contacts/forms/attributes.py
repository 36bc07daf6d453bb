from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.models import Attribute
from apps.core.refusals import SeenForm

# For people who never met a “boolean”: what the values look like, and what that is good for.
TYPES = {
    Attribute.Type.TEXT: _("Text: words as they come, such as a town"),
    Attribute.Type.NUMBER: _("Number: can be compared, such as 12 visits"),
    Attribute.Type.MONEY: _("Money: an amount to the cent, such as 59.90"),
    Attribute.Type.BOOLEAN: _("Yes or no: such as has bought before"),
    Attribute.Type.DATE: _("Date: a day, such as a birthday"),
    Attribute.Type.DATETIME: _("Date and time: a moment, such as the last visit"),
    Attribute.Type.CHOICE: _("One of a list: such as gold, silver or tin"),
    Attribute.Type.LIST: _("Several of a list: such as all their hobbies"),
}
USES = {
    Attribute.Use.TARGETING: _("Targeting: segments may ask for it"),
    Attribute.Use.CONTENT: _("Content: messages may print it"),
    Attribute.Use.INSIGHT: _("Insight: results may be told apart by it"),
}


class AttributeChangeForm(SeenForm):
    """What may change about an attribute: all but its system name."""

    label = forms.CharField(label=_("Business name"), max_length=100, help_text=_("What people call it."))
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[(type_, TYPES[type_]) for type_ in Attribute.Type],
        help_text=_("What its values are. Once there are some, they have to fit the new one."),
    )
    is_converted = forms.BooleanField(label=_("Read all values as the new type"), required=False)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, for “one of a list”. Empty: any."),
    )
    definition = forms.CharField(
        label=_("Definition"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What exactly it says about a person or company, so that two people use it alike."),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )
    source = forms.CharField(
        label=_("Source system"),
        max_length=100,
        required=False,
        help_text=_("Where its values come from: as the register of systems calls it."),
    )
    sensitivity = forms.ChoiceField(label=_("Sensitivity"), choices=Attribute.Sensitivity)
    uses = forms.MultipleChoiceField(
        label=_("May be used for"),
        choices=[(use, USES[use]) for use in Attribute.Use],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=list(Attribute.Use),
    )
    is_indexed = forms.BooleanField(
        label=_("Quick to search"),
        required=False,
        help_text=_(
            "Builds an index in the background, for attributes that many filters and segments ask for."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["owner"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.filter(is_active=True).order_by("name", "email")

    def clean_choices(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    @staticmethod
    def initial_of(attribute: Attribute) -> dict[str, Any]:
        return {
            "label": attribute.label,
            "type": attribute.type,
            "choices": "\n".join(attribute.choices),
            "definition": attribute.definition,
            "owner": attribute.owner_id,
            "source": attribute.source,
            "sensitivity": attribute.sensitivity,
            "uses": attribute.uses,
            "is_indexed": attribute.is_indexed,
            "seen_at": attribute.updated_at.isoformat(),
        }


class AttributeForm(AttributeChangeForm):
    """A new attribute. `is_other` says that it is none of those that are alike."""

    key = forms.CharField(
        label=_("System name"),
        max_length=63,
        help_text=_("Lower-case words joined by underscores, such as last_order. It never changes."),
    )
    applies_to = forms.ChoiceField(
        label=_("About"), choices=Attribute.Subject, initial=Attribute.Subject.CONTACT
    )
    is_converted = None  # type: ignore[assignment]  # nothing has a value yet
    seen_at = None  # type: ignore[assignment]  # nor has anybody saved it
    is_other = forms.BooleanField(label=_("It means something else than these"), required=False)

    field_order = ["applies_to", "label", "key", "type", "choices", "definition"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].help_text = _("What its values are.")
