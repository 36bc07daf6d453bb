"""What is kept of imports, and for how long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from apps.contacts.models import ImportFile, ImportKey
from apps.contacts.selectors.undo import UNDO_TIME

State = ImportFile.State
AT_ONCE = 200


def imports_forget(*, now: datetime) -> int:
    """
    Delete the uploaded files whose days are over, and the records of imports that can no longer be undone.

    Return how many files that was. What the imports counted stays.
    """
    _keys_forget(now=now)
    return _files_forget(now=now)


def _keys_forget(*, now: datetime) -> None:
    over = Q(finished_at__lte=now - UNDO_TIME) & ~Q(state=State.UNDOING)
    with_keys = ImportKey.objects.values("import_file")
    for import_file in ImportFile.objects.filter(over, pk__in=with_keys)[:AT_ONCE]:
        import_file.keys.all().delete()


def _files_forget(*, now: datetime) -> int:
    old = ImportFile.objects.filter(updated_at__lte=now - timedelta(days=settings.IMPORT_FILE_DAYS))
    idle = old.exclude(state__in=[State.READING, State.PENDING, State.RUNNING, State.UNDOING]).exclude(
        file=""
    )
    rows = list(idle.order_by("pk")[:AT_ONCE])
    for import_file in rows:
        import_file.file.delete(save=False)
        ImportFile.objects.filter(pk=import_file.pk).update(file="")
    return len(rows)
