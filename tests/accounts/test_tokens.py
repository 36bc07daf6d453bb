from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from apps.accounts import services, tokens
from apps.accounts.models import ApiToken, User
from apps.core import clock
from tests.factories.accounts import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestTokenCreate:
    def test_gives_a_secret_of_which_only_the_digest_is_kept(self, noon):
        user = UserFactory()

        token, secret = services.token_create(user=user, name="Shop", by=user, now=noon)

        assert secret.startswith("bkd_live_")
        assert token.digest == tokens.digest(secret)
        assert secret not in str(ApiToken.objects.values().get())

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"name": " "}, "Say what the token is for"),
            ({"chosen": ["contacts:burn"]}, "There is no scope “contacts:burn”."),
            ({"expires_at": "noon"}, "Pick an expiry in the future."),
            ({"user": {"is_active": False}}, "This person is deactivated."),
        ],
    )
    def test_refuses_with_a_reason_and_makes_nothing(self, noon, changes, reason):
        changes = {key: noon if value == "noon" else value for key, value in changes.items()}
        user = UserFactory(**changes.pop("user", {}))

        with pytest.raises(services.TokenNotMade, match=reason):
            services.token_create(**{"name": "Shop"} | changes, user=user, by=user, now=noon)

        assert not ApiToken.objects.exists()


class TestTokenUse:
    @pytest.mark.parametrize(
        "dead",
        [
            {"revoked_at": Now()},
            {"expires_at": Now() - timedelta(seconds=1)},
            {"user__is_active": False},
        ],
    )
    def test_finds_no_token_that_is_revoked_expired_or_of_someone_deactivated(self, dead):
        ApiTokenFactory(secret="bkd_live_x", **dead)

        assert services.token_use("bkd_live_x") is None

    def test_notes_the_use_once_and_not_at_every_request(self, django_assert_num_queries):
        ApiTokenFactory(secret="bkd_live_x")

        services.token_use("bkd_live_x")
        first = ApiToken.objects.get().last_used_at
        with django_assert_num_queries(1):
            token = services.token_use("bkd_live_x")

        assert clock.now() - first < timedelta(minutes=1)
        assert token.last_used_at == first

    def test_notes_it_again_after_a_while(self):
        ApiTokenFactory(secret="bkd_live_x", last_used_at=Now() - ApiToken.USE_RECORDED_EVERY)

        services.token_use("bkd_live_x")

        assert clock.now() - ApiToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_revoked_token_stays_revoked_since_the_first_time(noon):
    token = ApiTokenFactory()

    services.token_revoke(token=token, by=token.user, now=noon)
    services.token_revoke(token=token, by=token.user, now=noon + timedelta(days=1))

    token.refresh_from_db()
    assert token.revoked_at == noon


class TestCreateApiToken:
    def test_prints_the_token_alone(self, capsys):
        UserFactory(email="shop@bookend.example", role=User.Role.INTEGRATION)

        call_command(
            "create_api_token",
            "--email",
            "Shop@bookend.example",
            "--name",
            "Shop",
            "--scope",
            "contacts:write",
        )

        secret = capsys.readouterr().out.removesuffix("\n")
        assert services.token_use(secret).scopes == ["contacts:write"]

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["--email", "nobody@bookend.example"], "Nobody has the address"),
            (["--email", "shop@bookend.example", "--scope", "cake:eat"], "There is no scope “cake:eat”."),
        ],
    )
    def test_says_what_is_wrong(self, arguments, reason):
        UserFactory(email="shop@bookend.example")

        with pytest.raises(CommandError, match=reason):
            call_command("create_api_token", "--name", "Shop", *arguments)
