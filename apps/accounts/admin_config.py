from django.contrib.admin import apps


class BookendAdminConfig(apps.AdminConfig):
    """`django.contrib.admin` with the product's own site."""

    default_site = "apps.accounts.admin_site.BookendAdminSite"
