"""The form of a provider, which asks what its kind needs."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.refusals import SeenModelForm
from apps.messaging.channels.base import Setting
from apps.messaging.models import (
    Provider,
)


class ProviderForm(SeenModelForm):
    """What a kind of provider asks for; a secret that is known is left empty to stay."""

    class Meta:
        model = Provider
        fields = ["name", "is_active"]
        help_texts = {"is_active": _("Senders can be given it.")}

    def __init__(self, *args: Any, settings: Sequence[Setting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings = settings
        for setting in settings:
            self.fields[setting.key] = self._field(setting)
        self.order_fields(["name", *(setting.key for setting in settings), "is_active"])

    def _field(self, setting: Setting) -> forms.Field:
        is_known = setting.is_secret and self.instance.pk is not None
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if setting.default:
            attrs["placeholder"] = setting.default
        hint = _("Empty: the one that is kept stays.") if is_known else setting.help_text
        return forms.CharField(
            label=str(setting.label),
            help_text=str(hint),
            required=setting.is_required and not is_known,
            max_length=None if setting.is_long else 1000,
            initial="" if setting.is_secret else self.instance.setting(setting.key),
            widget=_setting_widget(setting, attrs),
        )

    def told(self) -> dict[str, str]:
        return {setting.key: self.cleaned_data[setting.key] for setting in self._settings}


def _setting_widget(setting: Setting, attrs: dict[str, str]) -> forms.Widget:
    if setting.is_secret:
        return forms.PasswordInput(attrs=attrs | {"autocomplete": "new-password"})
    if setting.choices:
        return forms.Select(choices=setting.choices)
    if setting.is_long:
        return forms.Textarea(attrs=attrs | {"rows": "10", "class": "form-control font-monospace"})
    return forms.TextInput(attrs=attrs)
