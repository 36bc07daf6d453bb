"""
Who may do what with contacts, events, the dictionary and imports.

Whoever works with people's data sees it; executives read results and contributors do their tasks, so to them
nothing of this exists. Sales looks and does not change.
"""

import rules

from apps.accounts.permissions import (
    Role,
    has_role,
    is_data_lead,
    is_integration,
    is_marketer,
    sees_people,
)

changes_people = is_marketer | is_data_lead | is_integration
defines = is_data_lead | is_marketer | is_integration
lifts = has_role(Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.DATA_LEAD)

for _noun in (
    "contact",
    "attribute",
    "event",
    "eventtype",
    "eventschema",
    "heldevent",
    "import",
    "importmapping",
    "suppression",
    "topic",
    "company",
):
    rules.add_perm(f"contacts.view_{_noun}", sees_people)
for _name in (
    "contacts.add_contact",
    "contacts.change_contact",
    "contacts.add_event",
    "contacts.add_import",
    "contacts.change_import",
    "contacts.undo_import",
    "contacts.add_importmapping",
    "contacts.change_importmapping",
    "contacts.delete_importmapping",
    "contacts.add_suppression",
    "contacts.add_company",
    "contacts.change_company",
):
    rules.add_perm(_name, changes_people)
for _name in ("contacts.add_attribute", "contacts.change_attribute"):
    rules.add_perm(_name, defines)
rules.add_perm("contacts.delete_attribute", is_data_lead)
# What a name of events means, those say who use it; which events count, those who answer for the data.
rules.add_perm("contacts.change_eventtype", defines)
for _name in ("contacts.change_eventschema", "contacts.change_heldevent", "contacts.delete_eventtype"):
    rules.add_perm(_name, is_data_lead)
# Everything about one person, handed over or forgotten, and a company with the places of its people: for
# those who answer for data, and their programs.
for _name in ("contacts.export_contact", "contacts.erase_contact", "contacts.delete_company"):
    rules.add_perm(_name, lifts | is_integration)
# What people can agree to is decided by those who answer for the data, and by nobody's program.
for _verb in ("add", "change", "delete"):
    rules.add_perm(f"contacts.{_verb}_topic", is_data_lead)
# To lift one is to write again to somebody who may have said no.
rules.add_perm("contacts.delete_suppression", lifts)
# The quality centre. Whoever works with people's data sees what is wrong; to change very many at once is for
# those who answer for it, and so is what counts as wrong.
rules.add_perm("contacts.view_quality", sees_people)
rules.add_perm("contacts.scan_quality", changes_people)
# The register of systems: those who answer for data keep it, and their programs report to it.
rules.add_perm("contacts.view_system", sees_people)
for _name in ("contacts.add_system", "contacts.change_system"):
    rules.add_perm(_name, is_data_lead | is_integration)
rules.add_perm("contacts.delete_system", is_data_lead)
rules.add_perm("contacts.change_quality", is_data_lead)
rules.add_perm("contacts.mend_quality", is_data_lead)
