"""The board of tasks in a real browser: a card dragged by hand, and one moved by keys."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.models import Campaign, Task
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, TaskFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def board(visit):
    """The board of a campaign with three cards to do, as its captain sees it."""
    captain = UserFactory(role=User.Role.MARKETER)
    campaign = CampaignFactory(captain=captain, stage=Campaign.Stage.BUILDING, goal_seen=False)
    for title in ("Photographs", "Offer", "Invitation"):
        TaskFactory(campaign=campaign, title=title, assignee=captain)
    tall = {"width": 1280, "height": 1400}  # the hand reaches only what is on the screen
    return visit(f"/campaigns/{campaign.pk}/tasks/?view=board", as_user=captain, viewport=tall)


def titles(page, state):
    return page.locator(f"[data-column={state}] h3")


def drag(page, card, column, *, shows):
    """Take a card by hand and let it go at the top of a column, once the column shows it there."""
    box, there = _place(card), _place(page.locator(f"[data-column={column}]"))
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] - 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, box["y"] + box["height"] - 2, steps=3)
    page.mouse.move(there["x"] + 60, there["y"] + 8, steps=12)
    expect(titles(page, column)).to_have_text(shows)
    with page.expect_response("**/place/"):
        page.mouse.up()
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def _place(thing):
    """Return where it is; while an answer replaces it, it is nowhere."""
    thing.scroll_into_view_if_needed()
    return thing.bounding_box() or _place(thing)


def test_a_card_is_dragged_to_where_it_belongs_and_a_refused_one_goes_back(board):
    task = Task.objects.get(title="Invitation")
    card = board.locator(f"#card-{task.pk}")

    drag(board, card, "todo", shows=["Invitation", "Photographs", "Offer"])
    drag(board, card, "doing", shows=["Invitation"])
    expect(board.locator("#column-doing [data-count]")).to_have_text("1")
    expect(titles(board, "todo")).to_have_text(["Photographs", "Offer"])
    task.refresh_from_db()
    assert (task.state, task.version) == ("doing", 3)

    services.task_move(task=task, state="done", by=UserFactory(name="Ann"), now=clock.now())
    drag(board, card, "todo", shows=["Invitation", "Photographs", "Offer"])
    expect(titles(board, "done")).to_have_text(["Invitation"])
    expect(card).to_contain_text("Ann has moved this to “Done” meanwhile.")


def test_a_card_is_moved_by_keys_alone(board):
    board.get_by_role("button", name="Move Photographs").focus()
    said = board.locator("#board-said")

    board.keyboard.press("Space")
    expect(said).to_have_text("“Photographs” is taken: To do, 1 of 3.")
    board.keyboard.press("ArrowDown")
    expect(said).to_have_text("To do, 2 of 3.")
    board.keyboard.press("Escape")
    expect(titles(board, "todo")).to_have_text(["Photographs", "Offer", "Invitation"])

    board.keyboard.press("Enter")
    board.keyboard.press("ArrowRight")
    with board.expect_response("**/place/"):
        board.keyboard.press("Enter")

    expect(said).to_have_text("“Photographs” has been put into In progress, 1 of 1.")
    expect(board.get_by_role("button", name="Move Photographs")).to_be_focused()
    assert Task.objects.get(title="Photographs").state == "doing"
