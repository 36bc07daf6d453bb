"""
JSON of one's own: a document whose texts hold merge fields, for receivers that want another shape than ours.

The document is read before anything is filled in, so that whatever a contact is called, JSON comes out.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from liquid import BoundTemplate
from liquid.builtin.expressions import Path

from apps.contacts.models import Attribute
from apps.content.rendering import Part, TemplateFault
from apps.content.rendering.language import DATA, PLAIN, expressions, parse, roots, walk
from apps.content.rendering.program import Program

LONGEST = 20_000  # characters
ROOTS = DATA | {"mail"}


class PayloadFault(Exception):
    """What was written cannot be sent. The text says why, for people."""


class Payload:
    """One document, its merge fields compiled once."""

    def __init__(self, written: str) -> None:
        """:raises PayloadFault: it is no JSON, or a merge field cannot be read"""
        self._templates: list[BoundTemplate] = []
        try:
            document = json.loads(written, parse_constant=_refuse_constant)
            self._tree = self._compiled(document)
        except json.JSONDecodeError as fault:
            told = _("Line %(line)s is no JSON: %(reason)s.")
            raise PayloadFault(told % {"line": fault.lineno, "reason": fault.msg}) from fault
        except TemplateFault as fault:
            raise PayloadFault(_("A merge field cannot be read: %(why)s") % {"why": fault.reason}) from fault
        except RecursionError as fault:
            raise PayloadFault(_("This is nested too deep.")) from fault
        if not isinstance(document, dict | list):
            raise PayloadFault(_("This has to be an object in braces, or a list."))

    def _compiled(self, node: Any) -> Any:
        match node:
            case dict():
                if any("{{" in name or "{%" in name for name in node):
                    raise PayloadFault(_("Names are fixed: merge fields stand in values."))
                return {name: self._compiled(value) for name, value in node.items()}
            case list():
                return [self._compiled(value) for value in node]
            case str() if "{{" in node or "{%" in node:
                template = parse(node, Part.TEXT, PLAIN)
                self._templates.append(template)
                return Program(template)
        return node

    def unknown(self) -> set[str]:
        """Return the first words of merge fields that nothing stands behind."""
        words = (roots(template) - _own_names(template) for template in self._templates)
        return set[str]().union(*words) - ROOTS

    def attributes(self) -> set[str]:
        """
        Return the keys of the attributes of contacts that it prints.

        :raises PayloadFault: it names the contact without saying, here and now, which attribute
        """
        return {_key(path) for template in self._templates for path in _paths(template) if _is_contact(path)}

    def filled(self, scope: Mapping[str, Any]) -> Any:
        """
        Return the document for one person.

        :raises RenderFault: a merge field fails on this person's data
        """
        return _filled(self._tree, scope)


def payload_fault(written: str) -> str:
    """Return what is wrong with a document, for people; '' if nothing is."""
    if len(written) > LONGEST:
        return _("At most %(n)s characters.") % {"n": LONGEST}
    try:
        payload = Payload(written)
        printed = payload.attributes()
    except PayloadFault as fault:
        return str(fault)
    if unknown := payload.unknown():
        told = _("There is no “%(name)s”: fields begin with contact, campaign, message or mail.")
        return told % {"name": min(unknown)}
    # What no message may print leaves in no other shape either.
    named = Attribute.objects.filter(key__in=printed)
    kept_back = named.exclude(uses__contains=[Attribute.Use.CONTENT]).order_by("key").first()
    if kept_back:
        return _("Messages may not print “%(label)s”, and so may this not.") % {"label": kept_back.label}
    return ""


def _filled(node: Any, scope: Mapping[str, Any]) -> Any:
    match node:
        case dict():
            return {name: _filled(value, scope) for name, value in node.items()}
        case list():
            return [_filled(value, scope) for value in node]
        case Program():
            return node.render(scope)
    return node


def _own_names(template: BoundTemplate) -> set[str]:
    """Return the names that the template itself gives to things."""
    names = (name for node in walk(template) for name in [*node.template_scope(), *node.block_scope()])
    return {str(name) for name in names}


def _paths(template: BoundTemplate) -> Iterator[Path]:
    found = (expression for node in walk(template) for expression in expressions(node))
    return (expression for expression in found if isinstance(expression, Path))


def _is_contact(path: Path) -> bool:
    return path.path[0] == "contact"


def _key(path: Path) -> str:
    match path.path:
        case [_root, str() as key, *_more]:
            return key
    told = _("“%(path)s” does not say which attribute: write its name, such as contact.first_name.")
    raise PayloadFault(told % {"path": path})


def _refuse_constant(name: str) -> NoReturn:
    raise PayloadFault(_("JSON has no %(name)s.") % {"name": name})
