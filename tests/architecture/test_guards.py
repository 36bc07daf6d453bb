"""Rules that a review may miss, kept by the build."""

import inspect

import pytest
import rules
from celery import current_app
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.urls import URLResolver, get_resolver

from apps.contacts.models import Contact, Identity
from apps.core.queues import Queue
from tests.architecture.source import ROOT, each_module
from tests.routes import ROUTES

# Dotted names or their beginnings, each with its reason: pages for everyone, packages that guard themselves.
EXEMPT_VIEWS: tuple[str, ...] = (
    "allauth.",  # sign-in: for everyone, and it guards its own
    "django.contrib.admin.",  # behind `User.is_staff`; permissions per model
    "unfold.",  # the same admin
    "django.contrib.contenttypes.",  # "view on site" of the admin
    "django.views.generic.base.",  # plain redirects of the packages above
    "django.views.i18n.",  # words of the admin's script
    "apps.accounts.api.people.Nothing",  # there is nothing
    "apps.collaboration.views.stopping.",  # for whoever has the digest; the signed token is the key
    "apps.contacts.views.public.",  # for whoever has the mail; the signed token is the key
    "apps.campaigns.views.feed.calendar_feed",  # for other calendars; the signed token is the key
    "apps.messaging.views.hooks.",  # for providers; the secret in the address is the key
    "apps.messaging.views.tracking.",  # for whoever has the mail; the signed token is the key
    "apps.integrations.views.ingest.",  # for programs; the write key is the key
    "apps.operations.probes.",  # load balancers and monitors do not sign in; nothing here is about people
    "apps.accounts.views.shell.closed",  # nor here
    "apps.accounts.views.invitations.invitation_accept",  # the secret in its link is the permission
    "apps.accounts.admin_site.",  # sends to the sign-in page
    "drf_spectacular.",  # the description of the API holds no data
)


def views(patterns):
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry.url_patterns)
        else:
            yield entry.callback


VIEWS = list(views(get_resolver().url_patterns))


def permissions(view):
    """Return what a function view, or each action of a viewset, asks for."""
    if hasattr(view, "actions"):
        return [view.cls.permissions.get(action) for action in view.actions.values()]
    return [getattr(view, "permission", None)]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__qualname__)
def test_every_view_names_a_permission_that_exists(view):
    cls = getattr(view, "view_class", getattr(view, "cls", view))
    name = f"{cls.__module__}.{cls.__qualname__}"
    if name.startswith(EXEMPT_VIEWS):
        return
    for permission in permissions(view):
        assert permission, f"{name} names no permission"
        assert rules.perm_exists(permission), f"{name} asks for {permission}, which nobody defines"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name or route.path)
def test_every_view_of_ours_says_which_methods_it_answers(route):
    ours = route.cls is None and route.view.__module__.startswith("apps.")
    if ours and route.name not in {"closed", "admin:login"}:
        wrapped = [inspect.getclosurevars(view).nonlocals for view in unwrapped(route.view)]
        assert any("request_method_list" in kept for kept in wrapped), f"{route.name}: name them"


def unwrapped(view):
    while view:
        yield view
        view = getattr(view, "__wrapped__", None)


def grows(model, seen=frozenset()):
    """Test if a row of this table points, directly or not, at a contact."""
    targets = {field.related_model for field in model._meta.concrete_fields if field.is_relation} - seen
    return Contact in targets or any(grows(target, seen | targets) for target in targets)


# How a contact is found: the one look-up that cannot be split by contact.
GROWING = [model for model in apps.get_models() if grows(model) and model is not Identity]


@pytest.mark.django_db
@pytest.mark.parametrize("model", GROWING, ids=lambda model: model._meta.label)
def test_a_table_that_grows_with_contacts_can_be_split_by_contact(model):
    with connection.cursor() as cursor:
        keys = connection.introspection.get_constraints(cursor, model._meta.db_table)

    assert "contact_id" in {field.column for field in model._meta.concrete_fields}
    for name, key in keys.items():
        # The primary key is left out: on Citus it is widened to (contact_id, id) below Django.
        if key["unique"] and not key["primary_key"]:
            assert "contact_id" in key["columns"], f"{name} holds across contacts, so it cannot be split"


def test_every_task_goes_to_a_queue_that_workers_serve():
    ours = [name for name in current_app.tasks if name.startswith("apps.")]
    routes = {name: current_app.amqp.router.route({}, name)["queue"].name for name in ours}

    assert set(routes.values()) <= set(Queue), routes


def test_tasks_stay_doorbells():
    for name, task in current_app.tasks.items():
        if name.startswith("apps."):
            assert len(inspect.getsource(task.run).splitlines()) <= 10, f"{name}: move it to a service"


@each_module()
def test_modules_stay_small(path):
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= 400, f"{path.relative_to(ROOT)}: split it by noun"


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
