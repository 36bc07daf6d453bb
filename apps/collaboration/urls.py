from django.urls import path

from apps.collaboration.views import (
    attachments,
    audit,
    comments,
    feed,
    notifications,
    savedviews,
    settings,
    stopping,
)

app_name = "collaboration"
urlpatterns = [
    path("settings/audit/", audit.audit, name="audit"),
    path("comments/<str:label>/<int:pk>/", comments.thread, name="comments"),
    path("comments/<str:label>/<int:pk>/people/", comments.mentionable, name="mentionable"),
    path("comments/<int:pk>/edit/", comments.comment_edit, name="comment-edit"),
    path("comments/<int:pk>/delete/", comments.comment_delete, name="comment-delete"),
    path("activity/", feed.feed, name="feed"),
    path("profile/notifications/", settings.notification_settings, name="notification-settings"),
    path("notifications/digest/stop/<str:token>/", stopping.digest_stop, name="digest-stop"),
    path("attachments/<str:label>/<int:pk>/", attachments.attachments, name="attachments"),
    path("attachments/<int:pk>/file/", attachments.attachment_file, name="attachment-file"),
    path("attachments/<int:pk>/remove/", attachments.attachment_remove, name="attachment-remove"),
    path("activity/<str:label>/<int:pk>/", comments.activity, name="activity"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/read/", notifications.notifications_read, name="notifications-read"),
    path("notifications/<int:pk>/open/", notifications.notification_open, name="notification-open"),
    # Saved views
    path("views/", savedviews.saved_views, name="saved-views"),
    path("views/save/", savedviews.view_save, name="view-save"),
    path("views/default/clear/", savedviews.default_clear, name="view-default-clear"),
    path("views/<int:pk>/rename/", savedviews.view_rename, name="view-rename"),
    path("views/<int:pk>/share/", savedviews.view_share, name="view-share"),
    path("views/<int:pk>/delete/", savedviews.view_delete, name="view-delete"),
    path("views/<int:pk>/default/", savedviews.default_set, name="view-default"),
]
