"""What every endpoint does before its own work, shown on `users` and `me`."""

from http import HTTPStatus

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.urls import reverse

from apps.accounts.api import assert_scope_is_listed
from apps.accounts.models import User
from config.api import router
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
USERS = "/api/v1/users/"


def problem(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


class TestAuthentication:
    def test_a_token_acts_as_its_user(self, api):
        user = UserFactory(name="Shop")

        body = api(user, "users:read").get("/api/v1/me/").json()

        assert body["name"] == "Shop"
        assert body["token"]["scopes"] == ["users:read"]

    def test_without_a_token_the_answer_says_how_to_come_back(self, client):
        response = client.get(USERS)

        assert problem(response)["status"] == HTTPStatus.UNAUTHORIZED
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="Bookend"'

    @pytest.mark.parametrize("header", ["Bearer bkd_live_unknown", "Bearer ", "Bearer \x00", "bearer é"])
    def test_a_wrong_token_is_told_so(self, client, header):
        response = client.get(USERS, headers={"authorization": header})

        assert problem(response)["detail"] == "This token is unknown, expired or revoked."

    def test_a_revoked_token_is_worthless_at_once(self, api):
        assert api(UserFactory(), revoked_at=Now()).get(USERS).status_code == HTTPStatus.UNAUTHORIZED


class TestIndex:
    def test_names_what_the_caller_may_list_and_each_address_opens(self, api):
        client = api(UserFactory(role=User.Role.CONTRIBUTOR), "campaigns:read", "users:read")

        found = client.get("/api/v1/").json()["resources"]

        assert {"campaigns", "me"} <= found.keys()
        assert not {"contacts", "segments"} & found.keys()
        # The calendar asks for days first.
        assert {client.get(url).status_code for name, url in found.items() if name != "calendar-entries"} == {
            HTTPStatus.OK
        }

    def test_every_address_of_the_index_is_one(self, api):
        client = api(UserFactory(role=User.Role.ADMINISTRATOR))

        found = client.get("/api/v1/").json()["resources"]

        # Some ask for days, or for a thing that they are about.
        asked = {client.get(url).status_code for url in found.values()}
        assert asked <= {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}
        assert {"users", "lists", "exports"} <= found.keys()


class TestScopes:
    def test_a_token_reaches_no_further_than_its_scopes(self, api):
        response = api(UserFactory(), "contacts:read").get(USERS)

        assert problem(response)["detail"] == "The token lacks the scope “users:read”."
        assert response.status_code == HTTPStatus.FORBIDDEN

    def test_to_write_is_not_to_read(self, api):
        assert api(UserFactory(), "users:write").get(USERS).status_code == HTTPStatus.FORBIDDEN

    def test_every_scope_of_the_api_can_be_given_to_a_token(self):
        for _prefix, viewset, _basename in router.registry:
            assert_scope_is_listed(viewset)


class TestProblems:
    def test_an_absent_object_is_not_found(self, api):
        for pk in ("0", "99999999999999999999999", "abc", "%00"):
            assert problem(api(UserFactory()).get(f"{USERS}{pk}/"))["status"] == HTTPStatus.NOT_FOUND

    def test_an_absent_path_is_a_problem_too(self, client):
        for path in ("/api/v1/cakes/", "/api/v1/users", "/api/v2/"):
            assert problem(client.get(path))["status"] == HTTPStatus.NOT_FOUND

    def test_a_method_that_is_not_there_is_not_allowed(self, api):
        for method in ("post", "put", "delete", "options"):
            response = getattr(api(UserFactory()), method)(USERS)
            assert problem(response)["status"] == HTTPStatus.METHOD_NOT_ALLOWED

    def test_the_caller_may_name_the_request(self, client):
        response = client.get(USERS, headers={"x-request-id": "order-2030-0001"})

        assert problem(response)["request_id"] == "order-2030-0001"

    def test_a_name_that_would_forge_a_log_line_is_not_taken(self, client):
        response = client.get(USERS, headers={"x-request-id": "a b\tc=d and more"})

        assert " " not in problem(response)["request_id"]


class TestLists:
    def test_a_list_is_paged_by_cursor(self, api):
        for name in "abcde":
            UserFactory(name=name)
        client = api(User.objects.get(name="c"))

        first = client.get(USERS, {"limit": 2, "ordering": "name"}).json()
        second = client.get(first["next"]).json()
        back = client.get(second["previous"]).json()

        assert [user["name"] for user in first["results"]] == ["a", "b"]
        assert [user["name"] for user in second["results"]] == ["c", "d"]
        assert back["results"] == first["results"]
        assert (first["previous"], back["previous"]) == (None, None)

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"emial": "a@bookend.example"}, "emial"),
            ({"limit": "201"}, "limit"),
            ({"limit": "0"}, "limit"),
            ({"limit": "²"}, "limit"),
            ({"ordering": "password"}, "ordering"),
            ({"role": "king"}, "role"),
            ({"email": "a\0"}, "email"),
            ({"cursor": "cake"}, "cursor"),
            ({"cursor": "W2ZhbHNlLFsieCJdXQ"}, "cursor"),
        ],
    )
    def test_a_parameter_that_is_not_understood_is_refused(self, api, parameters, field):
        body = problem(api(UserFactory()).get(USERS, parameters))

        assert body["status"] == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in body["errors"]] == [field]

    def test_a_list_costs_the_same_for_one_and_for_many(self, api, django_assert_num_queries):
        UserFactory.create_batch(20)
        client = api(UserFactory(), last_used_at=Now())

        with django_assert_num_queries(2):  # token with user, page
            client.get(reverse("api:user-list"))


def test_the_schema_is_valid_and_leaves_nothing_to_guess(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_the_documents_are_served_without_a_foreign_host(client):
    page = client.get("/api/docs/").content

    assert b"swagger-ui" in page
    assert b"https://" not in page
