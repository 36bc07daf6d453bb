from django.urls import path

from apps.messaging.views import (
    caps,
    deliverability,
    domains,
    drafts,
    experiments,
    parts,
    policy,
    quiet,
    reports,
    running,
    senders,
    tracking,
)

app_name = "messaging"
urlpatterns = [
    # In the readers' hands
    path("o/<str:token>.gif", tracking.opened, name="open"),
    path("c/<str:token>", tracking.clicked, name="click"),
    path("u/<str:token>", tracking.unsubscribe, name="unsubscribe"),
    path("p/<str:token>", tracking.preferences, name="preferences"),
    path("view/<str:token>", tracking.in_browser, name="view"),
    # Writing
    path("messages/", running.message_list, name="list"),
    path("channels/<int:pk>/messages/new/", drafts.message_create, name="create"),
    path("messages/<int:pk>/recipients/", drafts.message_recipients, name="recipients-edit"),
    path("messages/<int:pk>/content/", drafts.message_content, name="content-edit"),
    path("messages/<int:pk>/variants/", experiments.message_variants, name="variants-edit"),
    path("messages/<int:pk>/settings/", drafts.message_settings, name="settings-edit"),
    path("messages/<int:pk>/reach/", drafts.message_reach, name="reach"),
    path("messages/<int:pk>/frame/", drafts.message_frame, name="frame"),
    path("messages/<int:pk>/test/", drafts.message_test, name="test"),
    path("messages/<int:pk>/launch/", drafts.message_launch, name="launch"),
    path("messages/<int:pk>/delete/", drafts.message_delete, name="delete"),
    # Running
    path("messages/<int:pk>/", running.message_detail, name="detail"),
    path("messages/<int:pk>/pause/", running.message_pause, name="pause"),
    path("messages/<int:pk>/resume/", running.message_resume, name="resume"),
    path("messages/<int:pk>/cancel/", running.message_cancel, name="cancel"),
    path("messages/<int:pk>/retry/", running.message_retry, name="retry"),
    path("messages/<int:pk>/experiment/", experiments.message_experiment, name="experiment"),
    path("messages/<int:pk>/decide/", experiments.message_decide, name="decide"),
    path("messages/<int:pk>/people/", running.message_people, name="people"),
    path("messages/people/<int:pk>/", running.recipient_detail, name="recipient"),
    # What came back
    path("deliverability/", deliverability.deliverability, name="deliverability"),
    path("deliverability/reports/", reports.report_list, name="reports"),
    # On other rooms' pages
    path("campaigns/<int:pk>/messages/", parts.campaign_messages, name="campaign"),
    path("contacts/<int:pk>/deliveries/", parts.contact_deliveries, name="contact"),
    # Settings
    path("settings/domains/", domains.domain_list, name="domains"),
    path("settings/domains/new/", domains.domain_create, name="domain-create"),
    path("settings/domains/<int:pk>/", domains.domain_detail, name="domain"),
    path("settings/domains/<int:pk>/edit/", domains.domain_update, name="domain-edit"),
    path("settings/domains/<int:pk>/check/", domains.domain_check, name="domain-check"),
    path("settings/domains/<int:pk>/sign/", domains.domain_sign, name="domain-sign"),
    path("settings/domains/<int:pk>/delete/", domains.domain_delete, name="domain-delete"),
    path("settings/senders/", senders.sender_list, name="senders"),
    path("settings/senders/new/", senders.sender_create, name="sender-create"),
    path("settings/senders/<int:pk>/", senders.sender_update, name="sender"),
    path("settings/senders/<int:pk>/delete/", senders.sender_delete, name="sender-delete"),
    path("settings/sending-rules/", policy.policy_detail, name="policy"),
    path("settings/sending-rules/general/", policy.policy_update, name="policy-edit"),
    path("settings/sending-rules/caps/new/", caps.cap_create, name="cap-create"),
    path("settings/sending-rules/caps/<int:pk>/", caps.cap_update, name="cap"),
    path("settings/sending-rules/caps/<int:pk>/delete/", caps.cap_delete, name="cap-delete"),
    path("settings/sending-rules/quiet-hours/new/", quiet.quiet_create, name="quiet-create"),
    path("settings/sending-rules/quiet-hours/<int:pk>/", quiet.quiet_update, name="quiet"),
    path("settings/sending-rules/quiet-hours/<int:pk>/delete/", quiet.quiet_delete, name="quiet-delete"),
]
