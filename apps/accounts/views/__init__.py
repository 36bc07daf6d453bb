from apps.accounts.views.shell import closed, design, home, search

__all__ = ["closed", "design", "home", "search"]
