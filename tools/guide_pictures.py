"""
Take the guide's pictures from a running demo: each page as the person who would look at it, on a desktop and
on a phone, in the light and in the dark. Writes `docs/img`, and `docs/pages.md`, which shows all of them.

    python -m tools.guide_pictures http://127.0.0.1:8000

The demo counts its days from the day it was made: pictures are to be taken of a new one.
"""

import argparse
import base64
import re
import shutil
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path(__file__).resolve().parents[1] / "docs"
IMG = DOCS / "img"
PASSWORD = "bookend-demo"  # noqa: S105  # printed at start; the demo holds no secrets
QUALITY = 70  # of WebP: text is sharp, and all pictures together are some megabytes
DONE, BUILT, PLANNED = "Two e-mails, one question", "Spring preview for two", "Harvest evening at the mill"
ASKED, REPLAYED = "A thank-you to those who came back", "Two e-mails, to whom they suit"


@dataclass(frozen=True)
class Look:
    """How a page is looked at. `name` ends the names of its files."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


DESKTOP, DESKTOP_DARK = Look("", 1280, 1000, "light"), Look("-dark", 1280, 1000, "dark")
PHONE, PHONE_DARK = Look("-phone", 390, 844, "light"), Look("-phone-dark", 390, 844, "dark")
LOOKS = [DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK]


@dataclass(frozen=True)
class Picture:
    """
    One page, four files of `docs/img`.

    `path` may have the `{pk}` of what is called so in the list `of` in it; `follow` is the link to follow
    from there, where the page has no name of its own.
    """

    name: str
    title: str
    who: str
    path: str
    called: str = ""
    of: str = "/campaigns/"
    follow: str = ""


def _of(name: str, title: str, who: str, part: str, campaign: str, follow: str = "") -> Picture:
    return Picture(name, title, who, f"/campaigns/{{pk}}/{part}", campaign, follow=follow)


SECTIONS = {
    "Homes": [
        Picture("home", "The home of a marketing lead", "lead", "/"),
        Picture("home-captain", "The home of a captain", "captain", "/"),
        Picture("home-contributor", "The home of a contributor", "contributor", "/"),
        Picture("home-executive", "The home of an executive", "executive", "/"),
        Picture("home-sales", "The home of sales", "sales", "/"),
        Picture("home-data", "The home of a data lead", "data", "/"),
    ],
    "Campaigns": [
        Picture("campaigns", "Campaigns as a list", "lead", "/campaigns/"),
        Picture("campaigns-board", "Campaigns by stage", "lead", "/campaigns/?view=board"),
        Picture(
            "campaigns-calendar", "Campaigns in the calendar, by channel", "lead", "/campaigns/?view=calendar"
        ),
        Picture("campaigns-timeline", "Campaigns on a timeline", "lead", "/campaigns/?view=timeline"),
        Picture("campaigns-spreadsheet", "Campaigns as a spreadsheet", "lead", "/campaigns/?view=sheet"),
        Picture("calendar-feed", "The calendar for other programs", "captain", "/campaigns/feed/"),
    ],
    "One campaign": [
        _of("campaign", "A campaign between its two bookends", "captain", "", DONE),
        _of("wizard", "A step of the plan, with what worked before", "captain", "wizard/audience/", BUILT),
        _of("plan", "The plan of a campaign", "captain", "plan/", PLANNED),
        _of("timeline", "The plan, counted back from the launch", "captain", "plan/timeline/", PLANNED),
        _of("team", "Who leads, who owns which channel", "captain", "team/", DONE),
        _of("channels", "The channels of a campaign", "captain", "channels/", BUILT),
        _of("channel", "One channel", "owner", "channels/", BUILT, "a[href^='/campaigns/channels/']"),
        _of("challenges", "What is asked about a campaign", "captain", "challenges/", BUILT),
        _of(
            "challenge", "One challenge", "captain", "challenges/", BUILT, "a[href^='/campaigns/challenges/']"
        ),
        _of("approvals", "What is approved, and what has changed since", "lead", "approvals/", ASKED),
        _of("stage", "The next stage, and what it asks", "captain", "stage/", PLANNED),
        _of("kpis", "KPIs before an executive signs them", "executive", "kpis/", BUILT),
        _of("budget", "What a campaign may cost", "captain", "budget/", BUILT),
        _of("expectation", "What was expected, and what has come", "captain", "expectation/", DONE),
        _of("readiness", "What stands before the launch", "captain", "readiness/", BUILT),
        _of("results", "Results against the people held out", "captain", "tab/results/", DONE),
        _of("lineage", "What a campaign was replayed from", "captain", "lineage/", REPLAYED),
        _of("history", "Who did what, when and why", "captain", "history/", DONE),
    ],
    "Tasks": [
        _of("tasks", "The tasks of a campaign as a board", "captain", "tasks/", BUILT),
        _of("task", "One task", "captain", "tasks/", BUILT, "a[href^='/campaigns/tasks/']"),
        Picture("tasks-everyone", "Everyone's tasks as a list", "lead", "/tasks/?whose=all&view=list"),
        Picture(
            "tasks-calendar", "Everyone's tasks in the calendar", "lead", "/tasks/?whose=all&view=calendar"
        ),
        Picture("workload", "Who has how much to do, by week", "lead", "/tasks/workload/"),
        Picture("plan-templates", "Plan templates", "lead", "/plan-templates/"),
        Picture("working-days", "Working days and holidays", "lead", "/working-days/"),
    ],
    "The year": [
        Picture("strategy", "The goals of the year", "lead", "/strategy/"),
        Picture("budgets", "The budgets of all campaigns", "lead", "/budgets/"),
        Picture("metrics", "The catalogue of metrics", "lead", "/metrics/"),
        Picture("lessons", "What campaigns have taught", "lead", "/lessons/"),
        Picture("overview", "The results of all campaigns", "lead", "/overview/"),
        Picture("activity", "What happens", "lead", "/activity/"),
    ],
    "Beside campaigns": [
        Picture("composer", "The composer", "captain", "/templates/{pk}/", "Men's range", of="/templates/"),
        Picture("use-cases", "Use cases, and where each is stuck", "data", "/use-cases/"),
        Picture("notifications", "Notifications", "captain", "/notifications/"),
    ],
}
PICTURES = [picture for pictures in SECTIONS.values() for picture in pictures]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="where the demo runs")
    parser.add_argument("only", nargs="*", help="names of the pictures; all if none is named")
    asked = parser.parse_args()
    wanted = [one for one in PICTURES if not asked.only or one.name in asked.only]
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for who, pictures in groupby(sorted(wanted, key=lambda one: one.who), key=lambda one: one.who):
            take(browser, asked.url.rstrip("/"), who, list(pictures))
        browser.close()
    (DOCS / "pages.md").write_text(_pages())


def take(browser: Browser, url: str, who: str, pictures: list[Picture]) -> None:
    """Sign in once for each look, open each page, and keep what the screen shows."""
    found: dict[str, str] = {}  # where a picture's page is: looked for once
    for look in LOOKS:
        context = browser.new_context(
            viewport={"width": look.width, "height": look.height}, color_scheme=look.scheme
        )
        page = context.new_page()
        _sign_in(page, url, who)
        for picture in pictures:
            if picture.name not in found:
                found[picture.name] = _address(page, url, picture)
            page.goto(found[picture.name])
            page.wait_for_load_state("networkidle")  # what comes after the page: tabs, files, the bell
            _keep(page, IMG / f"{picture.name}{look.name}.webp")
        context.close()


def _keep(page: Page, path: Path) -> None:
    """Write what is seen as WebP, which the browser can and its driver cannot."""
    page.evaluate("document.getAnimations().forEach(one => one.finish())")
    devtools = page.context.new_cdp_session(page)
    shot = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    path.write_bytes(base64.b64decode(shot["data"]))
    devtools.detach()


def _sign_in(page: Page, url: str, who: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=login]", f"{who}@bookend.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda there: "login" not in there)


def _address(page: Page, url: str, picture: Picture) -> str:
    address = url + picture.path.format(pk=_key(page, url, picture))
    if not picture.follow:
        return address
    page.goto(address)
    link = page.locator(picture.follow).first.get_attribute("href")
    assert link, f"nothing to follow to {picture.name}"
    return url + link


def _key(page: Page, url: str, picture: Picture) -> str:
    if not picture.called:
        return ""
    page.goto(f"{url}{picture.of}?q={quote(picture.called)}")
    link = page.get_by_role("link", name=picture.called, exact=True).first.get_attribute("href") or ""
    found = re.fullmatch(rf"{picture.of}(\d+)/", link)
    assert found, f"the demo has no “{picture.called}” in {picture.of}"
    return found[1]


def _pages() -> str:
    """Return the page that shows every picture in its four looks."""
    lines = [
        "# Pages",
        "",
        "The pages of planning as the demo shows them, on a desktop and on a phone, in light and in dark.",
        "Written by `python -m tools.guide_pictures`; what they are for is in the [guide](guide.md).",
    ]
    for section, pictures in SECTIONS.items():
        lines += ["", f"## {section}"]
        for picture in pictures:
            shown = (
                f'<img src="img/{picture.name}{look.name}.webp" alt="{picture.title}, {_said(look)}" '
                f'width="{look.width // 4}">'
                for look in LOOKS
            )
            lines += ["", f"### {picture.title}", "", "\n".join(shown)]
    return "\n".join(lines) + "\n"


def _said(look: Look) -> str:
    where = "phone" if look.width < 500 else "desktop"
    return f"{where}, {look.scheme}"


if __name__ == "__main__":
    main()
