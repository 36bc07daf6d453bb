"""
What someone leaves behind who is deactivated: each app says it in a sentence, before the act.

    departures.register("campaigns", lambda user: [_("Captain of 3 campaigns.")])
"""

from collections.abc import Callable

from apps.accounts.models import User
from apps.core.registry import Registry

departures: Registry[Callable[[User], list[str]]] = Registry()
