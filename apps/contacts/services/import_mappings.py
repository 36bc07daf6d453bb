"""Mappings of columns that are kept under a name, for the next file of the same kind."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.importkinds import kind_of
from apps.contacts.mapping import ColumnMap, Entry, MappingInvalid, mapping_check
from apps.contacts.models import Attribute, ImportFile, ImportMapping
from apps.contacts.services.imports import ImportRefused, rules_settle

MOST = 500


@transaction.atomic
def import_mapping_save(
    *, import_file: ImportFile, name: str, by: User | None, now: datetime
) -> ImportMapping:
    """
    Keep what an import's columns mean under a name.

    :raises ImportRefused: nobody has said yet what they mean
    :raises ValidationError: by field; no name, or one that is taken
    :raises MappingInvalid: it names an attribute that is not in the dictionary, as after a mere check
    """
    if not import_file.mapping:
        raise ImportRefused(_("Nobody has said yet what the columns of this file are."))
    kept = import_mapping_create(
        name=name,
        about=import_file.about,
        mapping=import_file.mapping,
        rules=import_file.rules,
        key=import_file.key,
        mode=import_file.mode,
        by=by,
        now=now,
    )
    ImportFile.objects.filter(pk=import_file.pk).update(saved_mapping=kept, updated_at=now)
    return kept


@transaction.atomic
def import_mapping_create(
    *,
    name: str,
    mapping: Mapping[str, str | None],
    key: str,
    mode: str,
    rules: Mapping[str, str],
    by: User | None,
    now: datetime,
    about: str = ImportFile.About.CONTACTS,
) -> ImportMapping:
    """
    Keep a mapping under a name. Columns that are left out of imports are left out of it.

    :raises ValidationError: by field; no name, or one that is taken
    :raises MappingInvalid: targets that cannot be, nothing to know people by, or a rule for no column
    """
    kind = kind_of(about)
    key = key or kind.key
    told = {column: _bare(target) for column, target in mapping.items() if target}
    dictionary = {
        entry.key: Entry(entry.type, tuple(entry.choices))
        for entry in Attribute.current.of(kind.subject).only("key", "type", "choices")
    }
    mapping_check(ColumnMap(tuple(told), tuple(told.values()), key, dictionary, kind))
    if ImportMapping.objects.count() >= MOST:
        raise MappingInvalid(_("There are too many saved mappings. Delete some of them first."))
    kept = ImportMapping(
        name=name.strip(),
        about=about,
        by=by,
        columns=sorted(told),
        mapping=told,
        rules=rules_settle(kind=kind, mapping=told, key=key, rules=rules),
        key=key,
        mode=mode,
    )
    kept.full_clean()
    kept.save()
    collaboration.audit_record(action="import_mapping.created", subject=kept, by=by, now=now)
    return kept


@transaction.atomic
def import_mapping_rename(
    *, mapping: ImportMapping, name: str, by: User | None, now: datetime
) -> ImportMapping:
    """:raises ValidationError: by field; no name, or one that is taken"""
    mapping = ImportMapping.objects.select_for_update(no_key=True).get(pk=mapping.pk)
    if mapping.name == name.strip():
        return mapping
    mapping.name = name.strip()
    mapping.full_clean()
    mapping.save()
    collaboration.audit_record(action="import_mapping.renamed", subject=mapping, by=by, now=now)
    return mapping


@transaction.atomic
def import_mapping_delete(*, mapping: ImportMapping, by: User | None, now: datetime) -> None:
    """Forget a mapping. Imports that used it stay as they are."""
    collaboration.audit_record(
        action="import_mapping.deleted", subject=mapping, by=by, now=now, details={"name": mapping.name}
    )
    mapping.delete()


@transaction.atomic
def import_mapping_use(*, mapping: ImportMapping, import_file: ImportFile) -> ImportFile:
    """
    Say of a draft's columns what a saved mapping says; nothing is started.

    :raises ImportRefused: started already, the file lacks a column, or it is about something else
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    if not import_file.is_startable:
        raise ImportRefused(_("This import has been started already."))
    if mapping.about != import_file.about:
        raise ImportRefused(
            _("This mapping is of files about: %(about)s.") % {"about": mapping.get_about_display()}
        )
    names = [column["name"] for column in import_file.columns]
    if absent := sorted(set(mapping.columns) - set(names)):
        raise ImportRefused(
            _("The file has no column %(names)s.")
            % {"names": ", ".join(f"“{one[:60]}”" for one in absent[:5])}
        )
    import_file.mapping = {name: mapping.mapping.get(name) for name in names}
    import_file.rules, import_file.key, import_file.mode = mapping.rules, mapping.key, mapping.mode
    import_file.saved_mapping = mapping
    import_file.save(update_fields=["mapping", "rules", "key", "mode", "saved_mapping", "updated_at"])
    return import_file


def _bare(target: str) -> str:
    """Return the target without the type of a new attribute."""
    return ":".join(target.split(":")[:2]) if target.startswith("attr:") else target
