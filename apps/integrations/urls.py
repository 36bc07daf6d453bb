from django.urls import path

from apps.integrations.views import ingest, schemes, sources

app_name = "integrations"
# With a write key and without a session: answered by `core.middleware.DirectMiddleware`.
programs = [
    path("v1/<slug:call>", ingest.ingest, name="ingest"),
]
urlpatterns = [
    *programs,
    path("sources/", sources.source_list, name="source-list"),
    path("sources/new/", sources.source_create, name="source-create"),
    path("sources/scheme/", schemes.scheme, name="scheme"),
    path("sources/<int:pk>/", sources.source_detail, name="source-detail"),
    path("sources/<int:pk>/revoke/", sources.source_revoke, name="source-revoke"),
]
