from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from apps.accounts.admin_base import BookendAdmin, LedgerAdmin
from apps.accounts.models import ApiToken, HandOver, IdempotentAnswer, Invitation, User

# Not how this product knows who may do what, nor where somebody's address or second factor is changed.
for unused in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)


@admin.register(User)
class UserAdmin(BookendAdmin):
    """Read here, change under Settings → People: the last administrator is kept there, and mails are sent."""

    list_display = ["email", "name", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "name"]
    exclude = ["password"]

    def _may_write(self, *args: object) -> bool:
        return False


@admin.register(HandOver)
class HandOverAdmin(LedgerAdmin):
    list_display = ["giver", "kind", "taker", "by", "at", "returned_at"]
    list_select_related = ["giver", "taker", "by"]
    list_filter = ["kind"]
    search_fields = ["=giver__email", "=taker__email"]


@admin.register(ApiToken)
class ApiTokenAdmin(LedgerAdmin):
    list_display = ["name", "prefix", "user", "created_at", "expires_at", "revoked_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["^prefix", "^name"]
    exclude = ["digest"]


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(LedgerAdmin):
    list_display = ["key", "user", "status", "at"]
    list_select_related = ["user"]
    search_fields = ["=key"]
    exclude = ["body"]


@admin.register(Invitation)
class InvitationAdmin(LedgerAdmin):
    list_display = ["email", "role", "invited_by", "created_at", "sent_at", "accepted_at", "revoked_at"]
    list_select_related = ["invited_by"]
    search_fields = ["^email"]
    exclude = ["digest"]
