from apps.accounts.api.base import SEEN_AT, ActionPermission, ApiViewSet, assert_scope_is_listed

__all__ = ["SEEN_AT", "ActionPermission", "ApiViewSet", "assert_scope_is_listed"]
