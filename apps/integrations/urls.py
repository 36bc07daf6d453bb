from django.urls import path

from apps.integrations.views import ingest, schemes, sources

app_name = "integrations"
urlpatterns = [
    # Programs with a write key
    path("v1/<slug:call>", ingest.ingest, name="ingest"),
    # People
    path("sources/", sources.source_list, name="source-list"),
    path("sources/new/", sources.source_create, name="source-create"),
    path("sources/scheme/", schemes.scheme, name="scheme"),
    path("sources/<int:pk>/", sources.source_detail, name="source-detail"),
    path("sources/<int:pk>/revoke/", sources.source_revoke, name="source-revoke"),
]
