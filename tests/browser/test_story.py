"""The main job, end to end: real servers, a real browser, real mail. From a spreadsheet to a result."""

import json
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from itertools import islice
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import pytest
from playwright.sync_api import expect

from apps.demo import hillstrom
from tests.browser.product import stop, up

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("browser, the long ones")]

PASSWORD = "a-good-long-password"
PEOPLE = """
from apps.accounts.models import User
from apps.messaging.models import Sender
for name, role in [("captain", "marketer"), ("owner", "marketer"), ("shop", "integration")]:
    user = User(email=f"{name}@shop.example", name=name.title(), role=role)
    user.set_password("a-good-long-password")
    user.save()
Sender.objects.create(name="Northfield", email="hello@northfield.example")
"""
# What the ledger itself says, read from the rows and not from any page.
LEDGER = """
import json
from collections import Counter
from apps.messaging.models import Recipient
print(json.dumps(Counter(Recipient.objects.values_list("state", flat=True))))
"""
SUPPRESSED = """
from apps.contacts.addresses import address_hash
from apps.contacts.models import Suppression
hashed = address_hash("{address}")
print("suppressed" if Suppression.objects.filter(address_hash=hashed).exists() else "not suppressed")
"""
ORDERED = "order_completed"
EARLY = "customer-00001@example.com"  # orders before the launch; among the first whom it writes to
MINUTE = 60_000
CUSTOMERS = 16_000  # the first quarter of the real file; the demo has all of it


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    process, product = up(tmp_path_factory.mktemp("story") / "var", "--no-demo")
    product.shell(PEOPLE)
    yield product
    stop(process)


@contextmanager
def signed_in(chromium, product, name):
    context = chromium.new_context(base_url=product.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(f"{name}@shop.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url(f"{product.url}/")
    yield page
    context.close()


def save(page):
    with page.expect_event("load"):  # a reload, or a look at the next field, must not overtake the save
        page.get_by_role("button", name=re.compile("^Save")).first.click()


def caught(product):
    """Return the lines of the mail catcher's own index."""
    index = product.data_dir / "mailbox" / "index.jsonl"
    return [json.loads(line) for line in index.read_text().splitlines()] if index.exists() else []


def mail(product, line):
    content = (product.data_dir / "mailbox" / line["path"]).read_bytes()
    return message_from_bytes(content, policy=modern)


def ledger(product):
    return json.loads(product.shell(LEDGER))


def wait_for(what, *, seconds):
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} s"
        time.sleep(0.5)
    return answer


def test_a_team_takes_a_campaign_from_a_spreadsheet_to_a_result(chromium, product, tmp_path):
    spreadsheet = tmp_path / "customers.csv"
    spreadsheet.write_bytes(b"".join(hillstrom.contacts_csv().splitlines(keepends=True)[: CUSTOMERS + 1]))

    with signed_in(chromium, product, "captain") as page:
        customers_import(page, spreadsheet)
        size = segment_build(page)
        campaign = campaign_plan(page)
    with signed_in(chromium, product, "owner") as page:
        owner_is_kept_to_the_own_channel(page, campaign)
        template_write(page)
        message_prepare(page, campaign)
    token = product.manage("create_api_token", "--email", "shop@shop.example", "--name", "story").strip()
    order_send(product, token, "story-0", EARLY)  # the goal is arriving
    with signed_in(chromium, product, "captain") as page:
        readiness_is_green(page, campaign)
        promised = launch(page, campaign, size)
        mails = wait_for_the_mails(product, promised)
        reader = mail(product, mails[0])
        click(product, reader)
        unsubscribe(product, reader)
        buyer = next(line["to"][0] for line in mails[1:] if line["to"][0] != EARLY)
        order_send(product, token, "story-1", buyer)
        order_send(product, token, "story-1", buyer)  # sent twice, as programs do
        results_agree_with_the_ledger(page, product, campaign, promised, size)


def customers_import(page, spreadsheet):
    """Upload, check, run; then look the new attributes up in the dictionary."""
    page.goto("/imports/new/")
    page.locator("[name=file]").set_input_files(spreadsheet)
    page.get_by_role("button", name="Upload").click()
    page.locator("[name=agreed]").check()
    fill(page, basis="customers", source="shop", wording="Yes, write to me about offers.")
    page.get_by_role("button", name="Check the file").click()
    panel = page.locator("#import-panel")
    expect(panel).to_have_attribute("data-state", "done", timeout=2 * MINUTE)
    expect(page.locator("#import-result")).to_have_text("This is what would happen. Nothing is written yet.")
    expect(page.locator("[data-outcome=created] td")).to_have_text(f"{CUSTOMERS:,}")
    page.locator("form[action$='/run/'] button[type=submit]").first.click()
    expect(page.locator("#import-result")).to_have_text(f"{CUSTOMERS:,} rows are in.", timeout=2 * MINUTE)
    page.goto("/dictionary/")
    for name in ("recency", "history", "zip_code", "channel"):
        expect(page.locator("main")).to_contain_text(name)


def segment_build(page):
    """Build the audience, see the live count, count exactly, save; return its size."""
    page.goto("/segments/new/")
    fill(page, name="Spent 100 or more")
    for part, value in (("key", "history"), ("op", "gte")):
        with page.expect_response(re.compile("/segments/new/")):  # the row is made anew for each
            page.locator(f".rule-row select[name$=':{part}']").select_option(value=value)
        expect(page.locator(f".rule-row select[name$=':{part}']")).to_have_value(value)
        expect(page.locator(".htmx-request, .htmx-settling, .htmx-added")).to_have_count(0)  # it hears by now
    page.locator(".rule-row input[name$=':value']").fill("100")
    size = sum(float(customer.row["history"]) >= 100 for customer in islice(hillstrom.customers(), CUSTOMERS))
    expect(page.locator("#segment-count")).to_have_text(f"{size:,}")  # of so few, the estimate is exact
    page.locator("#segment-save").click()
    page.wait_for_url(re.compile(r"/segments/\d+/$"))
    return size


def campaign_plan(page):
    """Plan from the outcome back to the idea, and return the campaign's id."""
    page.goto("/campaigns/new/")
    fill(page, outcome="1,000 customers order again within two weeks.", name="Come back")
    save(page)
    fill(page, goal_event=ORDERED, goal_target="1000", goal_date=day_from_now(30), value_property="total")
    save(page)
    page.locator("[name=segment]").select_option(label="Spent 100 or more")
    save(page)
    for kind, owner in (("email", "Owner"), ("social", "Captain")):
        page.locator(f"[name={kind}]").check()
        page.locator(f"[name={kind}_owner]").select_option(label=owner)
        fill(page, **{f"{kind}_why": "They are there."})
    save(page)
    fill(page, idea="What you liked, in the colour you did not have.")
    save(page)
    fill(page, start_date=day_from_now(0), launch_date=day_from_now(0))
    save(page)
    page.reload()  # nothing is lost
    page.locator("#wizard-form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    expect(page.locator(".bookend-outcome")).to_contain_text("order again within two weeks")
    expect(page.locator(".bookend-idea")).to_contain_text("in the colour you did not have")
    return int(re.search(r"/campaigns/(\d+)/", page.url)[1])


def owner_is_kept_to_the_own_channel(page, campaign):
    page.goto(f"/campaigns/{campaign}/channels/")
    expect(page.locator("#channel-email").get_by_role("link", name="Edit")).to_be_visible()
    expect(page.locator("#channel-social").get_by_role("link", name="Edit")).to_have_count(0)
    page.locator("#channel-social h2 a").click()
    expect(page.locator("form[action$='/edit/']")).to_have_count(0)
    refused = page.request.post(
        page.url + "edit/",
        form={"why": "Mine now.", "csrfmiddlewaretoken": csrf(page)},
        headers=came_from(page),
    )
    assert refused.status == 403


def template_write(page):
    """Write the mail in the composer and look at it as one of the customers."""
    page.goto("/templates/new/")
    fill(page, name="In your colour")
    page.locator("[name=starter][value=announcement]").check()
    page.get_by_role("button", name="Write it").click()
    page.locator("[name=subject]").fill("For {{ contact.channel | default: 'you' }}: your colour is here")
    expect(page.locator("#inbox")).to_contain_text("your colour is here")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#composer-state")).to_contain_text("Version 2")


def message_prepare(page, campaign):
    page.goto(f"/campaigns/{campaign}/tab/messages/")
    page.get_by_role("link", name="Write the first one").click()
    fill(page, name="Come back, in colour")
    page.locator("main form button[type=submit]").first.click()
    page.get_by_label("Spent 100 or more").first.check()
    fill(page, holdout_percent="10")
    save(page)
    page.locator("[name=template]").select_option(label="In your colour")
    save(page)
    page.locator("[name=sender]").select_option(index=1)
    save(page)
    expect(page.locator(".mail-head")).to_contain_text("your colour is here")


def readiness_is_green(page, campaign):
    """Go through the stages as their criteria are met, until nothing blocks the launch."""
    for stage in ("planning", "building", "review", "ready"):
        page.goto(f"/campaigns/{campaign}/stage/?stage={stage}")
        expect(page.locator("#stage-entry .is-unmet")).to_have_count(0)
        page.locator("form[action$='/stage/'] button[type=submit]").click()
        page.wait_for_url(re.compile(rf"/campaigns/{campaign}/"))
    page.goto(f"/campaigns/{campaign}/readiness/")
    expect(page.locator("li.is-met").first).to_be_visible()
    expect(page.locator("li.is-unmet")).to_have_count(0)


def launch(page, campaign, size):
    """Launch, and return how many mails the page promised before."""
    page.goto(f"/campaigns/{campaign}/tab/messages/")
    page.get_by_role("link", name="Come back, in colour").click()
    button = page.get_by_role("button", name=re.compile("^Launch to"))
    promised = number(button.inner_text())
    assert 0.85 * size < promised < 0.95 * size
    page.locator("[name=typed]").fill(str(promised))
    button.click()
    expect(page.locator("#message-ledger [data-audience]")).to_have_text(f"{size:,}")
    expect(page.locator("#message-ledger [data-state=sent] td")).to_have_text(
        f"{promised:,}", timeout=4 * MINUTE
    )
    return promised


def wait_for_the_mails(product, promised):
    """Return the catcher's index lines: exactly as many as promised, each to someone else."""
    mails = caught(product)
    assert len(mails) == promised
    assert len({line["to"][0] for line in mails}) == promised
    assert ledger(product)["sent"] == promised
    return mails


def click(product, reader):
    """Follow a link of the mail as its reader's browser would, and come out at the destination."""
    html = reader.get_body(("html",)).get_content()
    link = re.search(rf'{product.url}/c/[^"]+', html)[0]
    status, location = follow(link)
    assert status in (302, 303, 307)
    assert location.startswith("https://example.com/")


def unsubscribe(product, reader):
    """Unsubscribe by one click, as a mail program does (RFC 8058): a POST, no cookie, no redirect."""
    assert reader["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = re.search(r"<(http[^>]+)>", reader["List-Unsubscribe"])[1]
    with urlopen(Request(url, data=b"List-Unsubscribe=One-Click"), timeout=20) as response:
        assert response.status == 200
    address = reader["To"].addresses[0].addr_spec
    assert product.shell(SUPPRESSED.format(address=address)).strip() == "suppressed"


def order_send(product, token, message_id, address):
    body = [
        {
            "message_id": message_id,
            "event": ORDERED,
            "identity": f"email:{address}",
            "properties": {"total": 42.5},
        }
    ]
    request = Request(
        f"{product.url}/api/v1/events/",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=20) as response:
        assert response.status == 202


def results_agree_with_the_ledger(page, product, campaign, promised, size):
    page.goto(f"/campaigns/{campaign}/")
    expect(page.locator(".bookend-outcome")).to_contain_text("2 of 1,000")
    page.goto(f"/campaigns/{campaign}/tab/results/")
    page.get_by_role("button", name="Count now").click()
    line = page.locator("#results-panel tfoot tr")
    rows = ledger(product)
    assert rows == {"sent": promised, "excluded": size - promised}
    for figure, count in [
        ("audience", size),
        ("sent", promised),
        ("excluded", size - promised),
        ("clicked", 1),
    ]:
        expect(line.locator(f"a[href*='/people/{figure}/']")).to_have_text(f"{count:,}")
    for figure, count in (("clicked", 1), ("unsubscribed", 1)):
        page.goto(f"/campaigns/{campaign}/results/people/{figure}/")
        expect(page.locator("main tbody tr")).to_have_count(count)
    page.goto(f"/campaigns/{campaign}/results/conversions/goal/?credited=on")
    expect(page.locator(".page-lead")).to_contain_text("1 event · 1 person")
    expect(page.locator("main tbody tr")).to_have_count(1)
    assert product.manage("rollups_verify").strip() == "All figures agree with their rows."


def fill(page, **values):
    for name, value in values.items():
        page.locator(f"main [name={name}]").fill(value)


def number(text):
    return int(re.sub(r"\D", "", text))


def day_from_now(days):
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def csrf(page):
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")


def came_from(page):
    return {"Referer": page.url}


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


def follow(url):
    """Return status and destination of a redirect, without going there."""
    opener = build_opener(_Stay)
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36"}
    try:
        opener.open(Request(url, headers=agent), timeout=20)
    except HTTPError as answer:
        return answer.code, answer.headers["Location"]
    raise AssertionError("no redirect")
