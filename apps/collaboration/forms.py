from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.collaboration.kinds import GENERAL, kinds
from apps.collaboration.models import NotificationSettings


class AttachmentForm(forms.Form):
    file = forms.FileField(label=_("File"), max_length=255, allow_empty_file=True)  # the service says why not


class CommentForm(forms.Form):
    text = forms.CharField(label=_("Comment"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))


def _kind_choices() -> list[tuple[str, Any]]:
    return [(name, kind.label) for name, kind in kinds.items()]


class SettingsForm(forms.Form):
    """What somebody wants to be told of: the ticked kinds in the app, the ticked kinds by e-mail."""

    digest = forms.ChoiceField(
        label=_("Digest by e-mail"),
        choices=NotificationSettings.Digest.choices,
        widget=forms.RadioSelect,
        help_text=_("What you have not read since the last one. Nothing new: no mail."),
    )
    hour = forms.TypedChoiceField(
        label=_("At"),
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        help_text=_("In your time zone."),
    )
    shown = forms.MultipleChoiceField(choices=_kind_choices, required=False)
    mailed = forms.MultipleChoiceField(choices=_kind_choices, required=False)

    def __init__(self, *args: Any, wish: NotificationSettings, **options: Any) -> None:
        options["initial"] = {
            "digest": wish.digest,
            "hour": wish.hour,
            "shown": [name for name, _kind in kinds.items() if name not in wish.hidden],
            "mailed": [name for name, _kind in kinds.items() if name not in wish.unmailed],
        }
        super().__init__(*args, **options)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The kinds, each with whether it is ticked in the app and by e-mail."""
        shown, mailed = (self[name].value() or [] for name in ("shown", "mailed"))
        return [
            {"name": name, "kind": kind, "is_shown": name in shown, "is_mailed": name in mailed}
            for name, kind in sorted(kinds.items(), key=lambda one: one[0] == GENERAL)  # which is last
        ]

    @property
    def fields_cleaned(self) -> dict[str, Any]:
        said = self.cleaned_data
        names = [name for name, _kind in kinds.items()]
        return {
            "digest": said["digest"],
            "hour": said["hour"],
            "hidden": [name for name in names if name not in said["shown"]],
            "unmailed": [name for name in names if name not in said["mailed"]],
        }
