from django.urls import path

from apps.contacts import views
from apps.contacts.views import public

app_name = "contacts"
urlpatterns = [
    # In the hands of the people themselves
    path("confirm/<str:token>", public.confirm, name="confirm"),
    # Ours
    path("contacts/", views.contact_list, name="list"),
    path("contacts/csv/", views.contact_csv, name="csv"),
    path("contacts/new/", views.contact_create, name="create"),
    path("contacts/<int:pk>/", views.contact_detail, name="detail"),
    path("contacts/<int:pk>/edit/", views.contact_change, name="edit"),
    path("contacts/<int:pk>/timeline/", views.contact_timeline, name="timeline"),
    path("contacts/<int:pk>/consent/", views.contact_consent, name="consent"),
    path("contacts/<int:pk>/suppress/", views.contact_suppress, name="suppress"),
    path("contacts/<int:pk>/lift/", views.contact_lift, name="lift"),
    path("contacts/<int:pk>/identity/", views.contact_identity, name="identity"),
    path("contacts/<int:pk>/alike/", views.contact_alike, name="alike"),
    path("contacts/<int:pk>/merge/", views.contact_merge, name="merge"),
    path("contacts/<int:pk>/unmerge/", views.contact_unmerge, name="unmerge"),
    path("contacts/<int:pk>/export/", views.contact_export, name="export"),
    path("contacts/<int:pk>/erase/", views.contact_erase, name="erase"),
    path("confirmations/<int:pk>/again/", views.confirmation_again, name="confirmation-again"),
    path("topics/", views.topic_list, name="topic-list"),
    path("topics/new/", views.topic_create, name="topic-create"),
    path("topics/<int:pk>/", views.topic_change, name="topic-edit"),
    path("topics/<int:pk>/delete/", views.topic_delete, name="topic-delete"),
    path("suppressions/", views.suppression_list, name="suppression-list"),
    path("suppressions/new/", views.suppression_add, name="suppression-add"),
    path("suppressions/<int:pk>/", views.suppression_detail, name="suppression-detail"),
    path("suppressions/<int:pk>/lift/", views.suppression_lift, name="suppression-lift"),
    path("dictionary/", views.attribute_list, name="attribute-list"),
    path("dictionary/new/", views.attribute_create, name="attribute-create"),
    path("dictionary/alike/", views.attribute_alike, name="attribute-alike"),
    path("dictionary/<int:pk>/", views.attribute_detail, name="attribute-detail"),
    path("dictionary/<int:pk>/edit/", views.attribute_change, name="attribute-edit"),
    path("dictionary/<int:pk>/delete/", views.attribute_delete, name="attribute-delete"),
    path("imports/", views.import_list, name="import-list"),
    path("imports/new/", views.import_create, name="import-create"),
    path("imports/<int:pk>/", views.import_detail, name="import-detail"),
    path("imports/<int:pk>/sheet/", views.import_sheet, name="import-sheet"),
    path("imports/<int:pk>/columns/", views.import_columns, name="import-columns"),
    path("imports/<int:pk>/read/", views.import_read, name="import-read"),
    path("imports/<int:pk>/run/", views.import_run, name="import-run"),
    path("imports/<int:pk>/cancel/", views.import_cancel, name="import-cancel"),
    path("imports/<int:pk>/resume/", views.import_resume, name="import-resume"),
    path("imports/<int:pk>/errors/", views.import_errors, name="import-errors"),
    path("events/", views.event_list, name="event-list"),
    path("events/names/", views.event_type_list, name="event-type-list"),
]
