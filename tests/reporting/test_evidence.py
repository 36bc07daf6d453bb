"""What lessons quote and the wizard shows are the figures of the results' pages."""

import pytest

from apps.campaigns import evidence
from apps.core.statistics import rate_difference, rate_interval
from apps.reporting.models import ArmResult, MessageResult
from tests.factories.accounts import UserFactory
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db


def counted(noon, **says):
    """A finished message: 50 of 1,000 did it, and 20 of 1,000 who were held out; 90 of 900 clicked."""
    message = MessageFactory(launched=True, finished_at=noon, **says)
    for arm, converted in (("sent", 50), ("holdout", 20)):
        ArmResult.objects.create(
            message=message, arm=arm, measure="goal", people=1000, converted=converted, conversions=converted,
            credited=0, credited_value=0, value=0, value_squares=0, refreshed_at=noon,
        )  # fmt: skip
    MessageResult.objects.create(
        message=message, audience=1000, sent=1000, bounced=100, clicked=90, refreshed_at=noon
    )
    return message


def test_past_messages_to_a_segment_are_told_with_their_intervals(noon):
    message = counted(noon)
    counted(noon)

    found = evidence.worked_before(UserFactory(), message.campaign.segment_id)

    assert [one.key for one in found] == [f"message:{message.pk}:goal", f"message:{message.pk}:clicked"]
    assert (found[0].people, found[0].rate) == (1000, rate_interval(50, 1000))
    assert found[0].difference == rate_difference(50, 1000, 20, 1000)
    assert (found[1].people, found[1].rate) == (900, rate_interval(90, 900))
    assert evidence.worked_before(UserFactory(), message.campaign.segment_id, but=message.campaign_id) == []


def test_campaigns_of_others_are_not_told(noon):
    message = counted(noon)

    assert evidence.worked_before(UserFactory(role="contributor"), message.campaign.segment_id) == []


def test_a_campaign_offers_every_result_to_its_lessons(noon):
    message = counted(noon, is_tracked=False)

    assert [one.key for one in evidence.results_of(message.campaign)] == [f"message:{message.pk}:goal"]


def test_the_past_costs_the_same_for_little_and_for_much(noon, django_assert_num_queries):
    message = counted(noon)
    for _number in range(5):
        counted(noon, campaign=message.campaign)
    person = UserFactory()

    with django_assert_num_queries(2):
        assert len(evidence.worked_before(person, message.campaign.segment_id)) == 12
