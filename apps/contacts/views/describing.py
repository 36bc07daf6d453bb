"""How contacts and companies, both described by the dictionary, are added and changed on a page."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render

from apps.accounts.http import UserRequest
from apps.contacts import services
from apps.contacts.forms.contacts import DescribedForm
from apps.contacts.models import Company, Contact
from apps.core.errors import DomainError, StaleEdit

R = TypeVar("R", Contact, Company)


def record_save(
    form: DescribedForm,
    save: Callable[[], R],
    *,
    record: R | None = None,
    beside: Mapping[type[DomainError], str] = MappingProxyType({}),
) -> R | None:
    """
    Return what `save` has written; None if it was refused, and the form says so.

    A refusal that names no field of the form stands `beside` the one that its kind has here, or on top. What
    somebody else has changed of the `record` meanwhile is shown, to be overwritten or not.
    """
    try:
        return save()
    except ValidationError as refusal:
        form.refuse(refusal)
    except StaleEdit as change:
        assert record is not None, "only what was there before can have been changed"
        record.refresh_from_db()
        form.renew({name: services.field_text(record, name) for name in change.fields})
    except DomainError as refusal:
        fitting = [field for kind, field in beside.items() if isinstance(refusal, kind)]
        named = [refusal.field] if refusal.field in form.fields else fitting
        form.add_error(named[0] if named else None, str(refusal))
    return None


def record_form(
    request: UserRequest, form: DescribedForm, *, template: str, record: Contact | Company | None = None
) -> HttpResponse:
    """Show the form of a new record, or of this one."""
    may_describe = request.user.has_perm("contacts.add_attribute")
    return render(request, template, {"form": form, "record": record, "may_describe": may_describe})
