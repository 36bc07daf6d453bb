"""Every page of the product, on a phone: it opens, fits, and axe finds no fault."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Task
from apps.messaging.models import Message
from tests.accounts.scene import scene_make
from tests.browser.axe import CONTRAST, faults
from tests.routes import ROUTES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Another application's pages (unfold, swagger), and what is no page: files, frames, probes.
ELSEWHERE = ("admin/", "^accounts/(?:", "^api/", "api/", "accounts/logout", "healthz", "readyz", "metrics")
PAGES = [
    route
    for route in ROUTES
    if "GET" in route.methods and not route.is_api and not route.path.startswith(ELSEWHERE)
]


# Nobody can break them, and they stand where there is little room: in lists, ways up, titles and charts.
LONG = "Donaudampfschifffahrtsgesellschaft" * 3
NAMED = {Campaign: "name", Message: "name", Task: "title"}


def look(page, url):
    """Return what is wrong with the page at this URL; nothing is said of what is no page of ours."""
    response = page.request.get(url, max_redirects=0)
    if response.status != 200 or "<main" not in response.text():
        return []
    for model, field in NAMED.items():
        model.objects.update(**{field: LONG})
    page.goto(url)
    expect(page.locator(".htmx-request")).to_have_count(0)
    # Colours are tokens, and their contrast is asked for on pages of each kind, light and dark.
    found = faults(page, but=[CONTRAST])
    if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
        found.append(f"{over} pixels wider than the screen")
    return found


@pytest.mark.parametrize(
    "part", [pytest.param(0, marks=pytest.mark.xdist_group("browser, the long ones")), 1]
)  # two workers share the tour
def test_every_page_fits_a_phone_and_axe_finds_no_fault(visit, part):
    scene = scene_make()
    page = visit("/", as_user=scene.people["admin"], viewport={"width": 390, "height": 844})

    found = {route.name: look(page, scene.url(route)) for route in PAGES[part::2]}

    assert scene.people["admin"].role == User.Role.ADMINISTRATOR
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
