"""Every URL and endpoint as every role: `permission_table.txt` says who is let in, this tries the doors."""

from contextlib import nullcontext
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.shortcuts import resolve_url
from django.test import Client

from tests.accounts.scene import bearer, blank, undone
from tests.factories.accounts import ApiTokenFactory
from tests.routes import ROUTES

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("permission_table.txt")
ROLES = ("anon", "admin", "lead", "mktr", "data", "sales", "exec", "contr", "integ")
COLUMNS = (*ROLES, "capt", "owner", "helper")
# For whom the page behind the door is made in full; with the others only the door is tried: half the time.
SHOWN = {"anon", "admin"}
SIGNS = {HTTPStatus.UNAUTHORIZED: "1", HTTPStatus.FORBIDDEN: "3", HTTPStatus.NOT_FOUND: "4"}

SIGN_IN = resolve_url(settings.LOGIN_URL)

# Tested as a whole: the admin in test_admin; what answers 404 to everyone in test_sign_in and test_api.
ELSEWHERE = ("admin/", "^accounts/(?:", "^api/")
OPEN = [route for route in ROUTES if not route.path.startswith(ELSEWHERE)]
DOORS = [(route, method) for route in OPEN for method in route.methods]


def rows():
    """Read the table: (route, method) -> what each column gets."""
    lines = [line.replace("|", " ").split() for line in TABLE.read_text().splitlines()]
    return {(line[0], line[1]): line[2:] for line in lines if line and not line[0].startswith("#")}


def as_line(name, method, cells):
    widths = [max(4, len(column)) for column in COLUMNS]
    told = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return (
        f"  {name:<48} {method:<6} | {' '.join(told[: len(ROLES)])} | {' '.join(told[len(ROLES) :])}".rstrip()
    )


ROWS = rows()


def sign(response):
    """Tell how the door was answered."""
    status = response.status_code
    if response.streaming:
        list(response.streaming_content)  # read to its end, a file closes itself and not the connection
    assert status < HTTPStatus.INTERNAL_SERVER_ERROR, response.content[:2000]
    assert status != HTTPStatus.METHOD_NOT_ALLOWED, "the view answers no such method"
    if status == HTTPStatus.FOUND and response.headers["Location"].startswith(
        resolve_url(settings.LOGIN_URL)
    ):
        return "in"
    return SIGNS.get(status, "+")


def ask(client, route, method, url):
    options = {"content_type": "application/json"} if route.is_api and type(client) is Client else {}
    return getattr(client, method.lower())(url, **options)


def knock(scene, column, route, method, url):
    with undone(), nullcontext() if column in SHOWN else blank():
        return sign(ask(scene.client_of(scene.people[column], route), route, method, url))


def each(*conditions):
    """Parametrize a test over the doors of which all this is true."""
    chosen = [door for door in DOORS if all(condition(*door) for condition in conditions)]
    return pytest.mark.parametrize(("route", "method"), chosen, ids=lambda part: getattr(part, "name", part))


@each()
def test_every_door_opens_to_those_whom_the_table_names_and_to_nobody_else(scene, route, method):
    assert route.name, f"{route.path} has no name, so the table cannot speak of it"

    with undone():
        url = scene.url(route)
        got = [knock(scene, column, route, method, url) for column in COLUMNS]

    line = as_line(route.name, method, got)
    known = ROWS.get((route.name, method))
    assert known, f"No line for this door in {TABLE.name}. As the code behaves now, it would be:\n{line}"
    assert got == known, f"{TABLE.name} says\n{as_line(route.name, method, known)}\nthe code does\n{line}"


def test_the_table_speaks_of_no_door_that_is_gone():
    assert set(ROWS) - {(route.name, method) for route, method in DOORS} == set()


def anywhere(route):
    """Return a URL of the route; who is refused before anything is looked up never learns what is there."""
    return route.url(**dict.fromkeys(route.arguments, 1))


def of_the_api(route, method):
    return route.is_api


DEAD = [{"revoked_at": Now()}, {"expires_at": Now()}, {"user__is_active": False}]


@each(of_the_api)
def test_a_token_that_is_revoked_or_expired_or_of_someone_deactivated_opens_nothing(scene, route, method):
    with undone():
        for number, dead in enumerate(DEAD):
            secret = f"bkd_live_dead{number}"
            ApiTokenFactory(secret=secret, user__role="administrator", **dead)

            response = ask(bearer(secret), route, method, anywhere(route))

            assert response.status_code == HTTPStatus.UNAUTHORIZED, dead


@each(of_the_api, lambda route, method: route.cls.scope)
def test_a_token_of_an_administrator_opens_nothing_beyond_its_scopes(scene, route, method):
    other = "users:read" if route.cls.scope != "users" else "contacts:write"
    with undone():
        ApiTokenFactory(secret="bkd_live_narrow", user__role="administrator", scopes=[other])

        response = ask(bearer("bkd_live_narrow"), route, method, anywhere(route))

    assert response.status_code == HTTPStatus.FORBIDDEN


@each(lambda route, method: route.arguments == ("pk",))
def test_nothing_is_found_behind_an_absent_id(scene, route, method):
    with undone():
        client = scene.client_of(scene.people["admin"], route)

        response = ask(client, route, method, route.url(pk=2**62))

    assert response.status_code == HTTPStatus.NOT_FOUND


def let_in(route, method):
    """Return the first person whom this door opens to, as the table says; None: to nobody of the scene."""
    cells = zip(COLUMNS, ROWS.get((route.name, method), ()), strict=False)
    return next((column for column, cell in cells if cell == "+" and column != "anon"), None)


@each(of_the_api, lambda route, method: method == "POST", let_in)
def test_a_post_that_is_sent_again_with_its_key_is_only_answered_again(scene, route, method):
    with undone():
        url = scene.url(route)
        client = scene.client_of(scene.people[let_in(route, method)], route)

        first, again = (client.post(url, headers={"idempotency-key": "k1"}) for _ in range(2))

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
