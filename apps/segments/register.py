"""What segments tell the rooms below them; called from `AppConfig.ready`."""

from django.utils.translation import gettext_lazy as _

from apps.collaboration.feeds import Feed, feeds, names_of, seen_with
from apps.collaboration.kinds import Kind, kinds
from apps.collaboration.subjects import Subject, actions, subjects
from apps.contacts import registries as contacts
from apps.core.health import Check, checks
from apps.core.metrics import collectors
from apps.core.navigation import Room, rooms, searches
from apps.segments import health, moved
from apps.segments.models import Definition, Segment
from apps.segments.selectors import (
    attribute_uses,
    company_attribute_uses,
    definition_search,
    definition_url,
    event_uses,
    segment_search,
    topic_uses,
)

# What the history says of each act.
ACTIONS = {
    "definition.created": _("described a definition"),
    "definition.proposed": _("proposed a rule for the definition"),
    "definition.approved": _("approved the rule of the definition"),
    "definition.refused": _("refused the rule proposed for the definition"),
    "definition.withdrawn": _("took back the rule proposed for the definition"),
    "definition.recompute": _("had the definition computed anew"),
    "definition.deleted": _("deleted the definition"),
}


def register() -> None:
    _core()
    _collaboration()
    _contacts()


def _core() -> None:
    room = Room(_("Segments"), "segments:list", "users-group", "audience", "segments.view_segment", order=20)
    rooms.register("segments", room)
    searches.register("segments", segment_search)
    searches.register("definitions", definition_search)
    checks.register("segments", Check(_("Segments"), health.changes_check))
    collectors.register("segments", health.segments_collect)


def _collaboration() -> None:
    kind = Kind(_("Definitions"), _("A version that waits for approval, or was decided."))
    kinds.register("definition", kind)
    seen = seen_with("segments.segment", "segments.view_segment")
    feeds.register("segments.segment", Feed(_("Segments"), seen, names_of(Segment), "segments:detail"))
    subject = Subject(model=Definition, view_permission="segments.view_definition", url=definition_url)
    subjects.register("segments.definition", subject)
    actions.update(ACTIONS)


def _contacts() -> None:
    panel = contacts.Panel(_("Segments and lists"), "segments:contact", "segments.view_segment", 20)
    contacts.panels.register("segments", panel)
    kept = contacts.ListAct(
        _("Keep them as a list"), "list", "segments:list_of_findings", "segments.add_contactlist"
    )
    contacts.finding_acts.register("lists", kept)
    contacts.topic_uses.register("segments", topic_uses)
    contacts.attribute_uses.register("segments", attribute_uses)
    contacts.event_uses.register("segments", event_uses)
    contacts.company_attribute_uses.register("segments", company_attribute_uses)
    moved.register()
