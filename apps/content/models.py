from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped


class TemplateQuerySet(models.QuerySet["Template"]):
    def active(self) -> Self:
        """Templates that have not been put away."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.exclude(archived_at=None)

    def matching(self, text: str) -> Self:
        """Templates whose name, description or current subject holds `text`."""
        found = Q(name__icontains=text) | Q(description__icontains=text) | Q(current__subject__icontains=text)
        return self.filter(found) if text else self


class Template(TimeStamped):
    """
    An e-mail in the content library. What it says is in its versions, of which one is current.

    `edited_at` and `edited_by` are those of the current version, here so that the library can be sorted.
    """

    name = models.CharField(_("name"), max_length=200)
    description = models.CharField(_("description"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("made by"),
    )
    # Empty only inside the transaction that makes the template.
    current = models.OneToOneField(
        "content.TemplateVersion", null=True, on_delete=models.RESTRICT, related_name="+"
    )
    edited_at = models.DateTimeField(_("last edited"))
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["name"]
        indexes = [
            # The library, by each of its orders.
            models.Index(fields=["-edited_at", "-id"], name="content_template_edited"),
            models.Index(fields=["name", "id"], name="content_template_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class UseOverride(models.Model):
    """
    That one template may print an attribute which the data dictionary does not allow for content, and why.

    Given by a reviewer; taken back by deleting it, which the audit log remembers.
    """

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="overrides", db_index=False)
    attribute = models.ForeignKey(
        "contacts.Attribute", on_delete=models.CASCADE, related_name="+", verbose_name=_("attribute")
    )
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("given by"),
    )
    at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("override of an attribute's use")
        verbose_name_plural = _("overrides of attributes' uses")
        constraints = [
            models.UniqueConstraint(fields=["template", "attribute"], name="content_useoverride_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute} in {self.template}"


class TemplateVersion(models.Model):
    """
    One saved state of a template; never changed afterwards, so what was sent can be shown for ever.

    The database itself refuses a change (migration 0002). `subject`, `preheader`, `mjml` and `text` are what
    a person wrote (MJML and text with Liquid in them); `html` is what MJML compiled to, Liquid still in it.
    An empty `text` means: made from the HTML.
    """

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    subject = models.CharField(_("subject"), max_length=500)
    preheader = models.CharField(_("preheader"), max_length=500, blank=True)
    mjml = models.TextField(_("MJML"))
    html = models.TextField(editable=False)
    text = models.TextField(_("text part"), blank=True)
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("saved by"),
    )
    at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("template version")
        verbose_name_plural = _("template versions")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="content_templateversion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} (v{self.number})"
