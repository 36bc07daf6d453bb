"""What was there when a request began, and is not when it acts: somebody else has deleted it meanwhile."""

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError
from django.db.models import Model

# What is raised when an act looks for its subject again, or refers to it.
ABSENCE = (ObjectDoesNotExist, IntegrityError)


def has_gone(subject: Model | None) -> bool:
    """Test if the row that this was loaded from is not there any more, as the pages of its kind see it."""
    return subject is not None and not type(subject)._default_manager.filter(pk=subject.pk).exists()
