from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from apps.accounts.api.people import Nothing
from apps.accounts.views import closed
from config.api import router

handler500 = "apps.core.wrong_turns.server_error"
urlpatterns = [
    path("admin/", admin.site.urls),
    # Accounts come by invitation and keep the address they were invited at: these doors of allauth are shut.
    re_path("^accounts/(?:signup|email|confirm-email|password/set|login/code)/", closed, name="closed"),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.collaboration.urls")),
    path("", include("apps.operations.urls")),
    path("", include("apps.contacts.urls")),
    path("", include("apps.campaigns.urls")),
    path("", include("apps.reporting.urls")),
    path("segments/", include("apps.segments.urls")),
    path("templates/", include("apps.content.urls")),
    path("", include("apps.messaging.urls")),
    path("", include("apps.integrations.urls")),
    path("exports/", include("apps.exports.urls")),
    path("use-cases/", include("apps.usecases.urls")),
    path("api/v1/", include((router.urls, "api"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    re_path("^api/", Nothing.as_view(), name="api-nothing"),
]
