from django.urls import path

from apps.usecases import views

app_name = "usecases"
urlpatterns = [
    path("", views.use_case_list, name="list"),
    path("new/", views.use_case_create, name="create"),
    path("<int:pk>/", views.use_case_detail, name="detail"),
    path("<int:pk>/edit/", views.use_case_change, name="edit"),
    path("<int:pk>/delete/", views.use_case_delete, name="delete"),
    path("<int:pk>/parts/", views.part_add, name="part-add"),
    path("parts/<int:pk>/remove/", views.part_remove, name="part-remove"),
]
