from django.urls import path

from apps.collaboration.views import audit, comments, feed, notifications, settings, stopping

app_name = "collaboration"
urlpatterns = [
    path("settings/audit/", audit.audit, name="audit"),
    path("comments/<str:label>/<int:pk>/", comments.thread, name="comments"),
    path("comments/<int:pk>/edit/", comments.comment_edit, name="comment-edit"),
    path("comments/<int:pk>/delete/", comments.comment_delete, name="comment-delete"),
    path("activity/", feed.feed, name="feed"),
    path("profile/notifications/", settings.notification_settings, name="notification-settings"),
    path("notifications/digest/stop/<str:token>/", stopping.digest_stop, name="digest-stop"),
    path("activity/<str:label>/<int:pk>/", comments.activity, name="activity"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/read/", notifications.notifications_read, name="notifications-read"),
    path("notifications/<int:pk>/open/", notifications.notification_open, name="notification-open"),
]
