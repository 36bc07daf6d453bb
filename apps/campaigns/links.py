"""Where things of a campaign are looked at and mended."""

from django.urls import reverse

from apps.campaigns.models import Campaign, Challenge


def step_url(campaign: Campaign, step: str) -> str:
    """Return the page on which a step of the plan is written down, during the wizard and after it."""
    return reverse("campaigns:wizard", args=[campaign.pk, step])


def challenge_url(challenge: Challenge) -> str:
    return reverse("campaigns:challenge", args=[challenge.pk])


def tab_url(campaign: Campaign, tab: str) -> str:
    return reverse(f"campaigns:{tab}", args=[campaign.pk])
