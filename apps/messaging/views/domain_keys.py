"""Another DKIM key for a sending domain, step by step."""

from collections.abc import Callable

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.messaging import services
from apps.messaging.models import SendingDomain


@require_POST
@requires("messaging.sign_domain", on=SendingDomain)
def domain_key_prepare(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    return _act(request, sendingdomain, services.domain_key_prepare, _("Publish the new key, then check it."))


@require_POST
@requires("messaging.sign_domain", on=SendingDomain)
def domain_key_switch(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    return _act(request, sendingdomain, services.domain_key_switch, _("Mails are signed with the new key."))


@require_POST
@requires("messaging.sign_domain", on=SendingDomain)
def domain_key_drop(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    return _act(request, sendingdomain, services.domain_key_drop, _("The new key is gone."))


def _act(
    request: UserRequest, domain: SendingDomain, act: Callable[..., SendingDomain], done: str
) -> HttpResponse:
    try:
        act(domain=domain, by=request.user, now=clock.now())
    except services.DomainRefused as refusal:
        notes.error(request, str(refusal))
    else:
        notes.success(request, done)
    return redirect("messaging:domain", domain.pk)
