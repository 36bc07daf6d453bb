"""The admin: every model is there, its pages cost little, and nobody but administrators comes in."""

from contextlib import suppress
from http import HTTPStatus

import pytest
import rules
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.db.models import CompositePrimaryKey
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.admin_base import BookendAdmin
from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.contacts.models import Contact
from tests.accounts.scene import blank, factory_of, undone
from tests.factories.accounts import UserFactory
from tests.routes import ROUTES

pytestmark = pytest.mark.django_db
# Django's admin cannot show rows whose key is of two columns; they are keys and nothing else.
MODELS = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("apps.") and not isinstance(model._meta.pk, CompositePrimaryKey)
]
REGISTERED = [model for model in MODELS if admin.site.is_registered(model)]
MOST_QUERIES = 12
MANY = 60  # more than any choice of a form has by itself


def made(model):
    """Test if there is a factory that makes a row of this model by itself."""
    try:
        return factory_of(model)
    except AssertionError:
        return None


def several(model, count):
    """Make so many rows of a model, or the one that there can be; return the last."""
    factory = factory_of(model)
    for _ in range(count):
        with suppress(IntegrityError), transaction.atomic():
            factory()
    return model._default_manager.order_by("pk").last()


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def administrator():
    return UserFactory(role=User.Role.ADMINISTRATOR)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_is_in_the_admin_on_the_base_that_is_safe_for_large_tables(model):
    assert admin.site.is_registered(model), f"register {model._meta.label} in its app's admin.py"
    assert isinstance(admin.site.get_model_admin(model), BookendAdmin)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
class TestEveryModel:
    def test_has_a_list_that_opens_and_counts_nothing(self, model, login, administrator):
        client = login(administrator)

        with CaptureQueriesContext(connection) as queries:
            response = client.get(page(model))

        assert response.status_code == HTTPStatus.OK
        assert len(queries) <= MOST_QUERIES, [query["sql"][:150] for query in queries]
        assert not [query for query in queries if "COUNT(" in query["sql"]]

    def test_can_be_searched_for_anything(self, model, login, administrator):
        asked = f"a {'9' * 400} half'\""

        assert login(administrator).get(page(model), {"q": asked}).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    "model", [one for one in REGISTERED if made(one)], ids=lambda model: model._meta.label
)
def test_rows_cost_the_same_for_one_and_for_many_and_open_without_an_endless_choice(
    model, login, administrator, django_assert_num_queries
):
    client = login(administrator)
    several(model, 1)
    with CaptureQueriesContext(connection) as one:
        client.get(page(model))
    row = several(model, 3)
    Contact.objects.bulk_create([Contact() for _ in range(MANY)])
    User.objects.bulk_create([User(email=f"n{n}@example.com") for n in range(MANY)])

    with django_assert_num_queries(len(one)):
        client.get(page(model))
    opened = client.get(page(model, "change", row.pk))

    name = f"{model._meta.app_label}.view_{model._meta.model_name}"
    is_theirs = not rules.perm_exists(name) or administrator.has_perm(name, row)
    assert opened.status_code == (HTTPStatus.OK if is_theirs else HTTPStatus.FORBIDDEN)
    assert opened.content.count(b"<option") < MANY


def test_equality_is_asked_as_an_index_knows_it(login, administrator):
    merge = apps.get_model("contacts.ContactMerge")

    with CaptureQueriesContext(connection) as queries:
        login(administrator).get(page(merge), {"q": "4711"})

    (asked,) = [query["sql"] for query in queries if '"contact_id" = 4711' in query["sql"]]
    assert "UPPER" not in asked


DOORS = [route for route in ROUTES if route.path.startswith("admin/") and not route.arguments]


@pytest.mark.parametrize("route", DOORS, ids=lambda route: route.name)
class TestDoor:
    def test_sends_strangers_to_the_sign_in_of_the_product(self, client, route):
        response = client.get(route.url(), follow=False)

        assert response.status_code == HTTPStatus.FOUND
        location = response.headers["Location"]
        assert location.startswith(("/accounts/login/", reverse("admin:index"))), location

    def test_tells_a_lead_nothing_of_it(self, scene, route):
        with undone(), blank():
            response = scene.client_of(scene.people["lead"], route).get(route.url(), follow=True)

        assert response.status_code == HTTPStatus.NOT_FOUND


def test_tells_nobody_else_that_it_is_there(scene):
    route = next(route for route in DOORS if route.name == "admin:index")
    for column, user in scene.people.items():
        if column not in {"anon", "admin"}:
            with undone(), blank():
                response = scene.client_of(user, route).get(route.url(), follow=True)
            assert response.status_code == HTTPStatus.NOT_FOUND, column


def test_a_model_of_ledger_kind_can_be_looked_at_but_not_touched(login, administrator):
    AuditEvent.objects.create(at="2030-01-01T00:00Z", action="x.done", subject="x:1")
    event = AuditEvent.objects.get()
    client = login(administrator)

    assert client.get(page(AuditEvent, "change", event.pk)).status_code == HTTPStatus.OK
    for name, args in [("add", []), ("delete", [event.pk])]:
        assert client.post(page(AuditEvent, name, *args)).status_code == HTTPStatus.FORBIDDEN
    response = client.post(page(AuditEvent, "change", event.pk), {"action": "x.forged"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    event.refresh_from_db()
    assert event.action == "x.done"


def test_the_digest_of_a_token_is_not_shown(login, administrator):
    token = factory_of(apps.get_model("accounts.ApiToken"))()

    response = login(administrator).get(page(type(token), "change", token.pk))

    assert token.prefix.encode() in response.content
    assert token.digest.encode() not in response.content
