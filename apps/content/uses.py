"""Where templates are used: the rooms above say so from `AppConfig.ready`."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from apps.core.registry import Registry


@dataclass(frozen=True)
class TemplateUse:
    """One thing that uses a template. `keeps_it`: it runs, so the template cannot be put away now."""

    template_id: int
    label: str
    kind: str
    url: str
    keeps_it: bool


# Each answers for many templates at once, in a fixed number of queries.
template_uses: Registry[Callable[[Collection[int]], list[TemplateUse]]] = Registry()


def uses_of(template_ids: Collection[int]) -> dict[int, list[TemplateUse]]:
    """Return the uses of each of these templates; the ones that keep it come first."""
    found: dict[int, list[TemplateUse]] = defaultdict(list)
    for source in template_uses:
        for use in source(template_ids):
            found[use.template_id].append(use)
    return {pk: sorted(found[pk], key=lambda use: (not use.keeps_it, use.label)) for pk in template_ids}
