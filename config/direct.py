"""The addresses that need nothing of what a page needs; `config.urls` has them too, by the same names."""

from django.urls import include, path

from apps.integrations.urls import programs
from apps.messaging.urls import hits

urlpatterns = [
    path("", include((hits, "messaging"))),
    path("", include((programs, "integrations"))),
]
