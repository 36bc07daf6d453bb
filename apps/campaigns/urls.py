from django.urls import path

from apps.campaigns.views import campaign, frame, kpis, metrics, readiness, signoff, tasks, team, wizard

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", campaign.campaign_list, name="list"),
    path("campaigns/new/", campaign.campaign_create, name="create"),
    path("campaigns/<int:pk>/", frame.campaign_detail, name="detail"),
    path("campaigns/<int:pk>/progress/", frame.campaign_progress, name="progress"),
    path("campaigns/<int:pk>/audience/", frame.campaign_audience, name="audience"),
    path("campaigns/<int:pk>/history/", frame.campaign_history, name="history"),
    path("campaigns/<int:pk>/tab/<slug:name>/", frame.campaign_tab, name="tab"),
    path("campaigns/<int:pk>/wizard/<slug:step>/", wizard.campaign_wizard, name="wizard"),
    path("campaigns/<int:pk>/archive/", campaign.campaign_archive, name="archive"),
    path("campaigns/<int:pk>/restore/", campaign.campaign_restore, name="restore"),
    # Team and channels
    path("campaigns/<int:pk>/team/", team.campaign_team, name="team"),
    path("campaigns/<int:pk>/team/captain/", team.captain_change, name="captain_change"),
    path("campaigns/<int:pk>/team/contributors/", team.contributor_add, name="contributor_add"),
    path("campaigns/contributors/<int:pk>/remove/", team.contributor_remove, name="contributor_remove"),
    path("campaigns/<int:pk>/channels/", team.campaign_channels, name="channels"),
    path("campaigns/channels/<int:pk>/", team.channel_detail, name="channel"),
    path("campaigns/channels/<int:pk>/edit/", team.channel_update, name="channel_update"),
    path("campaigns/channels/<int:pk>/remove/", team.channel_remove, name="channel_remove"),
    # Stages and readiness
    path("campaigns/<int:pk>/readiness/", readiness.campaign_readiness, name="readiness"),
    path("campaigns/<int:pk>/readiness/override/", readiness.check_override, name="check_override"),
    path("campaigns/<int:pk>/readiness/count-again/", readiness.override_remove, name="override_remove"),
    path("campaigns/<int:pk>/stage/", readiness.campaign_advance, name="advance"),
    # KPIs
    path("campaigns/<int:pk>/kpis/", kpis.campaign_kpis, name="kpis"),
    path("campaigns/<int:pk>/kpis/add/", kpis.kpi_add, name="kpi_add"),
    path("campaigns/kpis/<int:pk>/", kpis.kpi_update, name="kpi_update"),
    path("campaigns/kpis/<int:pk>/move/", kpis.kpi_move, name="kpi_move"),
    path("campaigns/kpis/<int:pk>/remove/", kpis.kpi_remove, name="kpi_remove"),
    path("campaigns/<int:pk>/kpis/ask/", signoff.kpis_ask, name="kpis_ask"),
    path("campaigns/<int:pk>/kpis/review/", signoff.kpis_review, name="kpis_review"),
    path("campaigns/<int:pk>/kpis/sign/", signoff.kpis_sign, name="kpis_sign"),
    path("campaigns/signoffs/<int:pk>/", signoff.signoff_detail, name="signoff"),
    # The catalogue of metrics
    path("metrics/", metrics.metric_list, name="metrics"),
    path("metrics/new/", metrics.metric_create, name="metric_create"),
    path("metrics/<int:pk>/", metrics.metric_detail, name="metric"),
    path("metrics/<int:pk>/edit/", metrics.metric_update, name="metric_update"),
    path("metrics/<int:pk>/archive/", metrics.metric_archive, name="metric_archive"),
    path("metrics/<int:pk>/restore/", metrics.metric_restore, name="metric_restore"),
    # Tasks
    path("tasks/", tasks.task_list, name="tasks"),
    path("campaigns/tasks/<int:pk>/", tasks.task_detail, name="task"),
    path("campaigns/tasks/<int:pk>/edit/", tasks.task_update, name="task_update"),
    path("campaigns/tasks/<int:pk>/move/", tasks.task_move, name="task_move"),
    path("campaigns/tasks/<int:pk>/remove/", tasks.task_remove, name="task_remove"),
    path("campaigns/<int:pk>/plan/", tasks.campaign_plan, name="plan"),
    path("campaigns/<int:pk>/plan/add/", tasks.task_add, name="task_add"),
]
