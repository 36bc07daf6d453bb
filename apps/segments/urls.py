from django.urls import path

from apps.segments.views import definitions, editor, lists, people, segments

app_name = "segments"
urlpatterns = [
    path("", segments.segment_list, name="list"),
    path("new/", editor.segment_create, name="create"),
    path("preview/", editor.rule_preview, name="preview"),
    path("check/", editor.rule_check, name="check"),
    path("of/<int:pk>/", people.contact_segments, name="contact"),
    path("<int:pk>/", segments.segment_detail, name="detail"),
    path("<int:pk>/edit/", editor.segment_change, name="change"),
    path("<int:pk>/duplicate/", segments.segment_duplicate, name="duplicate"),
    path("<int:pk>/archive/", segments.segment_archive, name="archive"),
    path("<int:pk>/restore/", segments.segment_restore, name="restore"),
    path("<int:pk>/delete/", segments.segment_delete, name="delete"),
    path("<int:pk>/freeze/", segments.segment_freeze, name="freeze"),
    path("lists/", lists.list_list, name="lists"),
    path("lists/new/", lists.list_create, name="list_create"),
    path("lists/of-findings/<str:key>/", lists.list_of_findings, name="list_of_findings"),
    path("lists/<int:pk>/", lists.list_detail, name="list_detail"),
    path("lists/<int:pk>/paste/", lists.list_paste, name="list_paste"),
    path("lists/<int:pk>/change/", lists.list_change, name="list_change"),
    path("lists/<int:pk>/remove/", lists.list_remove, name="list_remove"),
    path("lists/<int:pk>/delete/", lists.list_delete, name="list_delete"),
    path("definitions/", definitions.definition_list, name="definition_list"),
    path("definitions/new/", definitions.definition_create, name="definition_create"),
    path("definitions/<int:pk>/", definitions.definition_detail, name="definition_detail"),
    path("definitions/<int:pk>/edit/", definitions.definition_change, name="definition_change"),
    path("definitions/<int:pk>/effect/", definitions.definition_effect, name="definition_effect"),
    path("definitions/<int:pk>/propose/", definitions.definition_propose, name="definition_propose"),
    path("definitions/<int:pk>/recompute/", definitions.definition_recompute, name="definition_recompute"),
    path("definitions/<int:pk>/delete/", definitions.definition_delete, name="definition_delete"),
    path("definitions/versions/<int:pk>/", definitions.definition_version, name="definition_version"),
    path("definitions/versions/<int:pk>/approve/", definitions.version_approve, name="version_approve"),
    path("definitions/versions/<int:pk>/refuse/", definitions.version_refuse, name="version_refuse"),
    path("definitions/versions/<int:pk>/withdraw/", definitions.version_withdraw, name="version_withdraw"),
]
