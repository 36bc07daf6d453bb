from http import HTTPStatus

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponseRedirect
from django.test import RequestFactory
from django.urls import reverse
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from apps.accounts import services
from apps.accounts.api import ApiViewSet
from apps.accounts.http import requires
from apps.accounts.idempotency import AT_WORK_FOR, KEPT_FOR
from apps.accounts.models import ApiToken, IdempotentAnswer, User
from apps.collaboration.models import AuditEvent
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


class Caller(Maker):
    """Talks to somebody else, for as long as they like; notes if a transaction waited for them."""

    network_actions = frozenset({"create"})
    waited: list[bool] = []

    def create(self, request):
        self.waited.append(connection.in_atomic_block)
        return super().create(request)


@pytest.mark.django_db(transaction=True)
class TestAnActThatTalksToTheNetwork:
    @pytest.fixture
    def call(self, user):
        def send(name="Shop"):
            Caller.waited.clear()
            request = APIRequestFactory().post(
                "/calls/", {"name": name}, format="json", headers={"idempotency-key": "k1"}
            )
            force_authenticate(request, user)
            return Caller.as_view({"post": "create"}, detail=False)(request).render()

        return send

    def test_no_transaction_is_open_meanwhile_and_it_is_done_once(self, call):
        first = call()

        assert Caller.waited == [False]
        second = call()
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert (Caller.waited, ApiToken.objects.count()) == ([], 1)

    def test_cut_short_it_is_never_repeated_and_says_so(self, call):
        with pytest.raises(ZeroDivisionError):
            call(name="broken")

        soon = call(name="broken")
        IdempotentAnswer.objects.update(at=Now() - AT_WORK_FOR)
        later = call(name="broken")

        assert (soon.status_code, soon.headers["Retry-After"]) == (HTTPStatus.CONFLICT, "1")
        assert later.status_code == HTTPStatus.CONFLICT
        assert "cut short" in later.data["detail"]
        assert "Retry-After" not in later.headers

    def test_a_refusal_is_answered_again(self, call):
        assert [call(name="refused").status_code for _ in range(2)] == [HTTPStatus.CONFLICT] * 2


class TestFormOnce:
    """A form printed with `{% once %}`, brought again by a reload, a double click or the browser's Back."""

    @pytest.fixture
    def send(self, login, user):
        client = login(user)

        def send(name, once="11111111", **more):
            return client.post(
                reverse("accounts:profile"), {"name": name, "timezone": "UTC", "once": once, **more}
            )

        return send

    def test_a_key_that_no_database_can_keep_is_one_like_any_other(self, send, user):
        assert send("Ann", once="a\0b").status_code == HTTPStatus.FOUND

        user.refresh_from_db()
        assert user.name == "Ann"

    @pytest.fixture
    def upload(self, user):
        """Send a file to a view that counts how often it acted."""
        acted = []

        @requires("accounts.view_home")
        def view(request):
            acted.append(request.FILES["file"].read())
            return HttpResponseRedirect("/done/")

        def send(content, path="/upload/"):
            file = SimpleUploadedFile("rows.csv", content, content_type="text/csv")
            request = RequestFactory().post(path, {"file": file, "once": "11111111"})
            request.user = user
            view(request)
            return acted

        return send

    def test_sent_twice_acts_once(self, send):
        first, second = send("Nell"), send("Nell", csrfmiddlewaretoken="another")

        assert first.headers["Location"] == second.headers["Location"]
        assert AuditEvent.objects.get().action == "user.profile_changed"

    def test_what_was_typed_after_going_back_is_saved(self, send, user):
        for name in ("Nell", "Nelly", "Nell"):
            send(name)

            user.refresh_from_db()
            assert user.name == name
        assert AuditEvent.objects.count() == 3

    def test_one_answer_is_kept_for_a_form_however_often_it_is_mended(self, send):
        for name in ("Nell", "Nelly"):
            send(name)

        assert IdempotentAnswer.objects.count() == 1

    def test_a_refused_form_is_mended_and_sent_again(self, send, user):
        assert send("").status_code == HTTPStatus.OK
        send("Nell")

        user.refresh_from_db()
        assert user.name == "Nell"

    def test_another_file_is_another_act(self, upload):
        for content in (b"a", b"a", b"b"):
            acted = upload(content)

        assert acted == [b"a", b"b"]

    def test_another_query_is_another_act(self, upload):
        for path in ("/upload/?kind=1", "/upload/?kind=1", "/upload/?kind=2"):
            acted = upload(b"a", path)

        assert acted == [b"a", b"a"]
