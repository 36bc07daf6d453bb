from django.urls import path

from apps.collaboration.views import attachments, audit, comments, notifications

app_name = "collaboration"
urlpatterns = [
    path("settings/audit/", audit.audit, name="audit"),
    path("comments/<str:label>/<int:pk>/", comments.thread, name="comments"),
    path("comments/<str:label>/<int:pk>/people/", comments.mentionable, name="mentionable"),
    path("comments/<int:pk>/edit/", comments.comment_edit, name="comment-edit"),
    path("comments/<int:pk>/delete/", comments.comment_delete, name="comment-delete"),
    path("attachments/<str:label>/<int:pk>/", attachments.attachments, name="attachments"),
    path("attachments/<int:pk>/file/", attachments.attachment_file, name="attachment-file"),
    path("attachments/<int:pk>/remove/", attachments.attachment_remove, name="attachment-remove"),
    path("activity/<str:label>/<int:pk>/", comments.activity, name="activity"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/read/", notifications.notifications_read, name="notifications-read"),
    path("notifications/<int:pk>/open/", notifications.notification_open, name="notification-open"),
]
