"""Companies that a source tells of as it happens: the groups that it puts its people into."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.contacts import companies as statements
from apps.contacts.companies import DOMAIN, Draft, names_of
from apps.contacts.fields import MAX_NAME, CompanyFields, Name
from apps.contacts.models import Attribute, Company, CompanyIdentity
from apps.contacts.services.contacts import dictionary_add


@dataclass(frozen=True)
class GroupIn:
    """That a source puts a contact into a group: a company, by the id that the source has for it."""

    contact: int
    group: str
    fields: CompanyFields

    @property
    def name(self) -> Name:
        return CompanyIdentity.GROUP, self.group


def groups_record(*, groups: Sequence[GroupIn], source: str, now: datetime) -> list[bool]:
    """
    Make or update the companies of these groups and put the contacts into them, in the caller's transaction.

    A group that nobody knows is the company that has its domain, unless that is another group already. Return
    of each whether everything was kept: a domain that another company has stays with that one.

    :raises IntegrityError: somebody else has made one of the companies in the meantime: do it all again
    """
    if not groups:
        return []
    unknown = {key: kind for one in groups for key, kind in one.fields.unknown.items()}
    dictionary_add(unknown, Attribute.Subject.COMPANY)
    known = statements.resolve(name for one in groups for name in [one.name, *names_of(one.fields)])
    standing = statements.locked(set(known.values()))
    grouping = _Grouping(known, standing, _grouped(standing))
    kept = [grouping.tell(one) for one in groups]
    statements.save(grouping.drafts.values(), now=now)
    pairs = {(one.contact, grouping.drafts[one.group].company.pk) for one in groups}
    statements.join(pairs, source=source, now=now)
    return kept


def _grouped(companies: dict[int, Company]) -> set[int]:
    """Return which of these companies are a group of some source."""
    named = CompanyIdentity.objects.filter(company__in=companies, namespace=CompanyIdentity.GROUP)
    return set(named.values_list("company", flat=True))


@dataclass
class _Grouping:
    """What one call makes of its groups; `domains` says which of them has spoken of a domain first."""

    known: dict[Name, int]
    standing: dict[int, Company]
    grouped: set[int]
    drafts: dict[str, Draft] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)

    def tell(self, one: GroupIn) -> bool:
        if one.group not in self.drafts:
            self.drafts[one.group] = self._draft(one)
        draft = self.drafts[one.group]
        is_ours = self._is_ours(one, draft)
        draft.tell(one.fields, keeps_domain=not is_ours)
        return is_ours

    def _draft(self, one: GroupIn) -> Draft:
        if owner := self.known.get(one.name):
            return Draft(self.standing[owner], is_new=False)
        owner = self.known.get((DOMAIN, one.fields.domain or ""))
        if owner and owner not in self.grouped:
            self.grouped.add(owner)
            return Draft(self.standing[owner], is_new=False, names=[one.name])
        return Draft(Company(name=one.group[:MAX_NAME]), is_new=True, names=[one.name])

    def _is_ours(self, one: GroupIn, draft: Draft) -> bool:
        domain = one.fields.domain
        if not domain:
            return True
        holder = self.known.get((DOMAIN, domain))
        if holder is not None and holder != draft.company.pk:
            return False
        return self.domains.setdefault(domain, one.group) == one.group
