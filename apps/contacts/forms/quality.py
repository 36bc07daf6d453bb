from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Attribute
from apps.contacts.quality.catalogue import Kind, Setting
from apps.contacts.selectors import RuleNow


class RuleForm(forms.Form):
    """Whether a rule is on, how much it counts, and what can be tuned about it."""

    is_on = forms.BooleanField(label=_("The rule is on"), required=False)
    weight = forms.IntegerField(
        label=_("Weight"),
        min_value=0,
        max_value=10,
        help_text=_("How much it counts in the score, from 0 to 10. At 0 it finds, and does not count."),
    )

    def __init__(self, *args: Any, rule: RuleNow, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"is_on": rule.is_on, "weight": rule.weight}
        for setting in rule.rule.settings:
            told = rule.settings[setting.key]
            initial[setting.key] = "\n".join(told) if setting.kind == Kind.WORDS else told
        super().__init__(*args, **{"initial": initial, **kwargs})
        self._settings = rule.rule.settings
        for setting in self._settings:
            self.fields[setting.key] = _field(setting)

    @property
    def tuned(self) -> list[forms.BoundField]:
        """The fields of this rule's own settings."""
        return [self[setting.key] for setting in self._settings]

    def terms(self) -> dict[str, Any]:
        """Return what was said, as `quality_rule_update` takes it."""
        told = self.cleaned_data
        settings = {
            setting.key: told[setting.key].splitlines() if setting.kind == Kind.WORDS else told[setting.key]
            for setting in self._settings
        }
        return {"is_on": told["is_on"], "weight": told["weight"], "settings": settings}


def _field(setting: Setting) -> forms.Field:
    label: Any = setting.label  # the stubs of Django's fields know a promise of their own only
    help_text: Any = setting.help
    if setting.kind == Kind.NUMBER:
        return forms.IntegerField(
            label=label, help_text=help_text, min_value=setting.low, max_value=setting.high
        )
    if setting.kind == Kind.WORDS:
        return forms.CharField(
            label=label,
            help_text=help_text,
            required=False,
            widget=forms.Textarea(attrs={"rows": 6}),
        )
    known = [(key, label) for key, label in Attribute.objects.values_list("key", "label")]
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        required=False,
        choices=[("email", _("E-mail")), ("phone", _("Telephone")), *known],
        widget=forms.CheckboxSelectMultiple,
    )
