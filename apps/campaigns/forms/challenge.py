"""The forms of a challenge: the question, an answer, what was decided; and who may challenge."""

from typing import Any

from django import forms
from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from apps.campaigns import selectors
from apps.campaigns.forms.base import KeyForm, PersonField
from apps.campaigns.models import Campaign, Challenge


class ChallengeRaise(KeyForm):
    thing = forms.ChoiceField(label=_("About"), help_text=_("It is held until the question is resolved."))
    question = forms.CharField(
        label=_("Question"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What must be answered before this goes on?"),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        thing = self.fields["thing"]
        assert isinstance(thing, forms.ChoiceField)
        asked = str(self.data.get("thing") or self.initial.get("thing") or "")
        thing.choices = [
            (kind, [(offer.value, offer.label) for offer in offered])
            for kind, offered in selectors.offers(campaign, also=asked)
        ]

    @property
    def chosen(self) -> Model:
        """The thing itself; it is there, for the field has been cleaned."""
        label, _colon, pk = self.cleaned_data["thing"].partition(":")
        model: type[Model] = apps.get_model(label)
        return model._default_manager.get(pk=pk)


class ChallengeAnswer(forms.Form):
    text = forms.CharField(label=_("Answer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4}))


class ChallengeResolve(forms.Form):
    resolution = forms.ChoiceField(
        label=_("Resolution"), choices=Challenge.Resolution.choices, widget=forms.RadioSelect
    )
    decision = forms.CharField(
        label=_("What was decided"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stays on record. Needed when an answer is accepted."),
    )


class ChallengerAdd(forms.Form):
    user = PersonField(selectors.may_work, label=_("Person"), empty_label=_("Choose a person"))
