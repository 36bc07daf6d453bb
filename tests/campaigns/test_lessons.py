"""Lessons with their evidence, what stands beside the wizard's steps, and who answers for an element."""

from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.models import User
from apps.campaigns import checks, evidence, selectors, services
from apps.campaigns.errors import ChangedMeanwhile, NotEligible, Refused
from apps.campaigns.evidence import Result, Source
from apps.campaigns.models import ElementOwner, Lesson
from apps.collaboration.models import AuditEvent
from apps.core.statistics import Estimate
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    AudienceFactory,
    CampaignFactory,
    ContributorFactory,
    ElementOwnerFactory,
    LessonFactory,
)

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def result(key="message:1:goal", *, rate=0.05, people=1000, is_conversion=True, difference=None, **says):
    return Result(
        key=key,
        campaign_id=1,
        campaign="Autumn",
        kind="email",
        message="First letter",
        measure="order",
        is_conversion=is_conversion,
        people=people,
        rate=Estimate(rate, rate - 0.01, rate + 0.01),
        difference=difference,
        at=says.get("at"),
        url="/campaigns/1/",
    )


@pytest.fixture
def known(monkeypatch):
    """Give what reporting would know, and return who asked about the past."""
    asked = []
    results = [
        result("clicks", rate=0.9, is_conversion=False),
        result("low", rate=0.02),
        result("high", rate=0.05, people=40, difference=Estimate(0.03, 0.01, 0.05)),
    ]

    def past(user, segment, but):
        asked.append((user, segment, but))
        return results

    source = Source(past=past, of_campaign=lambda campaign: results)
    monkeypatch.setattr(evidence.sources, "_entries", {"results": source})
    return asked


class TestEvidence:
    def test_is_sorted_by_result_with_conversions_before_clicks(self, known, lead):
        found = evidence.worked_before(lead, 7, but=3)

        assert [one.key for one in found] == ["high", "low", "clicks"]
        assert [one.is_small for one in found] == [True, False, False]
        assert known == [(lead, 7, 3)]

    def test_reads_as_a_sentence_with_n_and_interval(self):
        plain, compared = result(), result(difference=Estimate(0.03, 0.01, 0.05))

        assert plain.sentence == (
            "“First letter”, order: 5.00\N{NO-BREAK SPACE}% of 1,000 people "
            "(4.00\N{NO-BREAK SPACE}% to 6.00\N{NO-BREAK SPACE}%)."
        )
        assert compared.sentence.endswith("people, +3.00 points (+1.00 to +5.00) against those held out.")


class TestLessons:
    def test_quote_a_result_as_it_reads_then(self, known, noon, lead):
        campaign = CampaignFactory()

        lesson = services.lesson_add(text="Do", campaign=campaign, evidence_key="high", by=lead, now=noon)

        assert (lesson.evidence_n, lesson.evidence_value, lesson.evidence_low) == (40, 0.03, 0.01)
        assert lesson.evidence_text.startswith("“First letter”")
        assert AuditEvent.objects.about(campaign).get().action == "lesson.added"

        services.lesson_update(lesson=lesson, evidence_key="", by=lead, now=noon)
        lesson.refresh_from_db()
        assert (lesson.evidence_n, lesson.evidence_text, lesson.evidence_at) == (None, "", None)

    @pytest.mark.parametrize(
        ("says", "field"),
        [({"text": " "}, "text"), ({"text": "x", "evidence_key": "nothing"}, "evidence_key")],
    )
    def test_are_refused_and_nothing_is_written(self, known, noon, lead, says, field):
        lesson = LessonFactory()
        for act in (
            lambda: services.lesson_add(campaign=lesson.campaign, by=lead, now=noon, **says),
            lambda: services.lesson_update(lesson=lesson, by=lead, now=noon, **says),
        ):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.field == field

        assert Lesson.objects.values_list("text", "version").get() == (lesson.text, 1)
        assert not AuditEvent.objects.exists()

    def test_of_no_campaign_have_no_result_to_quote(self, known, noon, lead):
        with pytest.raises(Refused):
            services.lesson_add(text="x", evidence_key="high", by=lead, now=noon)

    def test_tell_the_second_of_two_editors(self, noon, lead):
        lesson = LessonFactory()
        services.lesson_update(lesson=lesson, text="Ann's", by=UserFactory(name="Ann"), now=noon, seen=1)

        with pytest.raises(ChangedMeanwhile):
            services.lesson_update(lesson=lesson, text="Mine", by=lead, now=noon, seen=1)

    def test_put_away_twice_are_put_away_once_and_come_back(self, noon, lead):
        lesson = LessonFactory()
        for _time in range(2):
            services.lesson_archive(lesson=lesson, by=lead, now=noon)
        assert not Lesson.objects.current().exists()
        with pytest.raises(Refused):
            services.lesson_update(lesson=Lesson.objects.get(), text="x", by=lead, now=noon)
        for _time in range(2):
            services.lesson_restore(lesson=lesson, by=lead, now=noon)

        assert Lesson.objects.current().get() == lesson
        assert AuditEvent.objects.count() == 2

    def test_are_those_of_campaigns_that_one_may_see_and_of_none(self):
        helper = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, general = LessonFactory(), LessonFactory(campaign=None)
        LessonFactory()
        ContributorFactory(campaign=mine.campaign, user=helper)

        assert set(selectors.lessons(helper)) == {mine, general}

    def test_without_the_whole_of_their_evidence_cannot_be_kept(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            LessonFactory(evidence_key="x")


class TestGuide:
    def test_shows_lessons_of_this_segment_first_and_none_of_others(self, known, lead):
        campaign = CampaignFactory()
        general = LessonFactory(element="channel", kind="email")
        same = LessonFactory(element="channel", segment=campaign.segment)
        LessonFactory(element="channel", segment=AudienceFactory())
        LessonFactory(element="channel", kind="ads")
        LessonFactory(element="timing")
        along = LessonFactory(element="channel", kind="ads")
        along.applied_in.add(campaign)

        found = selectors.guide(campaign, lead, "channels", segment=campaign.segment)

        assert found.lessons == [along, same, general]
        assert [one.key for one in found.results] == ["high", "low", "clicks"]
        assert selectors.guide(campaign, lead, "dates", segment=campaign.segment).results == []
        assert selectors.guide(campaign, lead, "review", segment=None).lessons == []

    def test_stands_in_the_wizard_and_follows_the_segment_that_is_chosen(self, known, login):
        campaign = CampaignFactory()
        LessonFactory(element="audience", text="Ask <them> first")
        client, other = login(campaign.captain), AudienceFactory(name="Others")

        page = text(client.get(reverse("campaigns:wizard", args=[campaign.pk, "audience"])))
        fragment = text(
            client.get(
                reverse("campaigns:guide", args=[campaign.pk]), {"step": "audience", "segment": other.pk}
            )
        )

        assert escape("Ask <them> first") in page
        assert "First letter" in page
        assert "Few people" in page
        assert "for Others" in fragment
        assert [asked[1] for asked in known] == [campaign.segment_id, other.pk]
        wrong = client.get(reverse("campaigns:guide", args=[campaign.pk]), {"step": "cake"})
        assert wrong.status_code == HTTPStatus.NOT_FOUND

    def test_costs_the_same_for_little_and_for_much(self, known, login, django_assert_max_num_queries):
        campaign = CampaignFactory()
        LessonFactory.create_batch(8, element="audience")
        client = login(campaign.captain)

        with django_assert_max_num_queries(12):
            client.get(reverse("campaigns:wizard", args=[campaign.pk, "audience"]))

    def test_says_what_it_is_for_where_nothing_is_known(self, monkeypatch, login):
        monkeypatch.setattr(evidence.sources, "_entries", {})
        campaign = CampaignFactory()

        page = text(login(campaign.captain).get(reverse("campaigns:wizard", args=[campaign.pk, "idea"])))

        assert "Nothing has gone out to this segment yet." in page


class TestPages:
    def test_make_find_and_mend_a_lesson(self, known, login, lead):
        client, campaign = login(lead), CampaignFactory(name="Autumn")
        new = reverse("campaigns:lesson_create") + f"?campaign={campaign.pk}"

        refused = client.post(new, {"text": "x" * 10_000, "element": "idea"})
        made = client.post(new, {"text": "Ask 👋 first", "element": "idea", "evidence_key": "high"})

        lesson = Lesson.objects.get()
        assert list(refused.context["form"].errors) == ["text"]
        assert made.headers["Location"] == reverse("campaigns:lesson", args=[lesson.pk])
        assert (lesson.campaign, lesson.by, lesson.evidence_n) == (campaign, lead, 40)
        assert "n = 40" in text(client.get(made.headers["Location"]))
        assert "Ask 👋 first" in text(client.get(reverse("campaigns:lessons"), {"q": "first"}))
        assert "Ask 👋 first" not in text(client.get(reverse("campaigns:lessons"), {"element": "timing"}))
        assert "Ask 👋 first" in text(client.get(reverse("campaigns:detail", args=[campaign.pk])))

        edit = reverse("campaigns:lesson_update", args=[lesson.pk])
        same = client.get(edit).context["form"].initial
        client.post(edit, {"text": "Ask twice", "version": "1", "evidence_key": same["evidence_key"]})
        lesson.refresh_from_db()
        assert (lesson.text, lesson.element, lesson.evidence_n) == ("Ask twice", "", 40)

    def test_ask_for_lessons_when_a_campaign_is_over(self, login, lead):
        client = login(lead)
        pages = {
            stage: text(client.get(reverse("campaigns:detail", args=[CampaignFactory(stage=stage).pk])))
            for stage in ("live", "reporting")
        }

        assert ["story-lessons-card" in page for page in pages.values()] == [False, True]
        assert "what would you do again" in pages["reporting"]

    def test_cost_the_same_for_little_and_for_much(self, login, lead, django_assert_max_num_queries):
        LessonFactory.create_batch(20, segment=AudienceFactory())
        client = login(lead)

        with django_assert_max_num_queries(9):
            client.get(reverse("campaigns:lessons"))

    def test_mend_only_ones_own_unless_one_leads(self, login):
        lesson = LessonFactory()
        other, author, captain = UserFactory(), lesson.by, lesson.campaign.captain
        url = reverse("campaigns:lesson_archive", args=[lesson.pk])

        answers = [login(person).post(url).status_code for person in (other, author, captain)]

        assert answers == [HTTPStatus.FORBIDDEN, HTTPStatus.FOUND, HTTPStatus.FOUND]


class TestApi:
    def test_writes_reads_and_puts_away(self, known, api, lead):
        client, campaign = api(lead), CampaignFactory()
        says = {"text": "Do", "campaign": campaign.pk, "element": "idea", "evidence_key": "low"}

        made = client.post("/api/v1/lessons/", says, format="json")
        url = f"/api/v1/lessons/{made.data['id']}/"
        mended = client.patch(url, {"kind": "email"}, format="json")

        assert (made.data["evidence_n"], made.data["by"]) == (1000, lead.pk)
        assert (mended.data["kind"], mended.data["version"]) == ("email", 2)
        assert len(client.get("/api/v1/lessons/?element=idea").data["results"]) == 1
        assert client.delete(url).status_code == HTTPStatus.NO_CONTENT
        assert client.post(f"{url}restore/").data["archived_at"] is None

    def test_hides_the_campaign_of_others(self, api):
        helper = UserFactory(role=User.Role.CONTRIBUTOR)
        url = f"/api/v1/lessons/{LessonFactory().pk}/"

        assert api(helper).get(url).status_code == HTTPStatus.NOT_FOUND


class TestElements:
    def test_have_two_owners_and_are_marked_with_one(self, noon, lead):
        campaign, ann = CampaignFactory(), UserFactory(name="Ann")
        assert "No element" in checks.elements_have_both_owners(campaign, noon).sentence

        for _time in range(2):
            services.element_set(campaign=campaign, element="idea", marketing_owner=ann, by=lead, now=noon)
        told = checks.elements_have_both_owners(campaign, noon)
        assert (told.ok, told.sentence) == (False, "Only one of the two owners is named: Idea.")

        services.element_set(campaign=campaign, element="idea", data_owner=lead, by=lead, now=noon)
        assert checks.elements_have_both_owners(campaign, noon).ok
        owner = ElementOwner.objects.get()
        assert (owner.marketing_owner, owner.data_owner, owner.version) == (ann, lead, 2)
        assert AuditEvent.objects.about(campaign).filter(action="element.assigned").count() == 2

    def test_tell_the_second_of_two_who_name_somebody_first(self, noon, lead):
        owner = ElementOwnerFactory()
        services.element_set(
            campaign=owner.campaign,
            element="idea",
            marketing_owner=None,
            by=UserFactory(name="Ann"),
            now=noon,
        )

        with pytest.raises(ChangedMeanwhile) as told:
            services.element_set(
                campaign=owner.campaign, element="idea", marketing_owner=lead, by=lead, now=noon, seen=1
            )

        assert list(told.value.theirs) == ["marketing_owner"]

    def test_are_owned_by_people(self, noon, lead):
        with pytest.raises(NotEligible) as refused:
            services.element_set(
                campaign=CampaignFactory(),
                element="idea",
                data_owner=UserFactory(role=User.Role.INTEGRATION),
                by=lead,
                now=noon,
            )

        assert refused.value.field == "data_owner"
        assert not ElementOwner.objects.exists()

    def test_are_named_on_the_team_page(self, login):
        campaign, ann = CampaignFactory(), UserFactory(name="Ann")
        client, team = login(campaign.captain), reverse("campaigns:team", args=[campaign.pk])

        form = text(client.get(team, {"element": "idea"}))
        client.post(
            reverse("campaigns:element_set", args=[campaign.pk]),
            {"element": "idea", "marketing_owner": ann.pk, "version": "0"},
        )

        assert 'id="element-form"' in form
        assert 'id="element-form"' not in text(client.get(team, {"element": "cake"}))
        assert campaign.element_owners.get().marketing_owner == ann
        assert "One of two" in text(client.get(team))

    def test_are_read_and_set_over_the_api(self, api, lead):
        campaign = CampaignFactory()
        url = f"/api/v1/campaigns/{campaign.pk}/elements/"

        said = api(lead).post(url, {"element": "idea", "data_owner": lead.pk}, format="json")

        assert said.data["is_one_sided"] is True
        listed = api(lead).get(url).data["elements"]
        assert [one["data_owner"] for one in listed] == [None, None, lead.pk, None, None, None]
