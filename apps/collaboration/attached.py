"""Files that people attach to things, and their rows."""

import logging
import uuid
from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)


def attachment_path(_attachment: "Attachment", _name: str) -> str:
    """Return where the file lies: a name that nobody can guess, and that says nothing of what is in it."""
    key = uuid.uuid4().hex
    return f"attachments/{key[:2]}/{key}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def about(self, subject: models.Model) -> Self:
        """What is attached to a thing, in the order it came."""
        content_type = ContentType.objects.get_for_model(subject)
        return self.filter(content_type=content_type, object_id=subject.pk).order_by("at", "pk")

    def drop(self) -> int:
        """Take the rows away, and their files once that is committed; return how many."""
        names = list(self.values_list("file", flat=True))
        self.delete()
        transaction.on_commit(lambda: files_remove(names), robust=True)
        return len(names)


class Attachment(models.Model):
    """A file about a thing. Whoever may see the thing may fetch it; it is never shown, only saved."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(_("name"), max_length=200)  # as the person's own machine calls it
    media_type = models.CharField(_("kind"), max_length=100)  # by its content, not by what the browser said
    size = models.BigIntegerField(_("bytes"))
    file = models.FileField(upload_to=attachment_path, max_length=100)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            # What is attached to a thing, in the order it came.
            models.Index(fields=["content_type", "object_id", "at", "id"], name="collaboration_attached_to"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dialog_id(self) -> str:
        """The DOM id of what asks before it is removed."""
        return f"attachment-{self.pk}"


def files_remove(names: list[str]) -> None:
    """Remove files whose rows have gone. One that cannot be removed is told in the log and hinders nobody."""
    for name in names:
        try:
            default_storage.delete(name)
        except Exception:  # a storage may raise anything, and the act that took the row away is done
            log.exception("attachment file not removed", extra={"file": name})
