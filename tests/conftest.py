from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from apps.accounts import tokens
from apps.accounts.models import User
from apps.contacts import eventcatalogue, schemas
from tests.emptying import tables_empty
from tests.factories.accounts import ApiTokenFactory, UserFactory

TransactionTestCase._fixture_teardown = tables_empty
# How long an example takes tells how busy the machine is, and nothing of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items):
    """
    Put the tests that drive a browser last, and those with real processes before them.

    Playwright leaves an event loop running in its thread until the session ends, in which no other can run.
    What belongs together goes to one xdist worker: about half of the browser tests say so by themselves.
    """
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=_order)


def _order(item):
    return bool(item.get_closest_marker("browser")), bool(item.get_closest_marker("processes"))


@pytest.fixture(autouse=True)
def no_event_schemas(monkeypatch):
    """This process knows of no schemas, as the database has none: no test asks, or sees those of another."""
    monkeypatch.setattr(schemas, "_known", schemas._Known(asked_at=0.0))
    eventcatalogue.forget()


@pytest.fixture
def known_content_types():
    """This process has asked for every content type, as any has that serves pages: counts begin there."""
    ContentType.objects.get_for_models(*apps.get_models())


@pytest.fixture
def django_assert_num_queries(known_content_types, django_assert_num_queries):
    return django_assert_num_queries


@pytest.fixture
def django_assert_max_num_queries(known_content_types, django_assert_max_num_queries):
    return django_assert_max_num_queries


@pytest.fixture
def noon():
    return datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def lead():
    """Someone who may launch any message."""
    return UserFactory(role=User.Role.MARKETING_LEAD)


@pytest.fixture
def login(client):
    """Return a function that signs a user in and gives the client."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def api():
    """Return a function that makes a client of the API acting with a token of this user and these scopes."""

    def client_of(user, *scopes, **token):
        secret = tokens.api_token_new()
        ApiTokenFactory(user=user, secret=secret, scopes=list(scopes), **token)
        return APIClient(headers={"authorization": f"Bearer {secret}"})

    return client_of
