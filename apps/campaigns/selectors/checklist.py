from dataclasses import dataclass

from apps.accounts.models import User
from apps.campaigns.models import ChecklistItem, Task


@dataclass(frozen=True)
class Checklist:
    items: list[ChecklistItem]

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)


def checklist(task: Task) -> Checklist:
    return Checklist(list(task.checklist.all()))


def may_check(task: Task, user: User) -> bool:
    """Test if the pages offer this person to write and tick the task's lines."""
    return task.campaign.archived_at is None and user.has_perm("campaigns.check_task", task)
