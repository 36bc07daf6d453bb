"""People whom a comment names."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration import services
from apps.collaboration.mentions import MentionRefused
from apps.collaboration.models import Comment, Mention, Notification
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, ChallengerFactory, ContributorFactory
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign():
    return CampaignFactory(goal_seen=False, channel=False, captain__name="Carla Moreau")


def say(campaign, text, by, now):
    return services.comment_add(subject=campaign, text=text, by=by, now=now)


def named(comment):
    return sorted(mention.user.name for mention in comment.mentions.select_related("user"))


class TestCommentAdd:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("Well, @Ann Lee?", ["Ann Lee"]),
            ("@ann lee and @Ann", ["Ann", "Ann Lee"]),
            ("(@Ann) @Ann", ["Ann"]),
            ("@ann@shop.example please", ["Ann"]),
            ("Write to ann@shop.example, 2 @ 3 Euro", []),
        ],
    )
    def test_names_people_as_they_are_called(self, noon, lead, campaign, text, names):
        UserFactory(name="Ann", email="ann@shop.example")
        UserFactory(name="Ann Lee")

        assert named(say(campaign, text, lead, noon)) == names

    def test_tells_the_named_that_they_were_and_the_others_that_somebody_spoke(self, noon, lead, campaign):
        ann = UserFactory(name="Ann")

        say(campaign, f"@Ann, look. @{lead.name}", lead, noon)

        told = {notice.user: notice.text for notice in Notification.objects.all()}
        assert told == {
            ann: f"{lead} mentioned you in “{campaign}”",
            campaign.captain: f"{lead} commented on “{campaign}”",
        }

    @pytest.mark.parametrize(
        ("person", "refusal"),
        [
            ({"name": "Ben", "role": User.Role.CONTRIBUTOR}, "Ben cannot see this"),
            ({"name": "Ben", "is_active": False}, "Nobody here is called “@Ben”"),
            ({"name": "Ben", "role": User.Role.INTEGRATION}, "Nobody here is called “@Ben”"),
            ({"name": "Benjamin"}, "Nobody here is called “@Ben”"),
        ],
    )
    def test_refuses_strangers_and_says_nothing(self, noon, lead, campaign, person, refusal):
        UserFactory(**person)

        with pytest.raises(MentionRefused, match=refusal):
            say(campaign, "Ask @Ben", lead, noon)

        assert not Comment.objects.exists()
        assert not Notification.objects.exists()

    def test_a_contributor_of_the_team_can_be_named(self, noon, lead, campaign):
        helper = UserFactory(name="Ben", role=User.Role.CONTRIBUTOR)
        ContributorFactory(campaign=campaign, user=helper)

        assert named(say(campaign, "Ask @Ben.", lead, noon)) == ["Ben"]

    def test_a_contributor_who_may_challenge_it_can_be_named(self, noon, lead, campaign):
        ChallengerFactory(campaign=campaign, user=UserFactory(name="Ben", role=User.Role.CONTRIBUTOR))

        assert named(say(campaign, "Ask @Ben.", lead, noon)) == ["Ben"]

    def test_people_can_be_named_below_a_message_too(self, noon, lead):
        message = MessageFactory()
        UserFactory(name="Ann")

        assert named(say(message, "Ask @Ann.", lead, noon)) == ["Ann"]


class TestCommentEdit:
    def test_tells_who_is_named_only_now_and_forgets_who_is_no_more(self, noon, lead, campaign):
        for name in ("Ann", "Ben", "Cem"):
            UserFactory(name=name)
        comment = say(campaign, "@Ann @Ben", lead, noon)
        Notification.objects.all().delete()

        services.comment_edit(comment=comment, text="@Ben @Cem", by=lead, now=noon)

        assert named(comment) == ["Ben", "Cem"]
        assert Notification.objects.get().user.name == "Cem"


class TestPages:
    def url(self, name, campaign):
        return reverse(f"collaboration:{name}", args=["campaigns.campaign", campaign.pk])

    def test_a_stranger_is_told_beside_the_box_and_nothing_typed_is_lost(self, login, lead, campaign):
        page = login(lead).post(
            self.url("comments", campaign), {"text": "Long thought, @nobody"}, headers=HTMX
        )

        assert "Nobody here is called “@nobody”" in page.content.decode()
        assert "Long thought, @nobody</textarea>" in page.content.decode()
        assert not Comment.objects.exists()

    def test_names_are_set_apart_and_what_else_was_typed_is_only_text(self, login, lead, noon, campaign):
        UserFactory(name="Ann <b>")
        say(campaign, "@Ann <b> <script>", lead, noon)

        page = login(lead).get(self.url("comments", campaign)).content.decode()

        assert '<strong class="mention">@Ann &lt;b&gt;</strong> &lt;script&gt;' in page

    def test_only_those_who_may_see_it_are_offered(self, login, lead, campaign):
        UserFactory(name="Anna")
        UserFactory(name="Hannah", role=User.Role.CONTRIBUTOR)
        UserFactory(name="Joanna", is_active=False)

        page = login(lead).get(self.url("mentionable", campaign), {"q": "ANNA"}).content.decode()

        assert page.count("data-mention=") == 1
        assert 'data-mention="Anna"' in page

    def test_a_thread_costs_the_same_for_one_and_for_many(
        self, login, lead, noon, campaign, django_assert_max_num_queries
    ):
        for number in range(5):
            UserFactory(name=f"Person{number}")
            say(campaign, f"@Person{number}", lead, noon)
        assert Mention.objects.count() == 5
        client = login(lead)

        with django_assert_max_num_queries(8):
            client.get(self.url("comments", campaign))
