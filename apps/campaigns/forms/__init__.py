from apps.campaigns.forms.approval import ApprovalAsk, ApprovalGive, ApprovalSendBack, Rules
from apps.campaigns.forms.base import VersionForm, attempt, initial_of, offer, people_share
from apps.campaigns.forms.budget import BudgetLineAdd, BudgetLineEdit
from apps.campaigns.forms.budget_upload import BudgetApply, BudgetFile
from apps.campaigns.forms.challenge import ChallengeAnswer, ChallengerAdd, ChallengeRaise, ChallengeResolve
from apps.campaigns.forms.element import ElementEdit
from apps.campaigns.forms.expectation import Acknowledge, ExpectationCurve, StakeholderAdd
from apps.campaigns.forms.lesson import LessonEdit
from apps.campaigns.forms.metric import KpiAdd, KpiEdit, KpiMove, MetricFields
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
from apps.campaigns.forms.replay import ReplayBegin
from apps.campaigns.forms.schedule import Reschedule, TaskWaits, TemplateApply, template_field
from apps.campaigns.forms.signoff import ReviewKpis, SignKpis
from apps.campaigns.forms.strategy import NotDoingEdit, YearGoalEdit, YearGoalMove
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
    Override,
    OverrideRemove,
    TaskAdd,
    TaskEdit,
    TaskMove,
)

__all__ = [
    "Acknowledge",
    "Advance",
    "ApprovalAsk",
    "ApprovalGive",
    "ApprovalSendBack",
    "Audience",
    "BudgetApply",
    "BudgetFile",
    "BudgetLineAdd",
    "BudgetLineEdit",
    "Captain",
    "ChallengeAnswer",
    "ChallengeRaise",
    "ChallengeResolve",
    "ChallengerAdd",
    "ChannelAssign",
    "ChannelEdit",
    "Channels",
    "ContributorAdd",
    "Dates",
    "ElementEdit",
    "ExpectationCurve",
    "Goal",
    "HolidayAdd",
    "HolidaysImport",
    "Idea",
    "ItemFields",
    "KpiAdd",
    "KpiEdit",
    "KpiMove",
    "LessonEdit",
    "MetricFields",
    "NotDoingEdit",
    "Outcome",
    "OutcomeBegin",
    "Override",
    "OverrideRemove",
    "ReplayBegin",
    "Reschedule",
    "Review",
    "ReviewKpis",
    "Rules",
    "SignKpis",
    "StakeholderAdd",
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
    "offer",
    "people_share",
    "template_field",
]
