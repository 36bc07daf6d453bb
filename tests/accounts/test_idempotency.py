from http import HTTPStatus

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models.functions import Now
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from apps.accounts import services
from apps.accounts.api import ApiViewSet
from apps.accounts.idempotency import KEPT_FOR
from apps.accounts.models import ApiToken, IdempotentAnswer, User
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.parsers import StrictJson
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


class Maker(ApiViewSet):
    """Makes a token per POST: something that must not happen twice."""

    queryset = User.objects.all()
    parser_classes = [StrictJson, MultiPartParser]
    permissions = {"create": "accounts.view_home"}

    def create(self, request):
        token, _secret = services.token_create(
            user=self.user, name=request.data["name"], by=self.user, now=clock.now()
        )
        match request.data["name"]:
            case "refused":
                raise DomainError("Not today.")
            case "broken":
                raise ZeroDivisionError
        return Response({"id": token.pk}, status=201, headers={"Location": f"/{token.pk}/"})


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def post(user):
    def send(key="k1", name="Shop", by=user, path="/makers/", fmt="json", **more):
        request = APIRequestFactory().post(
            path, {"name": name, **more}, format=fmt, headers={"idempotency-key": key}
        )
        force_authenticate(request, by)
        response = Maker.as_view({"post": "create"}, detail=False)(request)
        return response.render()

    return send


def test_the_same_request_again_is_answered_as_before_and_does_nothing(post):
    first, second = post(), post()

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert ApiToken.objects.count() == 1


def test_other_spelling_of_the_same_json_is_the_same_request(post, user):
    post(more=1)
    request = APIRequestFactory().post(
        "/makers/",
        b'{ "more":1,\n"name":"Shop" }',
        content_type="application/json",
        headers={"idempotency-key": "k1"},
    )
    force_authenticate(request, user)

    assert Maker.as_view({"post": "create"}, detail=False)(request).status_code == HTTPStatus.CREATED
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("other", [{"name": "Till"}, {"path": "/other/"}])
def test_another_request_with_the_same_key_is_refused(post, other):
    post()

    assert post(**other).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_that_is_no_key_is_refused(post, key):
    assert post(key=key).status_code == HTTPStatus.BAD_REQUEST
    assert not ApiToken.objects.exists()


def test_keys_of_two_people_never_meet(post):
    post()

    assert post(by=UserFactory()).status_code == HTTPStatus.CREATED
    assert ApiToken.objects.count() == 2


def test_a_refusal_takes_back_what_it_began_and_is_repeated_too(post):
    first, second = post(name="refused"), post(name="refused")

    assert first.status_code == second.status_code == HTTPStatus.CONFLICT
    assert second.headers["Content-Type"] == "application/problem+json"
    assert second.content == first.content
    assert not ApiToken.objects.exists()


def test_a_crash_between_effect_and_answer_leaves_neither_so_the_next_try_acts(post):
    with pytest.raises(ZeroDivisionError):
        post(name="broken")

    assert not ApiToken.objects.exists()
    assert not IdempotentAnswer.objects.exists()


def test_after_a_day_a_key_is_new_again(post):
    post()
    IdempotentAnswer.objects.update(at=Now() - KEPT_FOR)

    assert "Idempotent-Replayed" not in post().headers
    assert ApiToken.objects.count() == 2


def test_a_file_counts_as_body_however_the_parts_are_parted(post):
    def send(content):
        file = SimpleUploadedFile("rows.csv", content, content_type="text/csv")
        return post(fmt="multipart", file=file).status_code

    assert [send(b"a"), send(b"a"), send(b"b")] == [201, 201, 422]
    assert ApiToken.objects.count() == 1


def test_the_same_key_at_once_is_told_that_the_first_is_still_at_work(post, user):
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency:{user.pk}:k1"])

        response = post()

    assert response.status_code == HTTPStatus.CONFLICT
    assert response.headers["Retry-After"] == "1"
    assert not ApiToken.objects.exists()
    assert post().status_code == HTTPStatus.CREATED


def test_the_answer_is_committed_with_the_effect(post):
    with transaction.atomic():
        post()
        transaction.set_rollback(True)

    assert (ApiToken.objects.count(), IdempotentAnswer.objects.count()) == (0, 0)
