"""
The plan templates that come with Bookend.

A line is: title, channel ('' for the whole campaign), anchor, working days from it, working days it takes,
who (c: captain, o: channel owner, '': nobody), and the numbers of the lines it waits for. A title that begins
with "◆" is a milestone. What its followers place says only "on the launch at the latest" (0).

What changes here in a later version comes into the database by a migration that calls `load` again. What
organisations changed are copies, which it leaves alone.
"""

from typing import Any

MILESTONE = "◆ "
WHO = {"c": "captain", "o": "owner", "": "nobody"}
L, O = "launch", "outcome"  # noqa: E741  # the two anchors, once per line of a table
Line = tuple[str, str, str, int, int, str, tuple[int, ...]]

TEMPLATES: list[tuple[str, str, str, list[Line]]] = [
    (
        "product-launch",
        "Product launch",
        "Something new is for sale from one day on: one message on every channel, sales ready, results told.",
        [
            ("Agree the positioning and the one message", "", L, -30, 3, "c", ()),
            ("Choose whom it is for, and count them", "", L, -26, 2, "c", (1,)),
            ("Write the product story", "web", L, 0, 4, "o", (1, 2)),
            ("Photographs and a short film of the product", "social", L, -10, 6, "o", (1,)),
            ("Build the product's page", "web", L, 0, 5, "o", (3,)),
            ("Write and design the e-mails", "email", L, 0, 4, "o", (3,)),
            ("Write the posts and plan their hours", "social", L, -4, 3, "o", (3, 4)),
            ("Make the ads", "ads", L, -5, 4, "o", (3, 4)),
            ("Brief sales: story, prices, objections", "", L, -6, 2, "c", (3,)),
            ("Legal and brand review", "", L, 0, 3, "c", (5, 6)),
            ("◆ All content approved", "", L, 0, 1, "c", (10,)),
            ("Test the order from e-mail to receipt", "web", L, 0, 2, "o", (11,)),
            ("Test sends on desktop and phone", "email", L, -1, 1, "o", (11,)),
            ("◆ Go or no-go", "", L, -1, 1, "c", (7, 8, 9, 12, 13)),
            ("◆ Launch", "", L, 0, 1, "c", (14,)),
            ("Answer questions and comments every day", "social", L, 5, 5, "o", (15,)),
            ("First results: keep, change or stop", "", L, 6, 1, "c", (15,)),
            ("Write to those who looked and did not buy", "email", L, 8, 2, "o", (17,)),
            ("Ask ten buyers why they bought", "", O, -5, 5, "c", (15,)),
            ("Report the outcome and what was learned", "", O, 5, 3, "c", (19,)),
        ],
    ),
    (
        "webinar",
        "Webinar",
        "A talk online: invite, remind, hold it, and follow up with those who came and those who did not.",
        [
            ("Agree the topic, the speaker and the date", "", L, -25, 3, "c", ()),
            ("Set up the room and the registration form", "events", L, 0, 2, "o", (1,)),
            ("Write the registration page", "web", L, 0, 3, "o", (1,)),
            ("Write the invitation", "email", L, 0, 3, "o", (3,)),
            ("Posts for the speaker and for us", "social", L, -1, 2, "o", (3,)),
            ("Test registering: form, confirmation, calendar file", "events", L, 0, 1, "o", (2, 3)),
            ("Review of page and invitation", "", L, 0, 2, "c", (4, 6)),
            ("◆ Invitation goes out", "email", L, 0, 1, "o", (5, 7)),
            ("Second invitation to those who did not open", "email", L, 5, 1, "o", (8,)),
            ("Slides and a run-through", "events", O, -3, 4, "o", (8,)),
            ("Reminder the day before", "email", O, -1, 1, "o", (9,)),
            ("◆ The webinar", "events", O, 0, 1, "o", (10, 11)),
            ("Cut and publish the recording", "web", O, 2, 2, "o", (12,)),
            ("Thank those who came, send the recording to those who did not", "email", O, 3, 1, "o", (13,)),
            ("Hand the interested over to sales", "", O, 3, 1, "c", (12,)),
            ("Count who came, who bought, and write down why", "", O, 10, 2, "c", (14, 15)),
        ],
    ),
    (
        "seasonal-promotion",
        "Seasonal promotion",
        "An offer with a first and a last day: stock, prices and all channels agree on both.",
        [
            ("Agree the offer, its limits and its margin", "", L, -25, 4, "c", ()),
            ("Check stock and delivery for the expected orders", "", L, -18, 3, "c", (1,)),
            ("Choose the audience, leave out recent buyers", "email", L, -12, 2, "o", (1,)),
            ("Design the look of the season", "", L, 0, 5, "", (1,)),
            ("Write and design the e-mails", "email", L, 0, 4, "o", (3, 4)),
            ("Build the offer's page", "web", L, 0, 4, "o", (4,)),
            ("Make the ads", "ads", L, -3, 4, "o", (4,)),
            ("Plan the posts", "social", L, -3, 3, "o", (4,)),
            ("Short text for the last day", "sms", O, -4, 1, "o", (5,)),
            ("Check terms, prices and dates on every channel", "", L, 0, 2, "c", (5, 6)),
            ("◆ Content approved", "", L, 0, 1, "c", (10,)),
            ("Enter the prices, test an order", "web", L, 0, 1, "o", (11,)),
            ("◆ The offer begins", "", L, 0, 1, "c", (7, 8, 12)),
            ("Look at orders and stock, shift the budget", "ads", L, 3, 1, "o", (13,)),
            ("Reminder: half-time", "email", L, 5, 1, "o", (13,)),
            ("Last-day reminder", "email", O, 0, 1, "o", (9, 15)),
            ("Take the offer down everywhere", "web", O, 1, 1, "o", (16,)),
            ("Count the extra orders against those held back", "", O, 5, 2, "c", (17,)),
        ],
    ),
    (
        "newsletter-series",
        "Newsletter series",
        "A handful of issues with one thread: the first is the launch, the last is followed by a look back.",
        [
            ("Agree the thread, the readers and the rhythm", "", L, -20, 2, "c", ()),
            ("Plan the issues: topic, source, author of each", "email", L, -15, 3, "o", (1,)),
            ("Design the frame all issues share", "email", L, 0, 4, "o", (1,)),
            ("Sign-up box with consent on the site", "web", L, -5, 2, "o", (1,)),
            ("Write issue 1", "email", L, 0, 3, "o", (2,)),
            ("Review of frame and issue 1", "", L, 0, 2, "c", (3, 5)),
            ("Test sends on desktop, phone and in dark", "email", L, 0, 1, "o", (6,)),
            ("◆ Issue 1 goes out", "email", L, 0, 1, "o", (4, 7)),
            ("Read what was clicked and answered", "email", L, 3, 1, "o", (8,)),
            ("Write issue 2", "email", L, 8, 3, "o", (9,)),
            ("◆ Issue 2 goes out", "email", L, 10, 1, "o", (10,)),
            ("Write issue 3, with the question to readers", "email", L, 18, 3, "o", (11,)),
            ("◆ Issue 3 goes out", "email", L, 20, 1, "o", (12,)),
            ("Decide with readers' answers: go on, change, stop", "", O, 2, 2, "c", (13,)),
        ],
    ),
    (
        "re-engagement",
        "Re-engagement",
        "People who went quiet: find out why, write to them seldom and well, and let go of who is gone.",
        [
            ("Say what “quiet” means, with the data lead", "", L, -20, 3, "c", ()),
            ("Build the segment and check ten people in it", "email", L, -15, 2, "o", (1,)),
            ("Check addresses and consent of the segment", "email", L, -10, 2, "o", (2,)),
            ("Call five of them: why did they stop?", "", L, 0, 4, "c", (2,)),
            ("Decide what they get for coming back", "", L, 0, 2, "c", (4,)),
            ("Write mail 1: we missed you, and why", "email", L, 0, 3, "o", (5,)),
            ("Write mail 2: the offer", "email", L, 3, 2, "o", (5,)),
            ("Write mail 3: shall we stop?", "email", L, 8, 2, "o", (5,)),
            ("Page on which they choose topics and rhythm", "web", L, -2, 3, "o", (5,)),
            ("Review, hold a control group back", "", L, 0, 2, "c", (6,)),
            ("◆ Mail 1 goes out", "email", L, 0, 1, "o", (3, 9, 10)),
            ("◆ Mail 2 goes out", "email", L, 5, 1, "o", (7, 11)),
            ("◆ Mail 3 goes out", "email", L, 12, 1, "o", (8, 12)),
            ("Put away who did not answer", "email", O, 1, 1, "o", (13,)),
            ("Compare with the control group, write the lesson", "", O, 4, 2, "c", (14,)),
        ],
    ),
    (
        "event",
        "Event",
        "People come to a place: room, guests, evening and what is made of it afterwards.",
        [
            ("Agree purpose, guests and budget", "", L, -20, 3, "c", ()),
            ("Book the room and the catering", "events", L, -12, 4, "o", (1,)),
            ("Win the speakers", "events", L, -8, 6, "o", (1,)),
            ("Draw up the guest list with sales", "", L, -5, 3, "c", (1,)),
            ("Write the event's page and the sign-up form", "web", L, 0, 4, "o", (2, 3)),
            ("Write the invitation", "email", L, 0, 3, "o", (3, 4)),
            ("Review of page and invitation", "", L, 0, 2, "c", (5, 6)),
            ("◆ Invitations go out", "email", L, 0, 1, "o", (7,)),
            ("Posts with the speakers", "social", L, 5, 3, "o", (8,)),
            ("Remind those who have not answered", "email", O, -12, 1, "o", (8,)),
            ("Final numbers to room and catering", "events", O, -5, 1, "o", (10,)),
            ("Badges, signs, name list", "events", O, -2, 3, "o", (11,)),
            ("Directions and programme to the guests", "email", O, -2, 1, "o", (11,)),
            ("Brief everyone who helps", "events", O, -1, 1, "o", (12,)),
            ("◆ The event", "events", O, 0, 1, "o", (9, 13, 14)),
            ("Thank guests and speakers, send the pictures", "email", O, 2, 1, "o", (15,)),
            ("Notes of talks into the hub, follow-ups to sales", "", O, 3, 2, "c", (15,)),
            ("Cost per guest, meetings made, what to do again", "", O, 8, 2, "c", (16, 17)),
        ],
    ),
]


def load(template_model: Any, item_model: Any) -> None:
    """Write the shipped templates as they are here, over those of an earlier version. Can run twice."""
    for key, name, description, lines in TEMPLATES:
        wanted = {"name": _free(template_model, key, name), "description": description}
        template, _made = template_model.objects.update_or_create(key=key, defaults=wanted)
        items = [_item(item_model, template, number, line) for number, line in enumerate(lines, start=1)]
        for item, line in zip(items, lines, strict=True):
            item.waits_for.set([items[number - 1] for number in line[-1]])
        item_model.objects.filter(template=template, position__gt=len(lines)).delete()


def _free(template_model: Any, key: str, name: str) -> str:
    """Return the name, marked where somebody has given it to a template of their own."""
    is_taken = template_model.objects.filter(name=name).exclude(key=key).exists()
    return f"{name} (Bookend)" if is_taken else name


def _item(item_model: Any, template: Any, number: int, line: Line) -> Any:
    title, channel, anchor, offset, duration, who, _waits_for = line
    wanted = {
        "title": title.removeprefix(MILESTONE),
        "is_milestone": title.startswith(MILESTONE),
        "channel": channel,
        "anchor": anchor,
        "offset_days": offset,
        "duration_days": duration,
        "assign_to": WHO[who],
    }
    item, _made = item_model.objects.update_or_create(template=template, position=number, defaults=wanted)
    return item
