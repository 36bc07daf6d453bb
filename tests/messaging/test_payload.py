"""JSON of one's own for the webhook: read before it is filled in, shown before it is kept, and sent."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.contacts.models import Attribute
from apps.content.rendering import RenderFault
from apps.messaging import services
from apps.messaging.channels import base, ways
from apps.messaging.channels.base import NotPreviewed
from apps.messaging.channels.webhook.payload import Payload, payload_fault
from apps.messaging.channels.webhook.signing import is_signed
from apps.messaging.models import Provider
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.messaging import MessageFactory, ProviderFactory, RecipientFactory, SenderFactory
from tests.gateway import Gateway

SECRET = "whsec_" + "c2VjcmV0" * 4
CRM = """{
  "person": {"mail": "{{ mail.to }}", "name": "{{ contact.first_name | default: 'you' }}"},
  "tags": ["bookend", "{{ campaign.name }}"],
  "note": "{{ mail.subject }}: {{ mail.text }}",
  "retry": false, "weight": 1.5
}"""
HOSTILE = 'A"n\\n", "admin": true, "x": "{{7*7}}\n\u2028'


class TestPayload:
    def test_fills_in_texts_and_leaves_the_rest(self):
        scope = {
            "contact": {"first_name": "Ann"},
            "campaign": {"name": "Spring"},
            "mail": {"to": "ann@example.com", "subject": "Hello", "text": "Dear Ann"},
        }

        assert Payload(CRM).filled(scope) == {
            "person": {"mail": "ann@example.com", "name": "Ann"},
            "tags": ["bookend", "Spring"],
            "note": "Hello: Dear Ann",
            "retry": False,
            "weight": 1.5,
        }

    def test_nothing_that_a_contact_is_called_breaks_out_of_its_text(self):
        filled = Payload('{"name": "{{ contact.name }}"}').filled({"contact": {"name": HOSTILE}})

        assert json.loads(json.dumps(filled)) == {"name": HOSTILE}

    def test_a_field_that_fails_on_somebodys_data_says_so(self):
        with pytest.raises(RenderFault):
            Payload('["{{ contact.a | divided_by: contact.b }}"]').filled({"contact": {"a": 1, "b": 0}})


@pytest.mark.django_db
class TestPayloadFault:
    @pytest.mark.parametrize(
        ("written", "fault"),
        [
            ('{"a": "1"\n "b": 2}', "Line 2 is no JSON: Expecting ',' delimiter."),
            ('"text"', "an object in braces, or a list"),
            ('{"a": NaN}', "JSON has no NaN"),
            ('{"{{ mail.to }}": 1}', "Names are fixed"),
            ('["{{ mail.to"]', "A merge field cannot be read"),
            ('["{{ mail.to | shout }}"]', "no filter “shout”"),
            ('["{{ to }}"]', "There is no “to”"),
            ('["{{ contact }}"]', "does not say which attribute"),
            ('["{{ contact[mail.to] }}"]', "does not say which attribute"),
            ('["{{ contact.salary }}"]', "Messages may not print “Salary”"),
            ("[" * 100_000, "At most 20000 characters"),
            ("[" * 10_000, "nested too deep"),
        ],
    )
    def test_says_what_is_wrong(self, written, fault):
        AttributeFactory(key="salary", label="Salary", uses=[])

        assert fault in payload_fault(written)

    def test_finds_nothing_wrong_with_what_may_be_printed(self):
        AttributeFactory(key="first_name", label="First name", uses=[Attribute.Use.CONTENT])
        own = "{% assign who = contact.first_name %}{% for c in (1..2) %}{{ c }}{{ who }}{% endfor %}"

        assert payload_fault(CRM) == ""
        assert payload_fault(json.dumps([own])) == ""


@pytest.mark.django_db
class TestProvider:
    def test_a_payload_that_is_none_is_refused_beside_its_field(self, lead, noon):
        told = {"url": "https://crm.example/in", "signing_secret": SECRET, "payload": '{"a": }'}

        with pytest.raises(ValidationError) as refusal:
            services.provider_save(
                provider=Provider(kind="webhook", name="CRM"), told=told, by=lead, now=noon
            )

        assert list(refusal.value.message_dict) == ["payload"]
        assert not Provider.objects.exists()

    def test_a_message_arrives_as_the_receiver_wants_it_and_signed(self, noon, settings):
        settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
        with Gateway() as gateway:
            provider = ProviderFactory(
                kind="webhook",
                told={"signing_secret": SECRET},
                settings={"url": gateway.url, "payload": CRM.replace("\n", "\r\n")},
            )
            message = MessageFactory(launched=True, sender=SenderFactory(provider=provider))
            ann = ContactFactory(email="ann@example.com", attributes={"first_name": 'Ann "The Pen"'})
            bob = ContactFactory(email="bob@example.com", attributes={})
            rows = [RecipientFactory(message=message, contact=person) for person in (ann, bob)]
            services.messages_send(now=noon)
            base.engines_close()

        told = {call.json["person"]["mail"]: call for call in gateway.taken}
        assert told["ann@example.com"].json["person"]["name"] == 'Ann "The Pen"'
        assert told["bob@example.com"].json["person"]["name"] == "you"
        call = told["ann@example.com"]
        assert call.json["tags"] == ["bookend", message.campaign.name]
        assert call.json["note"].startswith("Spring is here: ")
        at = int(call.headers["webhook-timestamp"])
        headers = {name.lower(): value for name, value in call.headers.items()}
        assert is_signed(call.body, headers, secret=SECRET, at=at)
        for row in rows:
            row.refresh_from_db()
            assert row.state == "sent"

    def test_one_whose_data_fails_fails_alone(self, noon, settings):
        settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
        with Gateway() as gateway:
            provider = ProviderFactory(
                kind="webhook",
                told={"signing_secret": SECRET},
                settings={"url": gateway.url, "payload": '["{{ 6 | divided_by: contact.points }}"]'},
            )
            message = MessageFactory(launched=True, sender=SenderFactory(provider=provider))
            people = [ContactFactory(attributes={"points": points}) for points in (0, 2)]
            none, two = (RecipientFactory(message=message, contact=person) for person in people)
            services.messages_send(now=noon)
            base.engines_close()

        none.refresh_from_db()
        two.refresh_from_db()
        assert [call.json for call in gateway.taken] == [["3"]]
        assert (none.state, two.state) == ("failed", "sent")
        assert none.answer.startswith("The JSON fails on this contact's data")

    def test_who_wants_a_document_of_their_own_is_not_pinged(self, settings):
        settings.OUTGOING_PRIVATE_HOSTS = ["127.0.0.1"]
        with Gateway() as gateway:
            provider = ProviderFactory(
                kind="webhook", told={"signing_secret": SECRET}, settings={"url": gateway.url, "payload": CRM}
            )
            ways()["webhook"].check(provider)

        assert gateway.calls == []


@pytest.mark.django_db
class TestPreview:
    @pytest.fixture
    def ask(self, login, lead):
        url = reverse("messaging:provider-preview", args=["webhook"])
        client = login(lead)
        return lambda **told: client.post(url, told, headers={"HX-Request": "true"}).content.decode()

    def test_shows_a_call_with_somebody_made_up(self, ask):
        assert "&quot;mail&quot;: &quot;alex.morgan@example.com&quot;" in ask(payload=CRM)
        assert not Provider.objects.exists()

    def test_shows_our_own_where_nothing_is_typed(self, ask):
        assert "message.send" in ask()

    def test_says_what_is_wrong_instead(self, ask):
        assert "Line 1 is no JSON" in ask(payload="{")

    def test_of_a_text_has_no_subject(self):
        with pytest.raises(NotPreviewed):
            ways()["webhook-sms"].preview({"payload": "{"}, {})
        shown = json.loads(ways()["webhook-sms"].preview({"payload": '["{{ mail.subject }}"]'}, {}))
        assert shown == [""]
