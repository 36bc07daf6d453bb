"""
What apps above this one show on a campaign's pages. They register from `AppConfig.ready`:

    panels.tabs.register("messages", Tab("messages", _("Messages"), "messaging:campaign", "mail",
                                         "messaging.view_message", order=50))

What happens to such things is told in the campaign's history if it is audited with `within=campaign`.

A tab's URL takes the campaign's `pk` and answers htmx with a fragment, which is put into the campaign's page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from apps.campaigns.models import Channel
from apps.core.registry import Registry


@dataclass(frozen=True)
class Tab:
    """One tab of the campaign page. Own tabs stand at 10, 20, 30…; `permission` is asked of the campaign."""

    name: str
    label: str | Promise
    url_name: str
    icon: str
    permission: str
    order: int = 100


@dataclass(frozen=True)
class ChannelLine:
    """One line on the card of a channel: what goes out on it and how that is, or what it costs."""

    text: str
    url: str = ""
    status: str | Promise = ""
    tone: str = "neutral"
    at: datetime | None = None  # when it goes out, or went


Ask = Callable[[Sequence[Channel]], Mapping[int, list[ChannelLine]]]
tabs: Registry[Tab] = Registry()
# What goes out on these channels, by the channel's id: asked once for a whole campaign.
channel_lines: Registry[Ask] = Registry()
# What they cost: it stands on their cards, and not in the story.
channel_costs: Registry[Ask] = Registry()


def lines_of(channels: Sequence[Channel]) -> dict[int, list[ChannelLine]]:
    """Return all that stands on the cards of these channels, by channel."""
    return _asked([*channel_costs, *channel_lines], channels)


def sent_on(channels: Sequence[Channel]) -> dict[int, list[ChannelLine]]:
    """Return what goes out on these channels, by channel."""
    return _asked(channel_lines, channels)


def _asked(asks: Iterable[Ask], channels: Sequence[Channel]) -> dict[int, list[ChannelLine]]:
    found: dict[int, list[ChannelLine]] = {channel.pk: [] for channel in channels}
    for ask in asks:
        for pk, lines in ask(channels).items():
            found[pk] += lines
    return found
