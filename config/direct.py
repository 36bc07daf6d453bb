"""The addresses that need nothing of what a page needs; `config.urls` has them too, by the same names."""

from django.urls import include, path

from apps.integrations.urls import programs

urlpatterns = [path("", include((programs, "integrations")))]
