"""Every URL of the product, as the resolver has it."""

import inspect
from dataclasses import dataclass

from django.urls import URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """`name` is what `reverse` takes; `arguments` are the names in the path; `view` is what is called."""

    name: str
    path: str
    arguments: tuple[str, ...]
    view: object

    @property
    def cls(self):
        """The view's or viewset's class; None of a function view."""
        return getattr(self.view, "cls", getattr(self.view, "view_class", None))

    @property
    def is_api(self):
        return self.name.startswith("api:")

    @property
    def model(self):
        """What the `pk` in the path is the key of."""
        queryset = getattr(self.cls, "queryset", None)
        return queryset.model if queryset is not None else getattr(self.view, "model", None)

    @property
    def methods(self):
        """The methods that the view answers; HEAD goes with GET."""
        if hasattr(self.view, "actions"):
            answered = {method.upper() for method in self.view.actions}
        elif self.cls:  # of a package: its forms answer PUT like POST
            answered = {method for method in ("GET", "POST") if hasattr(self.cls, method.lower())}
        else:
            answered = _function_methods(self.view)
        return tuple(method for method in METHODS if method in answered)

    def url(self, **kwargs):
        return reverse(self.name, kwargs=kwargs)


def _function_methods(view):
    """Look for what `require_GET` and its like keep. Of a package's view that keeps nothing: both of HTML."""
    while view:
        kept = inspect.getclosurevars(view).nonlocals if inspect.isfunction(view) else {}
        if "request_method_list" in kept:
            return set(kept["request_method_list"])
        view = getattr(view, "__wrapped__", None)
    return {"GET", "POST"}


def _walk(patterns, names=(), path="", arguments=()):
    for entry in patterns:
        own = entry.pattern
        inner = own.converters if isinstance(own, RoutePattern) else own.regex.groupindex
        found = (*arguments, *inner)
        where = path + str(own)
        if isinstance(entry, URLResolver):
            below = (*names, entry.namespace) if entry.namespace else names
            yield from _walk(entry.url_patterns, below, where, found)
        else:
            name = ":".join([*names, entry.name]) if entry.name else ""
            yield Route(name=name, path=where, arguments=found, view=entry.callback)


ROUTES = list(_walk(get_resolver().url_patterns))
