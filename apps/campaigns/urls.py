from django.urls import path

from apps.campaigns.views import (
    budget,
    budget_upload,
    budgets,
    campaign,
    expectation,
    frame,
    kpis,
    readiness,
    tasks,
    team,
    wizard,
)

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
    # Budget
    path("campaigns/<int:pk>/budget/", budget.campaign_budget, name="budget"),
    path("campaigns/<int:pk>/budget/figures/", budget.budget_figures, name="budget_figures"),
    path("campaigns/<int:pk>/budget/add/", budget.budget_line_add, name="budget_line_add"),
    path("campaigns/budget-lines/<int:pk>/", budget.budget_line, name="budget_line"),
    path("campaigns/budget-lines/<int:pk>/edit/", budget.budget_line_update, name="budget_line_update"),
    path("campaigns/budget-lines/<int:pk>/remove/", budget.budget_line_remove, name="budget_line_remove"),
    path("campaigns/budget-lines/<int:pk>/restore/", budget.budget_line_restore, name="budget_line_restore"),
    path("campaigns/<int:pk>/budget/download/", budget_upload.budget_download, name="budget_download"),
    path("campaigns/<int:pk>/budget/upload/", budget_upload.budget_upload_add, name="budget_upload_add"),
    path("campaigns/budget-uploads/<int:pk>/", budget_upload.budget_upload, name="budget_upload"),
    path(
        "campaigns/budget-uploads/<int:pk>/apply/",
        budget_upload.budget_upload_apply,
        name="budget_upload_apply",
    ),
    path("budgets/", budgets.budget_list, name="budgets"),
    path("budgets/csv/", budgets.budget_list_csv, name="budgets_csv"),
    # Expectations
    path("campaigns/<int:pk>/expectation/", expectation.campaign_expectation, name="expectation"),
    path("campaigns/<int:pk>/expectation/set/", expectation.expectation_set, name="expectation_set"),
    path("campaigns/<int:pk>/stakeholders/add/", expectation.stakeholder_add, name="stakeholder_add"),
    path(
        "campaigns/stakeholders/<int:pk>/remove/", expectation.stakeholder_remove, name="stakeholder_remove"
    ),
    path(
        "campaigns/stakeholders/<int:pk>/acknowledge/",
        expectation.expectation_acknowledge,
        name="expectation_acknowledge",
    ),
    # Tasks
    path("tasks/", tasks.task_list, name="tasks"),
    path("campaigns/tasks/<int:pk>/", tasks.task_detail, name="task"),
    path("campaigns/tasks/<int:pk>/edit/", tasks.task_update, name="task_update"),
    path("campaigns/tasks/<int:pk>/move/", tasks.task_move, name="task_move"),
    path("campaigns/tasks/<int:pk>/remove/", tasks.task_remove, name="task_remove"),
    path("campaigns/<int:pk>/plan/", tasks.campaign_plan, name="plan"),
    path("campaigns/<int:pk>/plan/add/", tasks.task_add, name="task_add"),
]
