"""What of messages comes along when a campaign is replayed."""

from datetime import date, timedelta

import pytest

from apps.campaigns import services
from apps.messaging.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory
from tests.factories.content import TemplateFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory

pytestmark = pytest.mark.django_db


def start(parent, noon, **says):
    told = {"name": "Next", "launch_date": date(2031, 3, 10), "parts": ["channels", "messages"], **says}
    return services.campaign_replay(parent=parent, by=UserFactory(), now=noon, **told)


def test_launched_messages_come_along_as_drafts(noon):
    own = AudienceFactory()
    message = MessageFactory(launched=True, holdout_percent=20, scheduled_at=noon + timedelta(days=1))
    message.segments.set([message.campaign.segment, own])
    other = AudienceFactory()

    child = start(message.campaign, noon, segment=other).campaign

    draft = Message.objects.get(campaign=child)
    assert (draft.state, draft.template, draft.sender, draft.holdout_percent) == (
        "draft",
        message.template,
        message.sender,
        20,
    )
    assert draft.template_version is None
    assert set(draft.segments.all()) == {other, own}
    assert draft.scheduled_at == message.scheduled_at + timedelta(days=365)
    assert draft.channel.campaign == child
    message.refresh_from_db()
    assert message.state == "running"


def test_the_winner_of_an_experiment_is_what_the_next_one_says(noon):
    other = TemplateFactory()
    by_template = ExperimentFactory(winner=1, decided_at=noon)
    by_template.variants.filter(number=1).update(template=other, subject="")
    message = by_template.message

    child = start(message.campaign, noon).campaign

    assert Message.objects.get(campaign=child).template == other


def test_a_subject_that_won_becomes_a_template_of_its_own(noon):
    experiment = ExperimentFactory(winner=1, decided_at=noon)
    experiment.variants.filter(number=1).update(template=None, subject="Better")
    message = experiment.message

    draft = Message.objects.get(campaign=start(message.campaign, noon).campaign)

    version, old = draft.template.versions.get(), message.template.versions.get()
    assert draft.template != message.template
    assert (version.subject, version.html) == ("Better", old.html)


def test_messages_stay_behind_with_their_channel(noon):
    message = MessageFactory()

    child = start(message.campaign, noon, parts=["messages"]).campaign

    assert not Message.objects.filter(campaign=child).exists()
