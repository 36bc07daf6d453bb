from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Channel, Topic
from apps.core.refusals import SeenForm


class TopicChangeForm(SeenForm):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What readers see, such as “New products”.")
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence for readers: what they get, and how often."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Written about by"), choices=Channel, widget=forms.CheckboxSelectMultiple
    )
    is_public = forms.BooleanField(
        label=_("Readers choose it themselves"),
        required=False,
        help_text=_("It stands on the preference page that mails lead to."),
    )
    position = forms.IntegerField(
        label=_("Position"),
        min_value=0,
        max_value=1_000_000,
        help_text=_("Smaller numbers stand further up."),
    )

    @staticmethod
    def initial_of(topic: Topic) -> dict[str, Any]:
        names = TopicChangeForm.base_fields.keys() - {"seen_at"}
        told = {name: getattr(topic, name) for name in names}
        return told | {"seen_at": topic.updated_at.isoformat()}


class TopicForm(TopicChangeForm):
    field_order = ["name", "key"]
    seen_at = None  # type: ignore[assignment]  # nobody has saved it yet

    key = forms.CharField(
        label=_("System name"),
        max_length=64,
        help_text=_("How imports, rules and programs name it, such as new_products. It never changes."),
    )
