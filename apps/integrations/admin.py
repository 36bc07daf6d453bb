from django.contrib import admin

from apps.accounts.admin_base import LedgerAdmin
from apps.integrations.models import IdentityScheme, Source, Tally


@admin.register(Source)
class SourceAdmin(LedgerAdmin):
    """To be read: a key is made and revoked on its page, where it is shown and audited."""

    list_display = ["name", "prefix", "heard_at", "created_at", "revoked_at"]
    search_fields = ["^name"]
    exclude = ["digest"]


@admin.register(IdentityScheme)
class IdentitySchemeAdmin(LedgerAdmin):
    """To be read: it is chosen among the sources, once."""

    list_display = ["namespace", "by", "at"]
    list_select_related = ["by"]
    ordering = ["id"]


@admin.register(Tally)
class TallyAdmin(LedgerAdmin):
    list_display = ["at", "source_id", "call", "outcome", "count"]
    search_fields = ["=source__id"]
    ordering = ["-at", "-id"]
