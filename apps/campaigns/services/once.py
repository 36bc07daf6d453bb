from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction

M = TypeVar("M", bound=models.Model)


def made_once(model: type[M], key: UUID | None, make: Callable[[], M]) -> M:
    """
    Return what `make` makes, in one transaction; or what it made for the same form before.

    `key` is drawn when the form is shown, so a form that is sent twice, even at once, makes one thing.
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
