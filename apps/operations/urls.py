from django.urls import path

from apps.operations import probes, views

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics_page, name="metrics"),
    path("health/", views.system_health, name="system-health"),
    path("health/dot/", views.health_dot, name="health-dot"),
    path("mailbox/", views.mailbox_list, name="mailbox-list"),
    path("mailbox/<int:number>/", views.mailbox_message, name="mailbox-message"),
    path("mailbox/<int:number>/html/", views.mailbox_html, name="mailbox-html"),
    path("mailbox/<int:number>/raw/", views.mailbox_raw, name="mailbox-raw"),
]
