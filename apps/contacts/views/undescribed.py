"""Keys that came before anybody described them: ticked in the dictionary, and tidied together."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import services
from apps.contacts.services import Tidied
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.keys import keys_read

TOLD = 5


@require_POST
@requires("contacts.change_attribute")
def attributes_adopt(request: UserRequest) -> HttpResponse:
    return _tidy(request, services.attributes_adopt, _adopted)


@require_POST
@requires("contacts.delete_attribute")
def attributes_remove(request: UserRequest) -> HttpResponse:
    return _tidy(request, services.attributes_remove, _removed)


def _adopted(n: int) -> str:
    told = ngettext(
        "%(n)s key is adopted as it came. Open it to say what it means.",
        "%(n)s keys are adopted as they came. Open each to say what it means.",
        n,
    )
    return told % {"n": n}


def _removed(n: int) -> str:
    told = ngettext(
        "%(n)s key is taken away, and its values with it.",
        "%(n)s keys are taken away, and their values with them.",
        n,
    )
    return told % {"n": n}


def _tidy(request: UserRequest, act: Callable[..., Tidied], sentence: Callable[[int], str]) -> HttpResponse:
    """Do it to the ticked entries, and say what became of them; those that are left stay in the list."""
    try:
        tidied = act(ids=set(keys_read(request.POST.getlist("row"))), by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if tidied.done:
            messages.success(request, sentence(len(tidied.done)))
        for left in tidied.left[:TOLD]:
            messages.warning(request, _("Left alone: %(what)s") % {"what": left})
        if (more := len(tidied.left) - TOLD) > 0:
            messages.warning(request, _("%(n)s more are left alone.") % {"n": more})
    return redirect(f"{reverse('contacts:attribute-list')}?described=no")
