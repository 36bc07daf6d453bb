"""The forms of the rules that hold for every message."""

from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import zone_field
from apps.core.refusals import SeenModelForm
from apps.messaging.models import SendingPolicy


class PolicyForm(SeenModelForm):
    timezone = zone_field()

    class Meta:
        model = SendingPolicy
        fields = ["control_percent", "control_seed", "timezone"]
        help_texts = {
            "control_percent": _(
                "So many of all contacts, the same people every time, get no message at all from the next "
                "launch on. 0: there is no control group."
            ),
            "control_seed": _(
                "Another number draws other people. Results then cannot be compared with before."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].help_text = _("Where contacts are taken to be of whom no zone is known.")


class MoveForm(forms.Form):
    """What the original has done since this copy of it was made: nobody but a person knows."""

    class Since(TextChoices):
        NOTHING = "nothing", _("It sent nothing: it was stopped before the copy was made")
        UNKNOWN = "unknown", _("It sent on, or nobody knows")

    since = forms.ChoiceField(
        label=_("What the original did after the copy was made"),
        choices=Since.choices,
        widget=forms.RadioSelect,
    )
