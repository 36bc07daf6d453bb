"""
The base of every endpoint.

A viewset names its `scope` (a resource of `apps.accounts.scopes`), its `permissions` by action, and the extra
query `parameters` its actions read. A queryset that has `visible_to(user)` is narrowed by it.
"""

from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_filters import BooleanFilter
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.accounts import idempotency, scopes
from apps.accounts.models import ApiToken, User
from apps.accounts.permissions import permission_check
from apps.core.api import PreconditionFailed
from apps.core.gone import ABSENCE, has_gone

M = TypeVar("M", bound=Model)
SEEN_AT = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `updated_at` that was read: what was saved since is not overwritten, but answered 412.",
)
YES_OR_NO = {"", "true", "false", "1", "0"}


class ActionPermission(BasePermission):
    """Ask for what the viewset names for its action: of the object in the URL where there is one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, ApiViewSet)
        if not request.user.is_authenticated:
            return False
        if view.action not in view.permissions:
            self._refuse_unlisted(request, view)
        if not view.reaches(view.scope_of_action):
            raise PermissionDenied(
                _("The token lacks the scope “%(scope)s”.") % {"scope": view.scope_of_action}
            )
        subject = view.get_object() if view.detail else None
        permission_check(view.user, view.permissions[view.action], subject)
        return True

    def _refuse_unlisted(self, request: Request, view: "ApiViewSet[Any]") -> None:
        """Refuse to everyone, superusers too, what the viewset forgot to guard."""
        assert request.method
        if view.action in {None, "metadata"}:
            raise MethodNotAllowed(request.method)
        raise PermissionDenied


class ApiViewSet(GenericViewSet[M]):
    """Base of every endpoint. An action that `permissions` does not list is refused to everyone."""

    scope: str = ""  # a resource of `scopes.RESOURCES`; "" only where every token may know the answer
    scopes: dict[str, str] = {}  # action -> another resource than `scope`, where it is about that
    permissions: dict[str, str] = {}
    reading_actions: frozenset[str] = frozenset()  # POSTs that change nothing: a `:read` token may send them
    secret_actions: frozenset[str] = frozenset()  # POSTs whose answer holds what is shown once
    network_actions: frozenset[str] = frozenset()  # POSTs that talk to others: never within a transaction
    parameters: dict[str, tuple[str, ...]] = {}  # action -> query parameters beside filters and pages
    permission_classes = [ActionPermission]

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User), "ActionPermission runs first"
        return self.request.user

    def told(self, payload: type[Serializer[Any]], **options: Any) -> dict[str, Any]:
        """
        Return what the body says, as `payload` reads it; `options` are those of the serializer.

        :raises ValidationError: by field
        """
        read = payload(data=self.request.data, **options)
        read.is_valid(raise_exception=True)
        told: dict[str, Any] = read.validated_data
        return told

    def answer(self, subject: object, status: int = 200) -> Response:
        """Answer with one object, as the viewset shows it."""
        return Response(self.get_serializer(subject).data, status=status)

    def seen_at(self) -> datetime | None:
        """
        Return when what the caller read was saved, by `If-Match`; None: whatever is there is overwritten.

        The act asks again, of the row that it has locked.

        :raises PreconditionFailed: it was saved since
        """
        told = self.request.headers.get("If-Match", "").strip().strip('"')
        if not told or told == "*":
            return None
        row: Any = self.get_object()
        try:
            seen = parse_datetime(told)
        except ValueError:
            seen = None
        if seen != row.updated_at:
            raise PreconditionFailed(_("This has been changed since you read it. Read it again."))
        return seen

    @property
    def scope_of_action(self) -> str:
        """`contacts:read` or `contacts:write`; empty where no scope is asked."""
        reads = self.request.method in SAFE_METHODS or self.action in self.reading_actions
        resource = self.scopes.get(self.action, self.scope)
        return f"{resource}:{'read' if reads else 'write'}" if resource else ""

    def reaches(self, scope: str) -> bool:
        """Test if the caller's token covers `scope`; for answers that bring along another resource's data."""
        token = self.request.auth
        return not scope or not isinstance(token, ApiToken) or token.allows(scope)

    def may(self, permission: str, scope: str) -> bool:
        """Test if the caller may do this too, by role and by the scopes of the token."""
        return self.reaches(scope) and self.user.has_perm(permission)

    def demand(self, permission: str, scope: str) -> None:
        """
        Ask for what a body touches beside the resource of the URL.

        :raises PermissionDenied: the role or the token's scopes do not reach so far
        """
        if not self.reaches(scope):
            raise PermissionDenied(_("The token lacks the scope “%(scope)s”.") % {"scope": scope})
        permission_check(self.user, permission, None)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._refuse_unknown_parameters(request)
        if self.action == "list":
            self._refuse_neither_yes_nor_no(request)
        if request.method == "POST" and idempotency.HEADER in request.headers:
            # DRF looks the handler up after this.
            handler = getattr(self, "post", self.http_method_not_allowed)
            self.post = self._done_once(handler)

    def _done_once(self, handler: idempotency.Handler) -> idempotency.Handler:
        if self.action in self.network_actions:
            return idempotency.once_beforehand(handler, on_error=self.handle_exception)
        is_secret = self.action in self.secret_actions
        return idempotency.once(handler, on_error=self.handle_exception, is_secret=is_secret)

    def get_queryset(self) -> QuerySet[M]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset
        narrowed = getattr(queryset, "visible_to", None)
        return queryset if narrowed is None else narrowed(self.user)

    @cached_property
    def _subject(self) -> M:
        return super().get_object()

    def get_object(self) -> M:
        """Return the object whose permission was asked before the action began."""
        return self._subject

    def handle_exception(self, exc: Exception) -> Response:
        """What somebody else has deleted between the loading and the act is not there: that is no fault."""
        subject = self.__dict__.get("_subject")
        is_absence = isinstance(exc, ABSENCE) and has_gone(subject)
        return super().handle_exception(Http404() if is_absence else exc)

    def _refuse_unknown_parameters(self, request: Request) -> None:
        """Refuse `?emial=…`: a filter that is silently left out answers with far more than was asked for."""
        known = set(self.parameters.get(self.action, ()))
        if self.action == "list":
            known |= self._list_parameters()
        if unknown := sorted(set(request.query_params) - known):
            sentence = _("Unknown parameter. Known: %(known)s.") % {"known": ", ".join(sorted(known)) or "-"}
            raise ValidationError({name: [sentence] for name in unknown})

    def _refuse_neither_yes_nor_no(self, request: Request) -> None:
        """Refuse `?archived=maybe`, which the filter would leave out, as if nothing had been asked."""
        sentence = _("Write true or false.")
        vague = [
            name
            for name, one in self._list_filters().items()
            if isinstance(one, BooleanFilter) and request.query_params.get(name, "").lower() not in YES_OR_NO
        ]
        if vague:
            raise ValidationError({name: [sentence] for name in vague})

    def _list_parameters(self) -> set[str]:
        known = {"cursor", "limit", *self._list_filters()}
        if getattr(self, "ordering_fields", None):
            known.add("ordering")
        if getattr(self, "search_fields", None):
            known.add("search")
        return known

    def _list_filters(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for backend in self.filter_backends:
            filterset_class = getattr(backend(), "get_filterset_class", lambda *_args: None)
            filterset = filterset_class(self, super().get_queryset())
            found |= filterset.get_filters() if filterset else {}
        return found


def assert_scope_is_listed(view: type[ApiViewSet[Any]]) -> None:
    """Fail for a viewset whose scope no token could be given; tests ask this of every route."""
    for scope in (view.scope, *view.scopes.values()):
        assert scope in {"", *scopes.RESOURCES}, f"{view.__name__}: add {scope} to apps.accounts.scopes"
