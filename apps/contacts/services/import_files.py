"""What is kept of imports, and for how long."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import Storage
from django.db.models import Exists, OuterRef, Q

from apps.contacts.models import ImportFile, ImportKey
from apps.contacts.selectors.undo import UNDO_TIME

State = ImportFile.State
AT_ONCE = 200
# A file that comes every month finds what the last one said.
KNOWN_TIME = timedelta(days=35)


def imports_forget(*, now: datetime) -> int:
    """
    Delete the uploaded files whose days are over, and the records of imports that can no longer be undone.

    Return how many files that was. What the imports counted stays.
    """
    _keys_forget(now=now)
    return _files_forget(now=now) + _strays_forget(now=now)


def _keys_forget(*, now: datetime) -> None:
    """Keep what undoing needs while that can be, and the digests of the last import on the same terms."""
    later = ImportFile.objects.taken().filter(fingerprint=OuterRef("fingerprint"), pk__gt=OuterRef("pk"))
    is_last = ImportFile.objects.taken().exclude(fingerprint="").exclude(Exists(later))
    asked = is_last.filter(finished_at__gt=now - KNOWN_TIME).values("pk")
    over = Q(finished_at__lte=now - UNDO_TIME) & ~Q(state=State.UNDOING)
    with_keys = ImportFile.objects.filter(pk__in=ImportKey.objects.values("import_file"))
    for import_file in with_keys.filter(over).exclude(pk__in=asked)[:AT_ONCE]:
        import_file.keys.all().delete()
    for import_file in with_keys.filter(over, pk__in=asked)[:AT_ONCE]:
        import_file.keys.filter(before__isnull=False).update(before=None)
    for import_file in with_keys.taken().filter(~over, Exists(later))[:AT_ONCE]:
        import_file.keys.filter(is_new=False, before__isnull=True).delete()


def _files_forget(*, now: datetime) -> int:
    old = ImportFile.objects.filter(updated_at__lte=now - _file_time())
    idle = old.exclude(state__in=[State.READING, State.PENDING, State.RUNNING, State.UNDOING]).exclude(
        file=""
    )
    rows = list(idle.order_by("pk")[:AT_ONCE])
    for import_file in rows:
        import_file.file.delete(save=False)
        ImportFile.objects.filter(pk=import_file.pk).update(file="")
    return len(rows)


def _strays_forget(*, now: datetime) -> int:
    """Delete old files that no import knows, such as of an upload whose process was killed."""
    storage = ImportFile._meta.get_field("file").storage
    strays = [name for folder in _folders(storage) for name in _unknown(storage, folder)]
    old = [name for name in strays if storage.get_modified_time(name) <= now - _file_time()]
    for name in old[:AT_ONCE]:
        storage.delete(name)
    return len(old[:AT_ONCE])


def _folders(storage: Storage) -> Iterator[str]:
    """Yield the folder of each month that files came in."""
    root = "imports"
    for year in _listed(storage, root)[0]:
        for month in _listed(storage, f"{root}/{year}")[0]:
            yield f"{root}/{year}/{month}"


def _unknown(storage: Storage, folder: str) -> list[str]:
    names = {f"{folder}/{name}" for name in _listed(storage, folder)[1]}
    known = ImportFile.objects.filter(file__in=names).values_list("file", flat=True)
    return sorted(names - set(known))


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _file_time() -> timedelta:
    return timedelta(days=settings.IMPORT_FILE_DAYS)
