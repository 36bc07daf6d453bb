"""What the schema says of every endpoint, and no viewset has to repeat. Imported once the app is ready."""

from typing import Any, ClassVar

from django.utils.translation import get_language
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from apps.accounts.api import ApiViewSet
from apps.core.problems import CONTENT_TYPE

# Of the schema are kept; anybody may ask for one in a language that is none.
MOST_LANGUAGES = 5
_FIELD_ERROR = {
    "type": "object",
    "required": ["field", "message", "code"],
    "properties": {
        "field": {"type": "string", "description": "Its path, as in `contacts.3.email`; empty: the whole."},
        "message": {"type": "string"},
        "code": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "request_id": {"type": ["string", "null"], "description": "As in the header `X-Request-ID`."},
        "errors": {"type": "array", "items": _FIELD_ERROR, "description": "One for each bad field (400)."},
    },
}
_REFUSED = {
    "description": (
        "Refused: 400 bad field, 401 no valid token, 403 not allowed, 404 not there or not for you, "
        "405 no such method, 409 the state says no, 412 changed meanwhile, 415 not JSON, "
        "422 Idempotency-Key used before, 429 too many (`Retry-After`)."
    ),
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": (
        "Kept for 24 hours. The same key with the same body is answered as the first time and does nothing "
        "again; with another body: 422; while the first is at work: 409 with `Retry-After`."
    ),
}


class SchemaOnce(SchemaGenerator):
    """The schema, made once in each process: it takes a second, and anybody may ask for it."""

    _made: ClassVar[dict[str | None, dict[str, Any]]] = {}

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        language = get_language()
        if language not in self._made and len(self._made) < MOST_LANGUAGES:
            self._made[language] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return self._made.get(language) or super().get_schema(request, public)  # type: ignore[no-untyped-call]


class ApiSchema(AutoSchema):
    """Adds to each operation which scope a token needs for it."""

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        described = super().get_description() or ""
        view = self.view
        if not isinstance(view, ApiViewSet):
            return described
        reads = self.method in {"GET", "HEAD"} or view.action in view.reading_actions
        resource = view.scopes.get(view.action, view.scope)
        needed = f"`{resource}:{'read' if reads else 'write'}`" if resource else "none"
        return f"{described}\n\nScope: {needed}.".strip()


def document_refusals(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add the problem to every operation, and the Idempotency-Key to every POST."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components.setdefault("responses", {})["Refused"] = _REFUSED
    for operations in result["paths"].values():
        for method, operation in operations.items():
            operation["responses"]["4XX"] = {"$ref": "#/components/responses/Refused"}
            if method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return result


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "apps.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "bkd_live_…",
            "description": "An API token: Profile → API tokens, or `manage.py create_api_token`.",
        }
