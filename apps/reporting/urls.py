from django.urls import path

from apps.reporting import views

app_name = "reporting"
urlpatterns = [
    path("overview/", views.overview, name="overview"),
    path("campaigns/<int:pk>/results/", views.campaign_results, name="results"),
    path("campaigns/<int:pk>/results/refresh/", views.results_refresh, name="refresh"),
    path("campaigns/<int:pk>/results/people/<slug:figure>/", views.figure_people, name="people"),
    path("campaigns/<int:pk>/results/conversions/<str:measure>/", views.conversions, name="conversions"),
]
