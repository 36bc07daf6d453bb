"""The API against its own schema: it answers as it says, to what it takes and to what it does not."""

import re

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts import tokens
from tests.accounts.scene import undone
from tests.factories.accounts import ApiTokenFactory
from tests.routes import ROUTES

pytestmark = pytest.mark.django_db
EXAMPLES = 6
SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
# A file that is handed out would be left open.
OPERATIONS = [
    one for one in (found.ok() for found in SCHEMA.get_all_operations()) if not one.path.endswith("/file/")
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
APPLICATION = get_wsgi_application()


@pytest.fixture(autouse=True)
def one_connection():
    """Let requests share the test's connection, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_it_answers_as_the_schema_says_whatever_is_sent(scene, operation):
    with undone():
        secret = tokens.api_token_new()
        ApiTokenFactory(user=scene.people["admin"], secret=secret)
        there = existing(scene, operation)
        good, bad = operation.as_strategy(), operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=good | bad, is_there=st.booleans())
        def send(case, is_there):
            if is_there:
                case.path_parameters.update(there)
            with undone():
                case.call_and_validate(
                    app=APPLICATION,
                    base_url="http://testserver",
                    headers={"Authorization": f"Bearer {secret}"},
                    checks=CHECKS,
                )

        send()


def existing(scene, operation):
    """Return the path parameters that lead to something."""
    if "{id}" not in operation.path:
        return {}
    found = resolve(re.sub(r"\{\w+\}", "x", operation.path.replace("{id}", "1")))
    route = next(route for route in ROUTES if route.name == found.view_name)
    arguments = resolve(scene.url(route)).kwargs
    return {"id" if name == "pk" else name: str(value) for name, value in arguments.items()}
