"""Acts on templates. Nothing that was saved is lost: each act adds a version, or says why it does not."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.content.models import Template, TemplateVersion
from apps.content.rendering import EmailSource
from apps.content.selectors import template_current, version_source
from apps.content.uses import Uses, keepers_of
from apps.core.errors import DomainError


class TemplateConflict(DomainError):
    """Somebody saved another version meanwhile; `current` is theirs."""

    def __init__(self, current: TemplateVersion) -> None:
        self.current = current
        super().__init__(
            _("%(who)s saved version %(number)s while you were writing. Nothing of yours is lost.")
            % {"who": current.by or _("Somebody"), "number": current.number}
        )


class TemplateInUse(DomainError):
    pass


class TemplateArchived(DomainError):
    pass


@transaction.atomic
def template_create(
    *, name: str, description: str = "", source: EmailSource, by: User, now: datetime, note: str = ""
) -> Template:
    """
    Put a new template with its first version into the library.

    :raises TemplateFault: `source` does not compile
    """
    compiled = source.compile()
    template = Template.objects.create(name=name, description=description, by=by, edited_at=now, edited_by=by)
    _version_add(template, source, html=compiled.html, by=by, now=now, note=note)
    collaboration.audit_record(action="template.created", subject=template, by=by, now=now)
    return template


@transaction.atomic
def template_save(
    *, template: Template, source: EmailSource, base: int, by: User, now: datetime, note: str = ""
) -> TemplateVersion:
    """
    Save what was written as a new version; the same words as the current version make none.

    `base` is the number of the version that was edited.

    :raises TemplateFault: it does not compile; the saved version stays as it is
    :raises TemplateConflict: somebody saved another version since `base`
    :raises TemplateArchived: the template was put away
    """
    compiled = source.compile()  # before the lock: nobody waits for a compiler
    template = _lock(template)
    current = template_current(template)
    if version_source(current) == source:
        return current
    if template.is_archived:
        raise TemplateArchived(_("This template is archived. Bring it back to change it."))
    if base != current.number:
        raise TemplateConflict(current)
    version = _version_add(template, source, html=compiled.html, by=by, now=now, note=note)
    _audit(template, "template.saved", version, by=by, now=now)
    return version


@transaction.atomic
def template_revert(*, version: TemplateVersion, by: User, now: datetime) -> TemplateVersion:
    """
    Save an old version again, as the newest; return what is current then.

    :raises TemplateArchived: the template was put away
    """
    template = _lock(version.template)
    current = template_current(template)
    if version_source(current) == version_source(version):
        return current
    if template.is_archived:
        raise TemplateArchived(_("This template is archived. Bring it back to change it."))
    note = _("Back to version %(number)s") % {"number": version.number}
    # The HTML is taken over and not compiled again: what was sent then is what is sent now.
    again = _version_add(template, version_source(version), html=version.html, by=by, now=now, note=note)
    _audit(template, "template.reverted", again, by=by, now=now, to=version.number)
    return again


@transaction.atomic
def template_rename(*, template: Template, name: str, description: str, by: User, now: datetime) -> Template:
    """Change what the template is called in the library; what it says stays as it is."""
    template = _lock(template)
    if (template.name, template.description) == (name, description):
        return template
    told = [("renamed", template.name, name), ("described", template.description, description)]
    template.name, template.description = name, description
    template.save(update_fields=["name", "description", "updated_at"])
    for verb, old, new in told:
        if old != new:
            collaboration.audit_record(
                action=f"template.{verb}", subject=template, by=by, now=now, details={"from": old}
            )
    return template


@transaction.atomic
def template_duplicate(*, template: Template, by: User, now: datetime) -> Template:
    """Make a new template of the current version; its history begins anew."""
    current = template_current(template)
    copy = Template.objects.create(
        name=_("%(name)s (copy)") % {"name": template.name[:190]},
        description=template.description,
        by=by,
        edited_at=now,
        edited_by=by,
    )
    note = _("From “%(name)s”, version %(number)s") % {"name": template.name[:120], "number": current.number}
    _version_add(copy, version_source(current), html=current.html, by=by, now=now, note=note)
    collaboration.audit_record(
        action="template.duplicated", subject=copy, by=by, now=now, details={"of": template.pk}
    )
    return copy


@transaction.atomic
def template_archive(*, template: Template, by: User, now: datetime) -> Template:
    """
    Put the template away: it is offered no more, and stays readable.

    :raises TemplateInUse: something that runs uses it
    """
    template = _lock(template)
    if template.is_archived:
        return template
    if keepers := keepers_of(template.pk, user=by):
        raise TemplateInUse(_in_use(keepers))
    template.archived_at = now
    template.save(update_fields=["archived_at", "updated_at"])
    collaboration.audit_record(action="template.archived", subject=template, by=by, now=now)
    return template


@transaction.atomic
def template_restore(*, template: Template, by: User, now: datetime) -> Template:
    """Bring an archived template back."""
    template = _lock(template)
    if template.is_archived:
        template.archived_at = None
        template.save(update_fields=["archived_at", "updated_at"])
        collaboration.audit_record(action="template.restored", subject=template, by=by, now=now)
    return template


def _in_use(keepers: Uses) -> str:
    names = [use.label for use in keepers.shown]
    if keepers.others:
        others = ngettext("%(n)s other", "%(n)s others", keepers.others) % {"n": keepers.others}
        names.append(others)
    return _("It is in use: %(uses)s. Archive it when that is over.") % {"uses": ", ".join(names)}


def _lock(template: Template) -> Template:
    return Template.objects.select_for_update(no_key=True).get(pk=template.pk)


def _version_add(
    template: Template, source: EmailSource, *, html: str, by: User, now: datetime, note: str
) -> TemplateVersion:
    last = template.versions.order_by("-number").first()
    version = template.versions.create(
        number=last.number + 1 if last else 1,
        subject=source.subject,
        preheader=source.preheader,
        mjml=source.mjml,
        text=source.text,
        html=html,
        note=note[:200],
        by=by,
        at=now,
    )
    template.current, template.edited_at, template.edited_by = version, now, by
    template.save(update_fields=["current", "edited_at", "edited_by", "updated_at"])
    return version


def _audit(
    template: Template, action: str, version: TemplateVersion, *, by: User, now: datetime, **more: object
) -> None:
    details = {"version": version.number, **more}
    collaboration.audit_record(action=action, subject=template, by=by, now=now, details=details)
