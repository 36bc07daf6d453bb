from apps.accounts.api.base import ActionPermission, ApiViewSet, assert_scope_is_listed

__all__ = ["ActionPermission", "ApiViewSet", "assert_scope_is_listed"]
