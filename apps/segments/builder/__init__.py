"""
The rule as a form has it: a tree of rows whose fields are text, complete or not.

`draft` is the tree and what its buttons do, `rows` turns one row to JSON and back.
"""

from apps.segments.builder.draft import (
    Draft,
    draft_act,
    draft_from_form,
    draft_from_json,
    draft_from_rule,
    draft_new,
    draft_to_rule,
    fault_place,
    focus_on,
)
from apps.segments.builder.naming import names_from_draft, names_to_draft
from apps.segments.builder.page import BuilderPage, Known, builder_page, registered_inputs

__all__ = [
    "BuilderPage",
    "Draft",
    "Known",
    "builder_page",
    "draft_act",
    "draft_from_form",
    "draft_from_json",
    "draft_from_rule",
    "draft_new",
    "draft_to_rule",
    "fault_place",
    "focus_on",
    "names_from_draft",
    "names_to_draft",
    "registered_inputs",
]
