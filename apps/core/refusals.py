"""What a service refuses, on the form that asked for it."""

from django import forms

from apps.core.errors import DomainError


def refuse(form: forms.BaseForm, refusal: DomainError) -> None:
    """Show the sentence beside the field that it is about, or on top where the form has no such field."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
