"""
What every app's `admin.py` builds on.

    @admin.register(Segment)
    class SegmentAdmin(BookendAdmin):
        list_display = ["name", "size", "refreshed_at"]
        search_fields = ["^name"]          # a prefix, of an indexed field

    @admin.register(Recipient)
    class RecipientAdmin(LedgerAdmin):     # nobody edits what happened
        ordering = ["-id"]                 # an order that an index serves

Pages of the admin cost the same on a table of any size: nothing is counted, foreign keys are typed as
numbers, and what `list_display` follows belongs into `list_select_related`. On a partitioned table name an
`ordering` that its indexes serve. A search by `=field` asks for that very value, so that its index answers.

Who may do what is asked of `permissions.py` as everywhere: `app.view_model`, `app.change_model` and so on. To
look, an administrator needs no permission of the model's own; to change something, the app must name one.
A change made here leaves an audit event like any other act.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar

import rules
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, ForeignKey, Model, Q, QuerySet, URLField
from django.forms import Form
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from apps.accounts import audit
from apps.accounts.models import User
from apps.core import clock

NOTHING = Q(pk__in=[])


class BookendAdmin(ModelAdmin):  # type: ignore[misc]  # untyped package
    """See this module's docstring."""

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_fullwidth = True
    actions: ClassVar[list[Any]] = []
    raw_id_fields: Sequence[str] = ()

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        chosen = {*self.autocomplete_fields, *self.raw_id_fields}
        keys = [field.name for field in model._meta.fields if isinstance(field, ForeignKey)]
        # A drop-down of a million contacts would be one page of all of them.
        self.raw_id_fields = (*self.raw_id_fields, *(name for name in keys if name not in chosen))
        super().__init__(model, admin_site)

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"  # as Django itself will from 6.0 on, and warns of until then
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows of which each word fits one of `search_fields`."""
        for told in smart_split(search_term):
            is_quoted = told[0] in "\"'" and len(told) > 1 and told[0] == told[-1]
            word = unescape_string_literal(told) if is_quoted else told
            fitting = (_fits(self.model, name, word) for name in self.get_search_fields(request))
            queryset = queryset.filter(reduce(or_, fitting, NOTHING))
        return queryset, False  # the fields lead up to one row each, never down to many

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request, "accounts.use_admin")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        name = self._permission("view")
        asked = obj is not None and rules.perm_exists(name)
        return _may(request, "accounts.use_admin") and (not asked or _may(request, name, obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, "add", None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, "delete", obj)

    def _may_write(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        name = self._permission(verb)
        # A superuser has also the permissions that nobody names; the admin asks for more than that.
        return rules.perm_exists(name) and _may(request, "accounts.use_admin") and _may(request, name, obj)

    def _permission(self, verb: str) -> str:
        return f"{self.opts.app_label}.{verb}_{self.opts.model_name}"

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._audit(request, obj, "deleted")
        return super().log_deletions(request, queryset)

    def construct_change_message(
        self, request: HttpRequest, form: Form, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Name fields by their system names, for the audit event as for the admin's own history."""
        return [{"added": {}}] if add else [{"changed": {"fields": form.changed_data}}]

    def _audit(self, request: HttpRequest, obj: Model, verb: str, message: Any = None) -> None:
        assert isinstance(request.user, User)
        details: dict[str, object] = {"via": "admin"}
        if message:
            details["fields"] = message[0]["changed"]["fields"]
        action = f"{self.opts.model_name}.{verb}"
        audit.record(action=action, subject=obj, by=request.user, now=clock.now(), details=details)


class LedgerAdmin(BookendAdmin):
    """Of rows that say what happened: to be read, and by nobody changed."""

    def _may_write(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        return False


def _may(request: HttpRequest, permission: str, obj: Model | None = None) -> bool:
    return isinstance(request.user, User) and request.user.has_perm(permission, obj)


def _fits(model: type[Model], told: str, word: str) -> Q:
    """
    Return the condition of one entry of `search_fields`: `=` is this value, `^` a beginning, bare a part.

    Django's own `=` compares in capitals, numbers as text, and no index knows either.
    """
    path = told.lstrip("=^")
    if not told.startswith("="):
        return Q(**{f"{path}__{'istartswith' if told.startswith('^') else 'icontains'}": word})
    *steps, name = path.split("__")
    for step in steps:
        related = model._meta.get_field(step).related_model
        assert isinstance(related, type), f"{told} leads nowhere"
        model = related
    field: Any = model._meta.get_field(name)
    field = getattr(field, "target_field", field)
    try:
        value = field.to_python(word)
        field.run_validators(value)  # a number that no column holds would be an error of the database
    except ValidationError:
        return NOTHING
    return Q(**{path: value})
