import pytest

from apps.segments import services as segments
from apps.segments.models import Segment
from tests.factories.campaigns import CampaignFactory

pytestmark = pytest.mark.django_db


def test_a_segment_that_is_an_audience_is_not_deleted_and_says_whose(lead, noon):
    campaign = CampaignFactory(name="Come back")

    with pytest.raises(segments.StillUsed, match="Come back"):
        segments.segment_delete(segment=campaign.segment, by=lead, now=noon)

    assert Segment.objects.filter(pk=campaign.segment_id).exists()
