"""
Take the guide's pictures from a running demo, each as the person who would look at that page.

    python -m tools.guide_pictures http://127.0.0.1:8000

The demo counts its days from the day it was made: pictures are to be taken of a new one.
"""

import argparse
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

IMG = Path(__file__).resolve().parents[1] / "docs" / "img"
PASSWORD = "bookend-demo"  # noqa: S105  # printed at start; the demo holds no secrets
DONE, BUILT, PLANNED = "Two e-mails, one question", "Spring preview for two", "Harvest evening at the mill"
ASKED, REPLAYED = "A thank-you to those who came back", "Two e-mails, to whom they suit"


@dataclass(frozen=True)
class Picture:
    """One file of `docs/img`. `path` may have the `{pk}` of what is called so in the list `of` in it."""

    name: str
    who: str
    path: str
    called: str = ""
    of: str = "/campaigns/"
    is_phone: bool = False


PICTURES = [
    Picture("home", "lead", "/"),
    Picture("campaign", "captain", "/campaigns/{pk}/", DONE),
    Picture("campaign-phone", "captain", "/campaigns/{pk}/", DONE, is_phone=True),
    Picture("wizard", "captain", "/campaigns/{pk}/wizard/audience/", BUILT),
    Picture("timeline", "captain", "/campaigns/{pk}/plan/timeline/", PLANNED),
    Picture("campaigns-board", "lead", "/campaigns/?view=board"),
    Picture("campaigns-calendar", "lead", "/campaigns/?view=calendar"),
    Picture("campaigns-spreadsheet", "lead", "/campaigns/?view=sheet"),
    Picture("team", "captain", "/campaigns/{pk}/team/", DONE),
    Picture("strategy", "lead", "/strategy/"),
    Picture("challenges", "captain", "/campaigns/{pk}/challenges/", BUILT),
    Picture("approvals", "lead", "/campaigns/{pk}/approvals/", ASKED),
    Picture("tasks", "captain", "/campaigns/{pk}/tasks/", BUILT),
    Picture("workload", "lead", "/tasks/workload/"),
    Picture("kpis", "executive", "/campaigns/{pk}/kpis/", BUILT),
    Picture("budget", "captain", "/campaigns/{pk}/budget/", BUILT),
    Picture("expectation", "captain", "/campaigns/{pk}/expectation/", DONE),
    Picture("composer", "captain", "/templates/{pk}/", "Men's range", of="/templates/"),
    Picture("readiness", "captain", "/campaigns/{pk}/readiness/", BUILT),
    Picture("results", "captain", "/campaigns/{pk}/tab/results/", DONE),
    Picture("overview", "lead", "/overview/"),
    Picture("lessons", "lead", "/lessons/"),
    Picture("lineage", "captain", "/campaigns/{pk}/lineage/", REPLAYED),
    Picture("use-cases", "data", "/use-cases/"),
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="where the demo runs")
    parser.add_argument("only", nargs="*", help="names of the pictures; all if none is named")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for picture in PICTURES:
            if not asked.only or picture.name in asked.only:
                take(browser, asked.url.rstrip("/"), picture)
        browser.close()


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Sign in, open the page, and keep what the screen shows; a phone is shown in the dark."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844} if picture.is_phone else {"width": 1280, "height": 1000},
        color_scheme="dark" if picture.is_phone else "light",
    )
    page = context.new_page()
    _sign_in(page, url, picture.who)
    page.goto(url + picture.path.format(pk=_key(page, url, picture)))
    page.wait_for_load_state("networkidle")  # what comes after the page: tabs, files, the bell
    page.screenshot(path=IMG / f"{picture.name}.png", animations="disabled")
    context.close()


def _sign_in(page: Page, url: str, who: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=login]", f"{who}@bookend.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda there: "login" not in there)


def _key(page: Page, url: str, picture: Picture) -> str:
    if not picture.called:
        return ""
    page.goto(f"{url}{picture.of}?q={quote(picture.called)}")
    link = page.get_by_role("link", name=picture.called, exact=True).first.get_attribute("href") or ""
    found = re.fullmatch(rf"{picture.of}(\d+)/", link)
    assert found, f"the demo has no “{picture.called}” in {picture.of}"
    return found[1]


if __name__ == "__main__":
    main()
