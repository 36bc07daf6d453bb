"""The list of contacts: everything that it is narrowed to and shows stands in the URL."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors
from apps.contacts.models import Attribute, ConsentStatus, Contact
from apps.contacts.registries import list_acts
from apps.contacts.selectors import Condition, ContactAsk
from apps.contacts.values import AttributeInvalid, value_to_text
from apps.contacts.views.narrowing import (
    AttributeListing,
    Raw,
    conditions_read,
    is_unsettled,
    settled,
    shown_read,
    where_askable,
)
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListQuery, ListSpec

SHOWN_FIRST = 4  # attributes that the list shows until somebody chooses others
ADDED_DAYS = {
    "1": gettext_lazy("today"),
    "7": gettext_lazy("last 7 days"),
    "30": gettext_lazy("last 30 days"),
}
FILTERS = [
    Filter(
        "consent",
        gettext_lazy("Consent"),
        [*ConsentStatus.choices, (selectors.NO_CONSENT, gettext_lazy("Never said"))],
    ),
    Filter(
        "suppressed",
        gettext_lazy("Suppressed"),
        [("yes", gettext_lazy("Suppressed")), ("no", gettext_lazy("Not suppressed"))],
    ),
    Filter("added", gettext_lazy("Added"), list(ADDED_DAYS.items())),
]


@require_GET
@requires("contacts.view_contact")
def contact_list(request: UserRequest) -> HttpResponse:
    if is_unsettled(request.GET):
        return redirect(f"{request.path}{settled(request.GET)}")
    dictionary = list(Attribute.objects.all())
    asked, shown = _read(request.GET, dictionary)
    ask, conditions = _ask(asked, dictionary)
    try:
        page = asked.page(selectors.contacts_with_standing(selectors.contacts(ask)))
    except AttributeInvalid as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{request.path}{asked.url(where=where_askable(conditions))}")
    listing = AttributeListing(**vars(page), shown=shown, dictionary=dictionary, conditions=conditions)
    context = {
        "listing": listing,
        "total": selectors.contacts_total(),
        "may_add": request.user.has_perm("contacts.add_contact"),
        "may_import": request.user.has_perm("contacts.add_import"),
        "acts": [
            (act, f"{reverse(act.url_name)}{asked.url()}")
            for act in list_acts
            if request.user.has_perm(act.permission)
        ],
    }
    return render_page_or_fragment(request, "contacts/contact_list.html", context, fragment="contact-list")


@require_GET
@requires("contacts.view_contact")
def contact_csv(request: UserRequest) -> HttpResponseBase:
    """What the list shows, as CSV: the same filters and columns, every page."""
    dictionary = list(Attribute.objects.all())
    asked, shown = _read(request.GET, dictionary)
    ask, conditions = _ask(asked, dictionary)
    try:
        found = selectors.contacts_with_standing(selectors.contacts(ask)).order_by("-id")
    except AttributeInvalid as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('contacts:list')}{asked.url(where=where_askable(conditions))}")
    heads = [_("E-mail"), _("Telephone"), *(attribute.label for attribute in shown), _("Consent"), _("Added")]
    return csv_download("contacts", heads, _lines(found.iterator(chunk_size=2_000), shown))


def _lines(found: Iterator[Contact], shown: Sequence[Attribute]) -> Iterator[Sequence[object]]:
    labels = dict(ConsentStatus.choices)
    for contact in found:
        values = (contact.attributes.get(attribute.key) for attribute in shown)
        consent = labels.get(contact.email_consent, "")  # type: ignore[attr-defined]  # annotated
        yield [
            contact.email,
            contact.phone,
            *(value if isinstance(value, int | float) else value_to_text(value) for value in values),
            consent,
            contact.created_at.isoformat(timespec="seconds"),
        ]


def _read(query: QueryDict, dictionary: Sequence[Attribute]) -> tuple[ListQuery, list[Attribute]]:
    """Return what is asked of the list, and the attributes that it shows."""
    shown = shown_read(query, dictionary, first=SHOWN_FIRST)
    spec = ListSpec(
        columns=[
            Column(gettext_lazy("E-mail")),
            *(Column(one.label, is_number=one.type in ("number", "money")) for one in shown),
            Column(gettext_lazy("Consent")),
            Column(gettext_lazy("Added"), sort="id", descends_first=True),
        ],
        filters=FILTERS,
        default_sort="-id",
        search_hint=gettext_lazy("Address, or crm:4711"),
        csv_url="/contacts/csv/",
    )
    return spec.read(query), shown


def _ask(asked: ListQuery, dictionary: Sequence[Attribute]) -> tuple[ContactAsk, list[tuple[Condition, Raw]]]:
    conditions = conditions_read(asked, dictionary)
    values: dict[str, Any] = asked.values
    days = int(values.get("added", 0))
    return (
        ContactAsk(
            search=asked.search,
            conditions=[condition for condition, _raw in conditions],
            consent=values.get("consent", ""),
            is_suppressed={"yes": True, "no": False}.get(values.get("suppressed", "")),
            added_from=_day_start(clock.now(), back=days - 1) if days else None,
        ),
        conditions,
    )


def _day_start(now: datetime, *, back: int) -> datetime:
    """Return when the viewer's day began, so many days ago."""
    day = timezone.localtime(now).date() - timedelta(days=back)
    return datetime.combine(day, time(), timezone.get_current_timezone())
