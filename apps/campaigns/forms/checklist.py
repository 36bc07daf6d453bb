"""The forms of a task's checklist."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models import ChecklistItem, Task


class ChecklistAdd(forms.Form):
    """Stands beside the comments, whose field is called `text` too: hence ids of its own."""

    text = forms.CharField(
        label=_("New item"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_checklist_%s", **options})


class _OfTask(forms.Form):
    item = forms.ModelChoiceField(queryset=ChecklistItem.objects.none())

    def __init__(self, *args: Any, task: Task, **options: Any) -> None:
        super().__init__(*args, **options)
        item = self.fields["item"]
        assert isinstance(item, forms.ModelChoiceField)
        item.queryset = task.checklist.select_related("task")


class ChecklistTick(_OfTask):
    is_done = forms.BooleanField(required=False)


class ChecklistMove(_OfTask):
    position = forms.IntegerField(min_value=0, max_value=1000)


class ChecklistRemove(_OfTask):
    pass
