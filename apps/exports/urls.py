from django.urls import path

from apps.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.export_list, name="list"),
    path("new/", views.export_create, name="create"),
    path("<int:pk>/", views.export_detail, name="detail"),
    path("<int:pk>/cancel/", views.export_cancel, name="cancel"),
    path("<int:pk>/file/", views.export_download, name="download"),
    path("schedules/", views.schedule_list, name="schedule-list"),
    path("schedules/new/", views.schedule_create, name="schedule-create"),
    path("schedules/<int:pk>/", views.schedule_detail, name="schedule-detail"),
    path("schedules/<int:pk>/edit/", views.schedule_change, name="schedule-edit"),
    path("schedules/<int:pk>/run/", views.schedule_run, name="schedule-run"),
    path("schedules/<int:pk>/delete/", views.schedule_delete, name="schedule-delete"),
]
