"""Keys that came before anybody described them: many of them adopted, or taken away, in one act."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts import attributes as keys
from apps.contacts.models import Attribute
from apps.contacts.services.dictionary import AttributeRefused, attribute_delete, attribute_update
from apps.core.errors import DomainError

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class LeftAlone:
    """An entry that the act did not touch, and the sentence that says why."""

    attribute: Attribute
    reason: str

    def __str__(self) -> str:
        return f"“{self.attribute.label}”: {self.reason}"


@dataclass
class Tidied:
    """What became of the entries: each that was asked for is in one of the two."""

    done: list[Attribute] = field(default_factory=list)
    left: list[LeftAlone] = field(default_factory=list)


def attributes_adopt(
    *, ids: Collection[int], by: User | None, now: datetime, is_other: bool = False
) -> Tidied:
    """
    Take entries into the dictionary as they came: with the name made of their key, and the type that showed.

    One that may mean the same as an entry somebody has described is left alone, unless `is_other` says that
    each means something else. Each is adopted by itself: what goes wrong with one takes back no other.

    :raises AttributeRefused: none at all, or more than 200
    """
    tidied, described = Tidied(), _described()
    for attribute in _asked(ids):
        known = described[attribute.applies_to]
        if reason := _not_adoptable(attribute, {} if is_other else known):
            tidied.left.append(LeftAlone(attribute, reason))
            continue
        try:
            tidied.done.append(attribute_update(attribute=attribute, by=by, now=now))
        except ValidationError:
            tidied.left.append(LeftAlone(attribute, _("Open it: it cannot be adopted as it is.")))
        except Attribute.DoesNotExist:
            tidied.left.append(LeftAlone(attribute, _gone()))
        else:
            known[attribute.key] = attribute.label  # the next one may mean the same
    return tidied


def _described() -> dict[str, dict[str, str]]:
    """Return the business names of what somebody has described, by subject and key."""
    found: dict[str, dict[str, str]] = {subject: {} for subject in Attribute.Subject.values}
    rows = Attribute.current.filter(is_defined=True).values_list("applies_to", "key", "label")
    for subject, key, label in rows:
        found[subject][key] = label
    return found


def _not_adoptable(attribute: Attribute, described: Mapping[str, str]) -> str:
    """Return why this entry is not to be adopted without a look; empty if it may be."""
    if attribute.is_defined:
        return _("It is described already.")
    if alike := keys.keys_alike(attribute.key, described, label=attribute.label):
        return _("It may mean the same as “%(other)s”. Open it to decide.") % {"other": described[alike[0]]}
    return ""


def attributes_remove(*, ids: Collection[int], by: User | None, now: datetime) -> Tidied:
    """
    Take entries away that nobody has described, with their values. One that something uses stays.

    :raises AttributeRefused: none at all, or more than 200
    """
    tidied = Tidied()
    for attribute in _asked(ids):
        if attribute.is_defined:
            told = _("It is described. Take it away on its own page.")
            tidied.left.append(LeftAlone(attribute, told))
            continue
        try:
            attribute_delete(attribute=attribute, by=by, now=now)
        except AttributeRefused as refusal:
            tidied.left.append(LeftAlone(attribute, str(refusal)))
        except Attribute.DoesNotExist:
            tidied.left.append(LeftAlone(attribute, _gone()))
        else:
            tidied.done.append(attribute)
    return tidied


def _gone() -> str:
    return _("Somebody has taken it away already.")


def _asked(ids: Collection[int]) -> Sequence[Attribute]:
    """Return the entries, in the order of their names; those that are gone are left out."""
    if not ids:
        raise _refused(_("Tick at least one."))
    if len(ids) > MOST_AT_ONCE:
        raise _refused(_("At most %(most)s at once, please.") % {"most": MOST_AT_ONCE})
    return list(Attribute.current.filter(pk__in=ids).order_by("label", "pk"))


def _refused(sentence: str) -> DomainError:
    refusal = AttributeRefused(sentence)
    refusal.field = "ids"
    return refusal
