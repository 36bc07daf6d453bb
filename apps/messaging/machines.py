"""
Which hits come from machines, so that figures about people can leave them out. Pure.

Every hit is kept; a machine's carries its reason. Not marked, on purpose: the image proxies of Gmail and
Yahoo. They fetch when a person opens the mail, and serve a copy afterwards: later opens are not seen at all.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

# Nobody reads a mail faster than this after the server took it.
TOO_FAST = timedelta(seconds=2)
# So many different links within so short a time: somebody checks them, and does not read.
BURST_LINKS = 3
BURST_TIME = timedelta(seconds=5)

PREFETCH = re.compile(r"prefetch|preview|prerender", re.IGNORECASE)
# Apple's privacy protection fetches everything, opened or not, and calls itself just this.
APPLE_PRIVACY = "Mozilla/5.0"
# Security gateways, link checkers, chat previews and libraries, by what they call themselves.
SCANNERS = re.compile(
    r"""barracuda | proofpoint | mimecast | ironport | trendmicro | sophos | symantec | fireeye | fortinet |
    safelinks | microsoft\ office\ existence | ms-?office | bingpreview | urlscan | virustotal | checkpoint |
    zscaler | cloudmark | vadesecure | messagelabs | forcepoint | cisco\ secure |
    bot\b | crawl | spider | slurp | facebookexternalhit | whatsapp | telegrambot | slackbot | twitterbot |
    linkedinbot | discordbot | headlesschrome | phantomjs | python-requests | python-urllib | aiohttp |
    \bcurl/ | \bwget/ | go-http-client | okhttp | java/ | libwww | node-fetch | axios | httpx | scrapy""",
    re.IGNORECASE | re.VERBOSE,
)


def machine_reason(method: str, headers: Mapping[str, str]) -> str:
    """Return why a request is a machine's, by what it says of itself; '' for a person's."""
    if method == "HEAD":
        return "head"
    told = " ".join(filter(None, map(headers.get, ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"))))
    if told and PREFETCH.search(told):
        return "prefetch"
    agent = headers.get("User-Agent", "").strip()
    if not agent:
        return "no_agent"
    if agent == APPLE_PRIVACY:
        return "apple_privacy"
    return "scanner" if _is_scanner(agent[:500]) else ""


# A few thousand programs make nearly all hits, and looking for all these names in one takes a while.
@lru_cache(maxsize=4096)
def _is_scanner(agent: str) -> bool:
    return SCANNERS.search(agent) is not None
