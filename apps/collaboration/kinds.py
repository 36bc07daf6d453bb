"""
What people are told of, by kind: each app registers its own from `AppConfig.ready`, and names it in `notify`.

    kinds.register("import", Kind(_("Imports"), _("A file is in, or could not be read.")))

Everyone chooses by kind what is told in the app and what stands in the digest by e-mail.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry

GENERAL = "general"


@dataclass(frozen=True)
class Kind:
    label: str | Promise
    help: str | Promise = ""


kinds: Registry[Kind] = Registry()
kinds.register("comment", Kind(_("Comments"), _("Somebody wrote below something of yours.")))
kinds.register(GENERAL, Kind(_("Everything else"), _("What belongs to none of these.")))
