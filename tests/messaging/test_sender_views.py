"""The pages of those whom messages come from."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.messaging.models import Sender
from tests.factories.accounts import UserFactory
from tests.factories.messaging import MessageFactory, SenderFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Role = User.Role


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


class TestSenders:
    def fields(self, **changes):
        return {"name": "Shop", "email": "shop@x.example", "reply_to": "", "is_active": "on"} | changes

    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        SenderFactory(name="Shop")
        client = login(lead)

        page, fragment = client.get(url("senders")), client.get(url("senders"), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert b"Shop" in response.content
            assert "HX-Request" in response.headers["Vary"]

    def test_one_is_added_and_changed(self, login, lead):
        client = login(lead)

        made = client.post(url("sender-create"), self.fields())
        sender = Sender.objects.get()
        client.post(url("sender", sender.pk), self.fields(email="news@köln.example"))

        assert made.headers["Location"] == url("senders")
        sender.refresh_from_db()
        assert (sender.name, sender.email) == ("Shop", "news@köln.example")

    @pytest.mark.parametrize("field", ["email", "reply_to"])
    @pytest.mark.parametrize("address", ['"a,b"@x.example', '"a<b"@x.example'])
    def test_an_address_that_mail_cannot_come_from_is_refused_beside_its_field(
        self, login, lead, field, address
    ):
        response = login(lead).post(url("sender-create"), self.fields(**{field: address}))

        assert response.status_code == HTTPStatus.OK
        assert response.context["form"].errors == {field: ["Mail servers would not take this address."]}
        assert not Sender.objects.exists()

    def test_says_why_one_in_use_stays(self, login, lead):
        sender = MessageFactory().sender

        response = login(lead).post(url("sender-delete", sender.pk), follow=True)

        assert "1 message comes from this sender" in response.content.decode()
        assert Sender.objects.get() == sender

    @pytest.mark.parametrize("name", ["sender", "sender-delete"])
    def test_those_who_only_use_them_change_nothing(self, login, name):
        sender = SenderFactory(name="Shop")

        response = login(UserFactory(role=Role.MARKETER)).post(
            url(name, sender.pk), self.fields(name="Other")
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert Sender.objects.get().name == "Shop"

    def test_cost_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        SenderFactory.create_batch(20)
        client = login(lead)

        with django_assert_num_queries(3):  # session, user, senders
            client.get(url("senders"), headers=HTMX)
