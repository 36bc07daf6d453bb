from apps.campaigns.forms.base import (
    VersionForm,
    attempt,
    initial_of,
)
from apps.campaigns.forms.budget import (
    BudgetLineAdd,
    BudgetLineEdit,
)
from apps.campaigns.forms.budget_upload import (
    BudgetApply,
    BudgetFile,
)
from apps.campaigns.forms.element import (
    ElementEdit,
)
from apps.campaigns.forms.lesson import (
    LessonEdit,
)
from apps.campaigns.forms.plan import (
    Audience,
    Captain,
    Channels,
    Dates,
    Goal,
    Idea,
    Outcome,
    OutcomeBegin,
    Review,
)
from apps.campaigns.forms.replay import (
    ReplayBegin,
)
from apps.campaigns.forms.schedule import (
    Reschedule,
    TaskWaits,
    TemplateApply,
    template_field,
)
from apps.campaigns.forms.strategy import (
    NotDoingEdit,
    YearGoalEdit,
    YearGoalMove,
)
from apps.campaigns.forms.templates import (
    HolidayAdd,
    HolidaysImport,
    ItemFields,
    TemplateCopy,
    TemplateCreate,
    TemplateEdit,
    WeekEdit,
)
from apps.campaigns.forms.work import (
    Advance,
    ChannelAssign,
    ChannelEdit,
    ContributorAdd,
    KpiAdd,
    KpiEdit,
    KpiMove,
    Override,
    OverrideRemove,
    TaskAdd,
    TaskEdit,
    TaskMove,
)

__all__ = [
    "Advance",
    "Audience",
    "BudgetApply",
    "BudgetFile",
    "BudgetLineAdd",
    "BudgetLineEdit",
    "Captain",
    "ChannelAssign",
    "ChannelEdit",
    "Channels",
    "ContributorAdd",
    "Dates",
    "ElementEdit",
    "Goal",
    "HolidayAdd",
    "HolidaysImport",
    "Idea",
    "ItemFields",
    "KpiAdd",
    "KpiEdit",
    "KpiMove",
    "LessonEdit",
    "NotDoingEdit",
    "Outcome",
    "OutcomeBegin",
    "Override",
    "OverrideRemove",
    "ReplayBegin",
    "Reschedule",
    "Review",
    "TaskAdd",
    "TaskEdit",
    "TaskMove",
    "TaskWaits",
    "TemplateApply",
    "TemplateCopy",
    "TemplateCreate",
    "TemplateEdit",
    "VersionForm",
    "WeekEdit",
    "YearGoalEdit",
    "YearGoalMove",
    "attempt",
    "initial_of",
    "template_field",
]
