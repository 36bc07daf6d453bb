"""Acts on attachments, as on comments: what the subject's own permissions allow is asked at the edge."""

from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Model
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services
from apps.collaboration.filekinds import FileRefused, media_type_of
from apps.collaboration.models import Attachment

AT_MOST = 50  # files of one thing
NAME = 200


def attachment_add(*, subject: Model, file: "File[bytes]", by: User, now: datetime) -> Attachment:
    """
    Keep a file with a thing.

    :raises FileRefused: empty, too large, not of a kind that is taken, or there are fifty already
    """
    name = name_clean(file.name or "")
    size = file.size
    if not size:
        raise FileRefused(_("This file is empty."))
    if size > settings.ATTACHMENT_MAX_BYTES:
        told = {"size": filesizeformat(size), "most": filesizeformat(settings.ATTACHMENT_MAX_BYTES)}
        raise FileRefused(_("This file has %(size)s; at most %(most)s can be attached.") % told)
    media_type = media_type_of(name, file)
    attachment = Attachment(subject=subject, by=by, at=now, name=name, media_type=media_type, size=size)
    try:
        with transaction.atomic():
            # The thing is locked: two who attach at once are counted one after the other.
            type(subject)._default_manager.select_for_update(no_key=True).get(pk=subject.pk)
            _room_check(subject)
            attachment.file.save(name, file, save=False)
            attachment.save(force_insert=True)
            _record(attachment, "attachment.added", by=by, now=now)
    except Exception:
        if attachment.file.name:
            attachment.file.storage.delete(attachment.file.name)  # the row was never there
        raise
    return attachment


@transaction.atomic
def attachment_remove(*, attachment: Attachment, by: User, now: datetime) -> None:
    """Take a file away for good; the history keeps its name. Once it is gone nothing happens."""
    found = Attachment.objects.select_for_update().filter(pk=attachment.pk).first()
    if found is not None:
        _record(found, "attachment.removed", by=by, now=now)
        Attachment.objects.filter(pk=found.pk).drop()


def _room_check(subject: Model) -> None:
    if Attachment.objects.about(subject).count() >= AT_MOST:
        raise FileRefused(_("At most %(n)s files can be attached to one thing.") % {"n": AT_MOST})


def name_clean(name: str) -> str:
    """Return the last part of a name, without what no name holds, short enough and with its ending."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    shown = "".join(character for character in last if character.isprintable()).strip() or "file"
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[: NAME - len(ending) - 1]}{dot}{ending}" if stem and len(ending) < 20 else shown[:NAME]


def _record(attachment: Attachment, action: str, *, by: User, now: datetime) -> None:
    subject = attachment.subject
    assert subject is not None
    details: services.Details = {"file": attachment.name, "size": attachment.size}
    # The history of a campaign tells of what is attached to its parts too.
    within = getattr(subject, "campaign", None)
    services.audit_record(action=action, subject=subject, by=by, now=now, details=details, within=within)
