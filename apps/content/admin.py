from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.content.models import Template, TemplateVersion, UseOverride


@admin.register(Template)
class TemplateAdmin(LedgerAdmin):
    """To be looked at: each change of a template is a version, and versions are made in the composer."""

    list_display = ["name", "edited_at", "edited_by", "archived_at"]
    list_select_related = ["edited_by"]
    search_fields = ["name"]
    ordering = ["-edited_at"]


@admin.register(TemplateVersion)
class TemplateVersionAdmin(LedgerAdmin):
    list_display = ["template", "number", "subject", "by", "at"]
    list_select_related = ["template", "by"]
    search_fields = ["subject"]
    ordering = ["-id"]


@admin.register(UseOverride)
class UseOverrideAdmin(LedgerAdmin):
    """To be looked at: a reviewer gives and takes back overrides at the template, with a reason."""

    list_display = ["template", "attribute", "reason", "by", "at"]
    list_select_related = ["template", "attribute", "by"]
    search_fields = ["template__name", "attribute__key"]
    ordering = ["-id"]
