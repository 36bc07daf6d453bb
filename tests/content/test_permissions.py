"""Who writes what a message is about to send: only those whose message it is."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from tests.content.test_views import typed, url
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import ChannelFactory
from tests.factories.content import TemplateFactory
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db
Role = User.Role
WRITERS = [Role.MARKETER, Role.CONTRIBUTOR]
READERS = [Role.SALES, Role.DATA_LEAD, Role.EXECUTIVE]


@pytest.fixture
def message():
    return MessageFactory(name="Spring mail")


def changes(user, template):
    return user.has_perm("content.change_template", template)


class TestChangeTemplate:
    @pytest.mark.parametrize("role", WRITERS)
    def test_what_a_draft_of_others_will_send_is_not_ones_own_to_change(self, message, role):
        user = UserFactory(role=role)

        assert not changes(user, message.template)
        assert not changes(user, message.template.versions.get())
        assert changes(user, TemplateFactory())

    def test_those_who_may_change_the_message_change_its_words(self, message, lead):
        people = [lead, message.campaign.captain, message.channel.owner, UserFactory(role=Role.INTEGRATION)]

        assert [changes(user, message.template) for user in people] == [True] * 4

    def test_two_drafts_with_one_template_take_a_person_who_may_change_both(self, message, lead):
        other = MessageFactory(template=message.template)

        assert not changes(message.channel.owner, message.template)
        assert not changes(other.channel.owner, message.template)
        assert changes(lead, message.template)

    def test_what_was_launched_has_its_words_already(self):
        message = MessageFactory(launched=True)

        assert changes(UserFactory(role=Role.MARKETER), message.template)

    @pytest.mark.parametrize("role", READERS)
    def test_the_owner_of_a_channel_writes_whatever_the_role(self, message, role):
        owner = UserFactory(role=role)
        assert not owner.has_perm("content.add_template")

        channel = ChannelFactory(owner=owner, kind="social")

        assert owner.has_perm("content.add_template")
        assert changes(owner, MessageFactory(campaign=channel.campaign, channel=channel).template)
        assert not changes(owner, message.template)

    @pytest.mark.parametrize("fields", [{"campaign__archived_at": "2020-01-01T00:00Z"}, {"owner": None}])
    def test_a_channel_that_is_put_away_or_of_nobody_makes_no_writer(self, fields):
        owner = UserFactory(role=Role.SALES)
        ChannelFactory(**{"owner": owner, **fields})

        assert not owner.has_perm("content.add_template")

    def test_takes_two_queries_however_many_messages_use_it(self, message, django_assert_num_queries):
        MessageFactory.create_batch(3, template=message.template, campaign=message.campaign)
        owner = message.channel.owner

        with django_assert_num_queries(2):  # which messages, in which variant too; and these
            assert changes(owner, message.template)


class TestDoors:
    """The pages and endpoints through which another's words could be changed."""

    @pytest.fixture
    def other(self):
        return UserFactory(role=Role.MARKETER)

    @pytest.mark.parametrize("door", ["save", "revert"])
    def test_a_page_refuses_and_nothing_is_written(self, login, other, message, door):
        template, version = message.template, message.template.versions.get()
        pk = version.pk if door == "revert" else template.pk

        response = login(other).post(url(door, pk), typed(name="Mine"))

        template.refresh_from_db()
        assert response.status_code == HTTPStatus.FORBIDDEN
        assert template.name != "Mine"
        assert template.versions.count() == 1

    def test_a_program_of_theirs_is_refused_too(self, api, other, message):
        client = api(other, "templates:write")

        response = client.patch(f"/api/v1/templates/{message.template.pk}/", {"subject": "Mine"})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert message.template.versions.count() == 1

    def test_the_page_says_why_and_offers_a_copy(self, login, other, message):
        client = login(other)

        page = client.get(url("detail", message.template.pk)).content.decode()
        copied = client.post(url("duplicate", message.template.pk))

        assert "Spring mail" in page
        assert "is about to send this" in page
        assert reverse("content:duplicate", args=[message.template.pk]) in page
        assert reverse("content:save", args=[message.template.pk]) not in page
        assert copied.status_code == HTTPStatus.FOUND

    def test_the_owner_finds_the_composer(self, login, message):
        owner = UserFactory(role=Role.SALES)
        message.channel.owner = owner
        message.channel.save()
        client = login(owner)

        page = client.get(url("detail", message.template.pk)).content.decode()
        client.post(url("save", message.template.pk), typed())

        assert reverse("content:save", args=[message.template.pk]) in page
        assert message.template.versions.count() == 2
