"""
An import as people and programs see it: start, resume, cancel.

How a file comes in is in `import_uploads`, the work itself in `import_work`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, BinaryIO, TypeVar, cast

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import attributes as keys
from apps.contacts.consents import ConsentChange
from apps.contacts.fieldrules import FieldRule, FieldRules
from apps.contacts.importkinds import CONTACTS, EVENTS, Kind, kind_of
from apps.contacts.mapping import ColumnMap, Entry, MappingInvalid, mapping_check
from apps.contacts.models import Attribute, Channel, ConsentStatus, ImportFile
from apps.contacts.services.topics import topic_check
from apps.core.errors import DomainError
from apps.core.queues import ring

State = ImportFile.State
C = TypeVar("C", bound=TextChoices)
RUN_TASK = "apps.contacts.tasks.imports_run"
COUNTS = ("rows_total", "created", "updated", "unchanged", "invalid", "suppressed", "duplicate")
CANCELLABLE = (State.SHEET, State.READING, State.DRAFT, State.PENDING, State.RUNNING)
CONSENT_PROOF = ("basis", "source", "wording")


class ImportRefused(DomainError):
    """This cannot be done to the import as it is now."""


@transaction.atomic
def import_start(
    *,
    import_file: ImportFile,
    by: User | None,
    now: datetime,
    mapping: Mapping[str, str | None] | None = None,
    key: str = "",
    mode: str = ImportFile.Mode.UPSERT,
    rules: Mapping[str, str] | None = None,
    consent: Mapping[str, str] | None = None,
    is_dry_run: bool = False,
) -> ImportFile:
    """
    Put an import in line: a draft, or one whose dry run has ended.

    `mapping` is column → target; columns that it leaves out are left out. Without one the guesses hold. The
    target "attr:KEY:TYPE" describes a new attribute, which is added to the dictionary first; a new key
    without a type is of the type guessed, and flagged until somebody describes it. A dry run adds nothing.
    `rules` says by column what may be written over (`FieldRule`); without one it is always written.
    `key` says what a row is known by, '' as usual for what the file is about.

    :raises MappingInvalid: columns that the file lacks, targets that cannot be, nothing to know people by, a
        rule for what overwrites nothing
    :raises ImportRefused: started already, a way that events do not come in, or consent without its proof
        or of no contact
    :raises TopicUnknown: consent to a topic that nobody described
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    _startable_check(import_file, mode=mode)
    import_file.mode, import_file.is_dry_run = mode, is_dry_run
    import_file.consent = _consent_settle(import_file, consent or {})
    import_file.key = key = key or kind_of(import_file.about).key
    import_file.mapping, new = _mapping_settle(import_file, mapping)
    if not is_dry_run:
        _attributes_add(new, by=by, now=now)
    mapping_check(column_map(import_file))
    import_file.rules = rules_settle(
        kind=kind_of(import_file.about), mapping=import_file.mapping, key=key, rules=rules or {}
    )
    _line_up(import_file, by=by, now=now)
    return import_file


def _line_up(import_file: ImportFile, *, by: User | None, now: datetime) -> None:
    """Have a worker take it from the first row, after a dry run too."""
    _reset(import_file)
    import_file.queued_at = now
    import_file.state = State.PENDING
    import_file.save()
    details: dict[str, object] = {
        "about": import_file.about,
        "dry_run": import_file.is_dry_run,
        "mode": import_file.mode,
        "key": import_file.key,
    }
    collaboration.audit_record(action="import.started", subject=import_file, by=by, now=now, details=details)
    ring(RUN_TASK)


def _startable_check(import_file: ImportFile, *, mode: str) -> None:
    """:raises ImportRefused: started already, its file is gone, or it does not come in this way"""
    if not import_file.is_startable:
        raise ImportRefused(_("This import has been started already."))
    if mode not in ImportFile.Mode.values:
        raise ImportRefused(_("“%(mode)s” is no way to import.") % {"mode": mode[:100]})
    file_check(import_file)
    if kind_of(import_file.about) is EVENTS and mode != ImportFile.Mode.UPSERT:
        raise ImportRefused(_("Events are only added: nothing that has happened is changed."))


def _consent_settle(import_file: ImportFile, consent: Mapping[str, str]) -> dict[str, Any]:
    """:raises ImportRefused: as `consent_check`, or it is no file of contacts"""
    change = consent_check(consent)
    if change and kind_of(import_file.about) is not CONTACTS:
        raise ImportRefused(_("Only a file of contacts can say what they agreed to."))
    return {**vars(change)} if change else {}


@transaction.atomic
def import_resume(*, import_file: ImportFile, by: User | None, now: datetime) -> ImportFile:
    """
    Go on with an import that failed, behind the last rows that it took.

    :raises ImportRefused: it has not failed
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    if not import_file.is_resumable:
        raise ImportRefused(_("Only an import that failed can be tried again."))
    file_check(import_file)
    import_file.state, import_file.error, import_file.finished_at = State.PENDING, "", None
    import_file.save()
    collaboration.audit_record(action="import.resumed", subject=import_file, by=by, now=now)
    ring(RUN_TASK)
    return import_file


@transaction.atomic
def import_cancel(*, import_file: ImportFile, by: User | None, now: datetime) -> ImportFile:
    """
    Stop an import after the chunk in hand. What it has taken stays.

    :raises ImportRefused: it has ended
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    if import_file.state not in CANCELLABLE:
        state = import_file.get_state_display()
        raise ImportRefused(_("This import has ended: “%(state)s”.") % {"state": state})
    import_file.state = State.CANCELLED
    import_file.finished_at = now
    import_file.lease_token = import_file.leased_until = None
    import_file.save()
    keys_thin(import_file)
    collaboration.audit_record(action="import.cancelled", subject=import_file, by=by, now=now)
    return import_file


def keys_thin(import_file: ImportFile) -> None:
    """Leave of the keys of an import that has ended what undoing it needs, and the next import needs."""
    keys = import_file.keys.all()
    if not import_file.is_dry_run:
        keys = keys.filter(is_new=False, before__isnull=True, digest__isnull=True)
    keys.delete()


def consent_check(consent: Mapping[str, str]) -> ConsentChange | None:
    """
    Return what the file says about consent; None for nothing.

    :raises ImportRefused: unknown words, or subscribing without basis, source and wording
    :raises TopicUnknown: a topic that nobody described
    """
    if not any(consent.values()):
        return None
    unknown = consent.keys() - {"status", "channel", "topic", *CONSENT_PROOF}
    if unknown:
        raise ImportRefused(_("Consent knows nothing of “%(name)s”.") % {"name": min(unknown)[:100]})
    status = _told(ConsentStatus, consent.get("status") or ConsentStatus.SUBSCRIBED)
    channel = _told(Channel, consent.get("channel") or Channel.EMAIL)
    proof = {name: (consent.get(name) or "").strip() for name in CONSENT_PROOF}
    if status != ConsentStatus.UNSUBSCRIBED and not all(proof.values()):
        raise ImportRefused(
            _("To subscribe people, say on what basis, from which source, and with which wording.")
        )
    topic = (consent.get("topic") or "").strip()
    if len(topic) > 64 or len(proof["basis"]) > 64 or len(proof["source"]) > 200:
        raise ImportRefused(_("Topic and basis have at most 64 characters, the source 200."))
    topic_check(topic=topic, channel=channel, status=status)
    return ConsentChange(status=status, channel=channel, topic=topic, **proof)


def _told(words: type[C], told: str) -> C:
    """:raises ImportRefused: with the words that there are"""
    try:
        return words(told)
    except ValueError as error:
        sentence = _("Consent cannot be “%(told)s”, but one of: %(known)s.")
        raise ImportRefused(sentence % {"told": told[:100], "known": ", ".join(words.values)}) from error


def column_map(import_file: ImportFile) -> ColumnMap:
    """
    Return the columns of the file with what they mean, and the types that the dictionary says now.

    What a dry run would add is in no dictionary yet: it is of the type that was said or guessed.
    """
    names = tuple(column["name"] for column in import_file.columns)
    targets = tuple(_target_split(import_file.mapping.get(name))[0] for name in names)
    entries = attributes_mapped(import_file)
    dictionary = {key: Entry(entry.type, tuple(entry.choices)) for key, entry in entries.items()}
    return ColumnMap(
        names=names,
        targets=targets,
        key=import_file.key,
        dictionary=dictionary,
        kind=kind_of(import_file.about),
    )


def attributes_mapped(import_file: ImportFile) -> dict[str, Attribute]:
    """Return the entries of the dictionary that columns are; of a dry run, those that it would add too."""
    targets = [_target_split(target)[0] or "" for target in import_file.mapping.values()]
    wanted = [target.removeprefix("attr:") for target in targets if target.startswith("attr:")]
    entries = {entry.key: entry for entry in _dictionary(import_file.about).filter(key__in=wanted)}
    if import_file.is_dry_run:
        entries |= _attributes_new(import_file, import_file.mapping, known=set(entries))
    return entries


def _dictionary(about: str) -> "QuerySet[Attribute]":
    """Return the part of the dictionary that a file may write; nothing of it for events."""
    found: QuerySet[Attribute] = Attribute.current.of(kind_of(about).subject)
    return found


def field_rules(import_file: ImportFile) -> FieldRules:
    """Return what the import may overwrite, by target."""
    targets = {name: _target_split(target)[0] or "" for name, target in import_file.mapping.items()}
    return FieldRules({targets[name]: rule for name, rule in import_file.rules.items()})


def rules_settle(
    *, kind: Kind, mapping: Mapping[str, str | None], key: str, rules: Mapping[str, str]
) -> dict[str, str]:
    """
    Return the rules to keep, by column: those that are not “always”.

    :raises MappingInvalid: no such rule, or of a column that overwrites nothing
    """
    kept = {}
    for name, rule in rules.items():
        target = mapping.get(name)
        if rule not in FieldRule.values:
            raise MappingInvalid(_("“%(rule)s” is no rule for a column.") % {"rule": str(rule)[:100]})
        if rule == FieldRule.ALWAYS:
            continue
        if not target or not kind.is_written_over(target, key=key):
            raise MappingInvalid(
                _("Column “%(column)s” overwrites nothing, so no rule can be set for it.")
                % {"column": name[:200]}
            )
        kept[name] = rule
    return kept


def file_check(import_file: ImportFile) -> None:
    """:raises ImportRefused: the uploaded file has had its days, and was deleted"""
    if not import_file.file:
        raise ImportRefused(_("The file is not kept any more. Upload it again."))


def file_raw(file: Any) -> BinaryIO:
    """Return the stream below Django's wrappers, which make each line cost more than its reading."""
    while hasattr(file, "file"):
        file = file.file
    return cast(BinaryIO, file)


def _mapping_settle(
    import_file: ImportFile, mapping: Mapping[str, str | None] | None
) -> tuple[dict[str, str | None], dict[str, Attribute]]:
    """Return the mapping to keep, in which only new attributes have their type, and these by key."""
    guessed = {column["name"]: column for column in import_file.columns}
    if mapping is None:
        mapping = {name: column["target"] for name, column in guessed.items()}
    if absent := [name for name in mapping if name not in guessed]:
        raise MappingInvalid(
            _("The file has no column %(names)s. It has: %(columns)s.")
            % {
                "names": ", ".join(f"“{name[:60]}”" for name in absent[:5]),
                "columns": ", ".join(guessed)[:300],
            }
        )
    dictionary = _dictionary(import_file.about).only("key", "label", "is_computed")
    entries = {entry.key: entry for entry in dictionary}
    known = set(entries)
    _computed_refuse(mapping, entries)
    settled = {
        name: target
        if (bare := _target_split(target)[0]) and bare.removeprefix("attr:") not in known
        else bare
        for name, target in mapping.items()
    }
    return settled, _attributes_new(import_file, mapping, known=known)


def _computed_refuse(mapping: Mapping[str, str | None], entries: Mapping[str, Attribute]) -> None:
    for name, target in mapping.items():
        entry = entries.get((_target_split(target)[0] or "").removeprefix("attr:"))
        if entry is not None and entry.is_computed:
            sentence = _("Column “%(column)s”: “%(label)s” is computed by its definition, and never written.")
            raise MappingInvalid(sentence % {"column": name[:200], "label": entry.label})


def _target_split(target: str | None) -> tuple[str | None, str]:
    """Part "attr:KEY:TYPE" into "attr:KEY" and the type, '' where there is none."""
    kind, key, type_ = [*(target or "").split(":", 2), "", ""][:3]
    return (f"attr:{key}", type_) if kind == "attr" and key else (target or None, "")


def _attributes_new(
    import_file: ImportFile, mapping: Mapping[str, str | None], *, known: Collection[str]
) -> dict[str, Attribute]:
    """Return what the mapping describes and the dictionary lacks, not saved, by key."""
    if not kind_of(import_file.about).subject:
        return {}
    guessed = {column["name"]: column for column in import_file.columns}
    new: dict[str, Attribute] = {}
    for name, told in mapping.items():
        target, type_ = _target_split(told)
        key = (target or "").removeprefix("attr:")
        if target and key != target and key not in known and key not in new:
            new[key] = _attribute_new(name, key, type_, guessed[name], import_file.about)
    return new


def _attributes_add(new: Mapping[str, Attribute], *, by: User | None, now: datetime) -> None:
    if not new:
        return
    subject = next(iter(new.values())).applies_to
    Attribute.objects.bulk_create([new[key] for key in sorted(new)], ignore_conflicts=True)
    for attribute in Attribute.current.of(subject).filter(key__in=new):
        collaboration.audit_record(action="attribute.created", subject=attribute, by=by, now=now)


def _attribute_new(column: str, key: str, type_: str, guess: Mapping[str, Any], about: str) -> Attribute:
    if not keys.key_is_valid(key):
        raise MappingInvalid(
            _("“%(key)s” is not a system name; “%(better)s” would be.")
            % {"key": key[:63], "better": keys.key_suggest(key)}
        )
    if keys.key_is_built_in(key, kind_of(about).subject):
        raise MappingInvalid(_("“%(key)s” is a field of its own, and no attribute.") % {"key": key})
    if type_ and type_ not in Attribute.Type.values:
        raise MappingInvalid(_("“%(type)s” is not a type of attribute.") % {"type": type_[:100]})
    return Attribute(
        applies_to=kind_of(about).subject,
        key=key,
        label=keys.label_suggest(column),
        type=type_ or guess.get("type") or Attribute.Type.TEXT,
        is_defined=bool(type_),
    )


def _reset(import_file: ImportFile) -> None:
    for count in COUNTS:
        setattr(import_file, count, 0)
    import_file.bytes_done, import_file.row_done = 0, 0
    import_file.samples, import_file.error = {}, ""
    import_file.started_at = import_file.finished_at = None
    import_file.faults.all().delete()
    import_file.keys.all().delete()
