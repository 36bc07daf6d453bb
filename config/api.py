"""Every resource of `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from apps.accounts import openapi  # noqa: F401  # registers how tokens are documented
from apps.accounts.api.index import index_of
from apps.accounts.api.invitations import InvitationViewSet
from apps.accounts.api.people import MeViewSet, UserViewSet
from apps.campaigns.api import (
    BudgetLineViewSet,
    CalendarEntryViewSet,
    CampaignApprovalsViewSet,
    CampaignBudgetViewSet,
    CampaignChallengesViewSet,
    CampaignExpectationViewSet,
    CampaignViewSet,
    ChallengerViewSet,
    ChallengeViewSet,
    ChannelViewSet,
    ContributorViewSet,
    HolidayViewSet,
    KpiViewSet,
    LessonViewSet,
    MetricViewSet,
    NotDoingViewSet,
    PlanTemplateViewSet,
    TaskViewSet,
    WorkWeekViewSet,
    YearGoalViewSet,
)
from apps.collaboration.api import AuditEventViewSet
from apps.collaboration.attachments_api import AttachmentViewSet
from apps.collaboration.savedview_api import SavedViewViewSet
from apps.collaboration.settings_api import NotificationSettingsViewSet
from apps.contacts.api import (
    AttributeViewSet,
    CompanyMemberViewSet,
    CompanyViewSet,
    ContactViewSet,
    EventTypeViewSet,
    EventViewSet,
    ImportMappingViewSet,
    ImportViewSet,
    MergeSuggestionViewSet,
    QualityFindingViewSet,
    QualityMendViewSet,
    QualityRuleViewSet,
    QualityScanViewSet,
    SuppressionViewSet,
    SystemViewSet,
    TopicViewSet,
)
from apps.content.api import TemplateViewSet
from apps.exports.api import ExportViewSet, ScheduleViewSet
from apps.integrations.api import SourceViewSet
from apps.messaging.api import (
    ContactWhyViewSet,
    DeliverabilityViewSet,
    DeliveryReportViewSet,
    FrequencyCapViewSet,
    MessageViewSet,
    ProviderViewSet,
    QuietHoursViewSet,
    RateLimitViewSet,
    SenderViewSet,
    SendingDomainViewSet,
    SendingPolicyViewSet,
    WarmUpViewSet,
)
from apps.reporting.api import CampaignResultsViewSet
from apps.segments.api import (
    ContactListViewSet,
    ContactSegmentsViewSet,
    DefinitionVersionViewSet,
    DefinitionViewSet,
    SegmentViewSet,
)
from apps.usecases.api import UseCaseViewSet

router = SimpleRouter()
router.register("", index_of(router.registry), basename="index")
router.register("campaigns", CampaignResultsViewSet, basename="campaign-results")
router.register("campaigns", CampaignBudgetViewSet, basename="campaign-budget")
router.register("campaigns", CampaignExpectationViewSet, basename="campaign-expectation")
router.register("attributes", AttributeViewSet)
router.register("contacts", ContactSegmentsViewSet, basename="contact-segments")
router.register("contacts", ContactWhyViewSet, basename="contact-why")
router.register("contacts", ContactViewSet)
router.register("companies", CompanyViewSet)
router.register("company-members", CompanyMemberViewSet)
router.register("events", EventViewSet)
router.register("event-types", EventTypeViewSet, basename="event-type")
router.register("imports", ImportViewSet, basename="import")
router.register("suppressions", SuppressionViewSet)
router.register("topics", TopicViewSet)
router.register("quality-rules", QualityRuleViewSet, basename="quality-rule")
router.register("quality-scans", QualityScanViewSet, basename="quality-scan")
router.register("quality-findings", QualityFindingViewSet, basename="quality-finding")
router.register("quality-mends", QualityMendViewSet, basename="quality-mend")
router.register("merge-suggestions", MergeSuggestionViewSet, basename="merge-suggestion")
router.register("import-mappings", ImportMappingViewSet)
router.register("systems", SystemViewSet)
router.register("me", MeViewSet, basename="me")
router.register("audit-events", AuditEventViewSet)
router.register("attachments", AttachmentViewSet)
router.register("templates", TemplateViewSet)
router.register("messages", MessageViewSet)
router.register("senders", SenderViewSet)
router.register("rate-limits", RateLimitViewSet, basename="rate-limit")
router.register("warm-ups", WarmUpViewSet, basename="warm-up")
router.register("providers", ProviderViewSet)
router.register("frequency-caps", FrequencyCapViewSet, basename="frequency-cap")
router.register("quiet-hours", QuietHoursViewSet, basename="quiet-hours")
router.register("sending-policy", SendingPolicyViewSet, basename="sending-policy")
router.register("sending-domains", SendingDomainViewSet)
router.register("deliverability", DeliverabilityViewSet, basename="deliverability")
router.register("delivery-reports", DeliveryReportViewSet, basename="delivery-report")
router.register("users", UserViewSet)
router.register("invitations", InvitationViewSet)
router.register("campaigns", CampaignApprovalsViewSet, basename="campaign-approvals")
router.register("campaigns", CampaignChallengesViewSet, basename="campaign-challenges")
router.register("challenges", ChallengeViewSet)
router.register("challengers", ChallengerViewSet)
router.register("campaigns", CampaignViewSet)
router.register("budget-lines", BudgetLineViewSet)
router.register("channels", ChannelViewSet)
router.register("contributors", ContributorViewSet)
router.register("kpis", KpiViewSet)
router.register("metrics", MetricViewSet)
router.register("notification-settings", NotificationSettingsViewSet, basename="notification-settings")
router.register("tasks", TaskViewSet)
router.register("lessons", LessonViewSet)
router.register("year-goals", YearGoalViewSet, basename="year-goal")
router.register("not-doing", NotDoingViewSet, basename="not-doing")
router.register("plan-templates", PlanTemplateViewSet)
router.register("holidays", HolidayViewSet)
router.register("work-week", WorkWeekViewSet, basename="work-week")
router.register("segments", SegmentViewSet)
router.register("definitions", DefinitionViewSet)
router.register("definition-versions", DefinitionVersionViewSet, basename="definition-version")
router.register("event-sources", SourceViewSet, basename="event-source")
router.register("exports", ExportViewSet, basename="export")
router.register("export-schedules", ScheduleViewSet, basename="export-schedule")
router.register("calendar-entries", CalendarEntryViewSet, basename="calendar-entry")
router.register("saved-views", SavedViewViewSet, basename="saved-view")
router.register("use-cases", UseCaseViewSet, basename="use-case")
router.register("lists", ContactListViewSet, basename="list")
