from django.urls import path

from apps.content.views import overrides, previews, templates, versions

app_name = "content"
urlpatterns = [
    path("", templates.template_list, name="list"),
    path("new/", templates.template_new, name="new"),
    path("create/", templates.template_create, name="create"),
    path("<int:pk>/", templates.template_detail, name="detail"),
    path("<int:pk>/save/", templates.template_save, name="save"),
    path("<int:pk>/duplicate/", templates.template_duplicate, name="duplicate"),
    path("<int:pk>/archive/", templates.template_archive, name="archive"),
    path("<int:pk>/restore/", templates.template_restore, name="restore"),
    path("<int:pk>/overrides/", overrides.override_list, name="overrides"),
    path("<int:pk>/overrides/give/", overrides.override_give, name="override-give"),
    path("overrides/<int:pk>/withdraw/", overrides.override_withdraw, name="override-withdraw"),
    path("<int:pk>/versions/", versions.version_list, name="versions"),
    path("versions/<int:pk>/", versions.version_detail, name="version"),
    path("versions/<int:pk>/frame/", previews.version_frame, name="version-frame"),
    path("versions/<int:pk>/revert/", versions.version_revert, name="revert"),
    path("preview/", previews.preview_check, name="preview"),
    path("preview/frame/", previews.preview_frame, name="preview-frame"),
    path("preview/contacts/", previews.preview_contacts, name="preview-contacts"),
    path("starters/<slug:key>/frame/", previews.starter_frame, name="starter-frame"),
]
