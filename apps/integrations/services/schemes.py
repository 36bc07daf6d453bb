import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.addresses import NAMESPACE_PATTERN
from apps.contacts.models import Identity
from apps.core.errors import DomainError
from apps.integrations import selectors
from apps.integrations.models import IdentityScheme


class SchemeRefused(DomainError):
    """Not a name that could be one of a namespace of user ids."""

    field = "namespace"


class SchemeFixed(DomainError):
    """People have come in by the scheme that was chosen."""


@transaction.atomic
def scheme_choose(*, namespace: str, by: User | None, now: datetime) -> IdentityScheme:
    """
    Say in which namespace the user ids of sources are kept. The same again changes nothing.

    :raises SchemeRefused: not a namespace, or one that means something else
    :raises SchemeFixed: a source has been heard: who came in is known by what was chosen then
    """
    namespace = namespace.strip()
    if not re.fullmatch(NAMESPACE_PATTERN, namespace):
        raise SchemeRefused(_("A namespace is a lower-case word, such as user or crm."))
    if namespace in {Identity.EMAIL, Identity.ANONYMOUS}:
        raise SchemeRefused(_("“%(namespace)s” is kept for something else.") % {"namespace": namespace})
    scheme = IdentityScheme.objects.select_for_update().first()
    if scheme is not None and scheme.namespace == namespace:
        return scheme
    if scheme is not None and selectors.scheme_is_fixed():
        raise SchemeFixed(
            _("People have come in as “%(namespace)s” already; merge contacts instead.")
            % {"namespace": scheme.namespace}
        )
    scheme, _made = IdentityScheme.objects.update_or_create(
        id=1, defaults={"namespace": namespace, "by": by, "at": now}
    )
    collaboration.audit_record(
        action="identityscheme.chosen", subject=scheme, by=by, now=now, details={"namespace": namespace}
    )
    return scheme
