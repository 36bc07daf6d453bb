from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors, services
from apps.contacts.eventfields import Field
from apps.contacts.forms.eventtypes import EventSchemaForm, EventTypeForm, FieldForms, fields_told
from apps.contacts.models import EventSchema, EventType
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

NAMES = ListSpec(
    columns=[
        Column(gettext_lazy("Event"), sort="name"),
        Column(gettext_lazy("Last hour"), is_number=True),
        Column(gettext_lazy("Last day"), is_number=True),
        Column(gettext_lazy("Last week"), is_number=True),
        Column(gettext_lazy("Did not fit"), is_number=True),
        Column(gettext_lazy("Owner")),
        Column(gettext_lazy("Last seen"), sort="last_seen_at", descends_first=True),
    ],
    filters=[
        Filter(
            "state",
            gettext_lazy("State"),
            [
                ("undescribed", gettext_lazy("To be described")),
                ("checked", gettext_lazy("Held against a schema")),
                ("violations", gettext_lazy("Some did not fit this week")),
                ("quarantine", gettext_lazy("Some wait in quarantine")),
            ],
        ),
        Filter(
            "silent",
            gettext_lazy("Silent"),
            [
                ("1", gettext_lazy("For a day")),
                ("7", gettext_lazy("For 7 days")),
                ("30", gettext_lazy("For 30 days")),
            ],
        ),
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name"),
)
VERSIONS_SHOWN = 20


@require_GET
@requires("contacts.view_eventtype")
def event_type_list(request: UserRequest) -> HttpResponse:
    asked, now = NAMES.read(request.GET), clock.now()
    silent = asked.values.get("silent")
    listing = asked.page(
        selectors.event_types(
            now=now,
            search=asked.search,
            state=asked.values.get("state", ""),
            silent_for=timedelta(days=int(silent)) if silent else None,
        )
    )
    context = {
        "listing": listing,
        "arrived": selectors.events_arrived([one.name for one in listing.rows], now=now),
        "violations": selectors.violations_of(listing.rows, now=now),
    }
    return render_page_or_fragment(
        request, "contacts/event_type_list.html", context, fragment="event-type-list"
    )


@require_GET
@requires("contacts.view_eventtype", on=EventType)
def event_type_detail(request: UserRequest, eventtype: EventType) -> HttpResponse:
    return _page(request, eventtype, now=clock.now())


@require_http_methods(["GET", "POST"])
@requires("contacts.change_eventtype", on=EventType)
def event_type_change(request: UserRequest, eventtype: EventType) -> HttpResponse:
    schema = EventSchema.objects.filter(event_type=eventtype).first() or EventSchema()
    told = {"label": schema.label, "description": schema.description, "owner": schema.owner_id}
    form = EventTypeForm(request.POST or None, initial=told)
    if request.method == "POST" and form.is_valid():
        services.event_type_describe(
            event_type=eventtype, **form.cleaned_data, by=request.user, now=clock.now()
        )
        messages.success(request, _("Saved."))
        return redirect("contacts:event-type-detail", eventtype.pk)
    return render(request, "contacts/event_type_edit.html", {"form": form, "event_type": eventtype})


@require_http_methods(["GET", "POST"])
@requires("contacts.change_eventschema", on=EventType)
def event_schema_change(request: UserRequest, eventtype: EventType) -> HttpResponse:
    fields, version = selectors.event_fields(eventtype)
    schema = EventSchema.objects.filter(event_type=eventtype).first()
    form = EventSchemaForm(
        request.POST or None,
        initial={"mode": schema.mode if schema else EventSchema.Mode.OFF, "version": version},
    )
    # What was posted stands for itself: a row that equals what there is now would count as empty.
    told = None if request.method == "POST" else [_as_row(field) for field in fields]
    rows = FieldForms(request.POST or None, initial=told, prefix="fields")
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            saved = services.event_schema_change(
                event_type=eventtype,
                mode=form.cleaned_data["mode"],
                version=form.cleaned_data["version"],
                fields=fields_told(rows),
                by=request.user,
                now=clock.now(),
            )
        except ValidationError as refusal:
            form.add_error(None, refusal.messages[0])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Version %(n)s is in force.") % {"n": saved.version})
            return redirect("contacts:event-type-detail", eventtype.pk)
    context = {"form": form, "rows": rows, "event_type": eventtype, "version": version}
    return render(request, "contacts/event_schema.html", context)


@require_POST
@requires("contacts.delete_eventtype", on=EventType)
def event_type_delete(request: UserRequest, eventtype: EventType) -> HttpResponse:
    now = clock.now()
    try:
        services.event_type_delete(event_type=eventtype, by=request.user, now=now)
    except DomainError as refusal:
        return _page(request, eventtype, now=now, refusal=refusal)
    messages.success(request, _("“%(name)s” is taken away.") % {"name": eventtype.name})
    return redirect("contacts:event-type-list")


def _as_row(field: Field) -> dict[str, object]:
    return {"name": field.name, "type": field.type, "is_required": field.is_required}


def _page(
    request: UserRequest, event_type: EventType, *, now: datetime, refusal: DomainError | None = None
) -> HttpResponse:
    schema = EventSchema.objects.select_related("owner").filter(event_type=event_type).first()
    user = request.user
    seen = selectors.event_fields_seen(event_type.name)
    asked = {field.name: field for field in selectors.fields_of_schema(schema)}
    names = {field.name for field in seen}
    context = {
        "event_type": event_type,
        "schema": schema,
        "arrived": selectors.events_arrived([event_type.name], now=now).get(event_type.name),
        "by_source": selectors.event_arrived_by_source(event_type.name, now=now),
        "seen": seen,
        "asked": asked,
        "unseen": {name: field for name, field in asked.items() if name not in names},
        "violations": selectors.event_violations(event_type, now=now),
        "samples": selectors.event_samples(event_type, now=now),
        "held": selectors.held_count(event_type),
        "versions": schema.versions.select_related("by")[:VERSIONS_SHOWN] if schema else [],
        "places": services.event_type_places(event_type=event_type, user=user),
        "refusal": refusal,
        "may_change": user.has_perm("contacts.change_eventtype", event_type),
        "may_enforce": user.has_perm("contacts.change_eventschema", event_type),
        "may_delete": user.has_perm("contacts.delete_eventtype", event_type),
    }
    return render(request, "contacts/event_type_detail.html", context)
