"""What a campaign's checks and approvals look at of its messages, read once where they are asked together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q
from django.db.models.functions import JSONObject

from apps.campaigns import readiness
from apps.campaigns.models import Campaign
from apps.content.selectors import dictionary_of, dictionary_rows
from apps.messaging import homes
from apps.messaging.lint import DraftLint
from apps.messaging.models import Message, SendingDomain, Variant
from apps.messaging.selectors import variants_read

DICTIONARY = "dictionary"  # the group of what the lint goes by


def campaign_messages(campaign: Campaign) -> list[Message]:
    """Return the campaign's messages with all that is looked at, in two queries at most."""
    found = campaign.messages.with_choice().select_related(
        "campaign",
        "template__current",
        "template_version",
        "sender__provider",
        "sender__sms_provider",
        "channel",
        "experiment",
    )
    found = found.prefetch_related(variants_read())
    return readiness.shared(campaign, "messaging.messages", lambda: list(found.order_by("pk")))


def facts_of(campaign: Campaign, _now: datetime) -> Mapping[str, Any]:
    """Return what is read beside the messages: the lint's dictionary, the domains, whether any may go."""
    messages = Message.objects.filter(campaign=campaign)
    variants = Variant.objects.filter(experiment__message__campaign=campaign)
    of_these = Q(template__in=messages.values("template")) | Q(template__in=variants.values("template"))
    asked = dictionary_rows(of_these)
    # Long, and of no use to a campaign that says nothing yet.
    asked["attributes"] = asked["attributes"].filter(Exists(messages))
    domain = JSONObject(id="id", name="name", findings="findings", checked_at="checked_at")
    return {
        "is_copy": homes.IS_COPY,
        "domains": ArraySubquery(SendingDomain.objects.values(row=domain)),
        **readiness.fact_group(DICTIONARY, asked),
    }


def campaign_lint(campaign: Campaign, now: datetime) -> DraftLint:
    """Return the lint of all that the campaign would send."""
    return readiness.shared(
        campaign,
        "messaging.lint",
        lambda: DraftLint(dictionary_of(readiness.facts_in(campaign, now, DICTIONARY))),
    )


def sending_domains(campaign: Campaign, now: datetime) -> dict[str, SendingDomain]:
    """Return the sending domains that are written down, by name."""
    return {row["name"]: SendingDomain(**row) for row in readiness.fact(campaign, now, "domains")}
