from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import IntegrityError, models, transaction

M = TypeVar("M", bound=models.Model)


def creation_key(key: UUID | None, words: Mapping[str, object]) -> UUID | None:
    """
    Return the key of what a form makes of these words; None: it has none, and makes something each time.

    The browser's Back brings the form with its old `key`. Other words then make another thing: the first may
    have been worked on since, by others too, so it is not overwritten.
    """
    if key is None:
        return None
    return uuid5(key, "\n".join(f"{name}={_said(value)}" for name, value in sorted(words.items())))


def made_once(model: type[M], key: UUID | None, make: Callable[[], M]) -> M:
    """
    Return what `make` makes, in one transaction; or what it made under the same `creation_key` before.

    The form's key is drawn when it is shown, so a form that is sent twice, even at once, makes one thing.
    """
    found = model._default_manager.filter(creation_key=key).first() if key else None
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return make()
    except IntegrityError:
        found = model._default_manager.filter(creation_key=key).first() if key else None
        if found is None:
            raise
        return found


def _said(value: object) -> str:
    return f"{value._meta.label}:{value.pk}" if isinstance(value, models.Model) else repr(value)
