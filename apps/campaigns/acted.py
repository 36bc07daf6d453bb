"""How Django admin changes what people work on: by the acts of this app, refused for the same reasons."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from django.forms import Form, HiddenInput, IntegerField, ModelForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import cached_property

from apps.accounts.admin_base import BookendAdmin
from apps.campaigns.errors import ChangedMeanwhile
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.refusals import refuse


class ActedForm(ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    """
    Carries the version that was looked at. A field is changed if it differs from what was shown in it, so
    what a colleague has written in another one meanwhile is left alone.
    """

    seen = IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=HiddenInput)
    refusal: DomainError | None = None  # of the act that was tried with what was sent

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["seen"] = self.instance.version
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "seen"

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "seen"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if isinstance(self.refusal, ChangedMeanwhile):
            for name, sentence in self.refusal.theirs.items():
                self.add_error(name if name in self.fields else None, sentence)
            data = QueryDict(mutable=True)
            data.update(self.data)
            data[self.add_prefix("seen")] = str(self.refusal.version)
            self.data = data  # sent again, it overwrites: the person has been told
        elif self.refusal is not None:
            refuse(self, self.refusal)
        return cleaned


class ActedAdmin(BookendAdmin):
    """Changes are written by `act`, which locks, checks and audits; nothing is added or deleted here."""

    form = ActedForm
    act: ClassVar[Callable[..., object]]
    argument: ClassVar[str]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show the form, or save what it says; refused by the act, it is shown again with what was typed."""
        try:
            return super().changeform_view(request, *args, **options)  # type: ignore[no-any-return]
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]  # for `get_form` below
            return super().changeform_view(request, *args, **options)  # type: ignore[no-any-return]

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: Any
    ) -> Any:
        made = super().get_form(request, obj, change, **options)
        made.refusal = getattr(request, "refusal", None)  # the class is made anew for each request
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Form, change: bool) -> None:
        assert isinstance(form, ActedForm)
        row = type(obj)._default_manager.get(pk=obj.pk)
        told = {name: form.cleaned_data[name] for name in form.changed_data}
        seen = form.cleaned_data["seen"]
        type(self).act(**{self.argument: row}, by=request.user, now=clock.now(), seen=seen, **told)

    def _audit(self, request: HttpRequest, obj: Model, verb: str, message: Any = None) -> None:
        """The act has told it already."""
