"""
What apps above this one show on a campaign's pages. They register from `AppConfig.ready`:

    panels.tabs.register("messages", Tab("messages", _("Messages"), "messaging:campaign", "mail",
                                         "messaging.view_message", order=50))

What happens to such things is told in the campaign's history if it is audited with `within=campaign`.

A tab's URL takes the campaign's `pk` and answers htmx with a fragment, which is put into the campaign's page.
"""

from collections.abc import Callable, Mapping, Sequence
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
    is_sent: bool = True  # the story tells what goes out; what it costs stands on the card alone


tabs: Registry[Tab] = Registry()
# What goes out on these channels, by the channel's id: asked once for a whole campaign.
channel_lines: Registry[Callable[[Sequence[Channel]], Mapping[int, list[ChannelLine]]]] = Registry()


def lines_of(channels: Sequence[Channel]) -> dict[int, list[ChannelLine]]:
    """Return every app's lines, by channel."""
    found: dict[int, list[ChannelLine]] = {channel.pk: [] for channel in channels}
    for ask in channel_lines:
        for pk, lines in ask(channels).items():
            found[pk] += lines
    return found
