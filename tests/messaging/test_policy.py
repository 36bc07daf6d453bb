"""What holds for every message: the control group."""

from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.contacts.models import ConsentStatus, Contact
from apps.messaging import lots, services
from apps.messaging.audience import choice_of, promise
from apps.messaging.models import Recipient, SendingPolicy
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory, SendingPolicyFactory

pytestmark = pytest.mark.django_db
State = Recipient.State


@pytest.fixture
def administrator():
    return UserFactory(role=User.Role.ADMINISTRATOR)


def control():
    return {pk for pk in Contact.objects.values_list("pk", flat=True) if lots.is_control(pk)}


class TestControlGroup:
    def test_gets_no_message_and_is_the_same_for_all(self, noon, lead):
        ContactFactory.create_batch(40)
        SendingPolicyFactory(control_percent=30)
        first, second = MessageFactory.create_batch(2)

        for message in (first, second):
            services.message_launch(message=message, by=lead, now=noon)

        drawn = control()
        assert 0 < len(drawn) < 40
        for message in (first, second):
            out = message.recipients.filter(state=State.EXCLUDED, reason="control")
            assert set(out.values_list("contact", flat=True)) == drawn
            assert message.recipients.filter(state=State.QUEUED).count() == 40 - len(drawn)

    def test_stands_in_the_promise_and_the_promise_is_kept(self, noon, lead):
        ContactFactory.create_batch(40)
        SendingPolicyFactory(control_percent=30)
        message = MessageFactory(holdout_percent=30)

        promised = promise(choice_of(message), now=noon)
        services.message_launch(message=message, by=lead, now=noon, promised=promised.recipients)

        frozen = dict(promised.excluded)
        assert frozen["control"] == len(control())
        for reason, count in frozen.items():
            assert message.recipients.filter(reason=reason).count() == count

    def test_a_reason_of_the_persons_own_comes_first(self, noon, lead):
        ContactFactory()
        refuses = ContactFactory(consent=ConsentStatus.UNSUBSCRIBED)
        SendingPolicyFactory(control_percent=50, control_seed=seed_that_draws(refuses))
        message = MessageFactory()

        counts = promise(choice_of(message), now=noon).counts

        assert lots.is_control(refuses.pk)
        assert counts["no_consent"] == 1

    def test_is_drawn_from_the_lot_of_no_message(self, noon):
        """Who is held out of one message says nothing about who is in the control group."""
        ContactFactory.create_batch(60)
        SendingPolicyFactory(control_percent=50)

        counts = promise(choice_of(MessageFactory(holdout_percent=50)), now=noon).counts

        assert set(counts) == {"", "control", "holdout"}

    def test_keeps_everybody_when_it_grows(self):
        ContactFactory.create_batch(40)
        policy = SendingPolicyFactory(control_percent=20)
        before = control()

        policy.control_percent = 40
        policy.save()

        assert before < control()

    def test_another_seed_draws_others(self):
        ContactFactory.create_batch(40)
        policy = SendingPolicyFactory(control_percent=30)
        before = control()

        policy.control_seed = 2
        policy.save()

        assert control() != before

    def test_is_nobody_as_long_as_nobody_has_set_one(self, noon):
        ContactFactory.create_batch(3)

        assert promise(choice_of(MessageFactory()), now=noon).counts == {"": 3}
        assert control() == set()


def seed_that_draws(contact, *, leaves=()):
    """Return a seed that puts `contact` in a control group of half, and none of those in `leaves`."""
    policy = SendingPolicyFactory.build(control_percent=50)
    for seed in range(1, 200):
        policy.control_seed = seed
        policy.save()
        if lots.is_control(contact.pk) and not any(lots.is_control(other.pk) for other in leaves):
            SendingPolicy.objects.all().delete()
            return seed
    raise AssertionError("no seed draws this contact and leaves the others")


class TestPolicyUpdate:
    def test_changes_what_is_given_and_says_so(self, noon, administrator):
        SendingPolicyFactory(control_percent=5, timezone="Europe/Paris")

        services.policy_update(by=administrator, now=noon, control_percent=10, timezone="Europe/Paris")

        policy = SendingPolicy.objects.get()
        assert (policy.control_percent, policy.control_seed, policy.timezone) == (10, 1, "Europe/Paris")
        event = AuditEvent.objects.get()
        assert (event.action, event.by, event.details) == (
            "sendingpolicy.changed",
            administrator,
            {"control_percent": [5, 10]},
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("control_percent", 51),
            ("control_percent", -1),
            ("control_seed", 2**31),
            ("timezone", "Mars/Base"),
        ],
    )
    def test_refuses_what_cannot_be_and_changes_nothing(self, noon, administrator, field, value):
        SendingPolicyFactory()

        with pytest.raises(services.PolicyInvalid) as refusal:
            services.policy_update(by=administrator, now=noon, **{"control_percent": 7, field: value})

        assert refusal.value.field == field
        assert SendingPolicy.objects.get().control_percent == 0
        assert not AuditEvent.objects.exists()

    def test_there_is_only_one(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            SendingPolicyFactory(id=2)


class TestPages:
    def test_say_what_holds(self, login, lead):
        SendingPolicyFactory(control_percent=5, control_seed=42)

        page = login(lead).get(reverse("messaging:policy")).content.decode()

        assert "5 % of all contacts get no message at all" in page
        assert reverse("messaging:policy-edit") not in page  # a lead may not change it

    def test_an_administrator_changes_it(self, login, administrator):
        told = {"control_percent": 5, "control_seed": 42, "timezone": "Europe/Paris"}

        response = login(administrator).post(reverse("messaging:policy-edit"), told)

        assert response.headers["Location"] == reverse("messaging:policy")
        policy = SendingPolicy.objects.get()
        assert {name: getattr(policy, name) for name in told} == told

    def test_a_lead_changes_nothing(self, login, lead):
        told = {"control_percent": 5, "control_seed": 42, "timezone": "UTC"}

        response = login(lead).post(reverse("messaging:policy-edit"), told)

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not SendingPolicy.objects.exists()

    def test_what_cannot_be_is_told_beside_its_field(self, login, administrator):
        told = {"control_percent": 60, "control_seed": 1, "timezone": "UTC"}

        response = login(administrator).post(reverse("messaging:policy-edit"), told)

        assert list(response.context["form"].errors) == ["control_percent"]

    @pytest.mark.parametrize("percent", [0, 50])
    def test_the_profile_says_who_is_in_the_control_group(self, login, lead, percent):
        contact = RecipientFactory().contact
        seed = seed_that_draws(contact)
        SendingPolicyFactory(control_percent=percent, control_seed=seed)

        page = login(lead).get(reverse("messaging:contact", args=[contact.pk])).content.decode()

        assert ("In the control group" in page) == (percent == 50)


class TestApi:
    def test_reads_and_changes_it(self, api, administrator):
        client = api(administrator, "sending-rules:read", "sending-rules:write")

        changed = client.patch(reverse("api:sending-policy-general"), {"control_percent": 5}, format="json")
        read = client.get(reverse("api:sending-policy-list"))

        told = {"control_percent": 5, "control_seed": 1, "timezone": "UTC"}
        assert (changed.json(), read.json()) == (told, told)

    def test_refuses_a_zone_that_is_none(self, api, administrator):
        client = api(administrator, "sending-rules:write")

        response = client.patch(reverse("api:sending-policy-general"), {"timezone": "Mars"}, format="json")

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert "There is no such time zone." in response.content.decode()
