"""What a team at work adds to the demo's tasks: lists, a file, names in comments, one that comes again."""

import struct
import zlib
from datetime import datetime, timedelta

from django.core.files.base import ContentFile

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.models import Campaign, Recurrence, Task
from apps.collaboration import attaching
from apps.collaboration import services as collaboration

CHECKLISTS = {
    "Write the invitation": [
        "Subject in two versions",
        "First paragraph",
        "Offer as agreed",
        "Read by sales",
    ],
    "Photographs of the spring range": ["Book the studio", "Twelve products", "Two people in a picture"],
    "Book three evenings in the Northfield shop": ["Ask for dates", "Staff for the door"],
}
TICKED = 2  # lines of those that are under way
WIDTH, HEIGHT = 480, 270
SKY, GRASS, SUN = (214, 232, 240), (134, 171, 116), (240, 196, 92)


def tasks_enrich(campaign: Campaign, *, team: dict[str, User], now: datetime) -> None:
    """Give the tasks what a team at work would have added by now. Once: it is told by the checklists."""
    tasks = {task.title: task for task in campaign.tasks.select_related("campaign")}
    for title, lines in CHECKLISTS.items():
        task = tasks[title]
        items = [services.checklist_add(task=task, text=text, by=team["captain"], now=now) for text in lines]
        for item in items[:TICKED] if task.state == Task.State.DOING else ():
            services.checklist_tick(item=item, is_done=True, by=team["owner"], now=now)
    picture = ContentFile(picture_png(), name="spring-cover.png")
    photographs = tasks["Photographs of the spring range"]
    attaching.attachment_add(subject=photographs, file=picture, by=team["contributor"], now=now)
    said = f"@{team['owner'].name} the first cover is attached. Does it leave room for the headline?"
    collaboration.comment_add(subject=photographs, text=said, by=team["contributor"], now=now)
    report = services.task_add(
        campaign=campaign,
        title="Tell the shops where we stand",
        description="Three lines: who has answered, what is next, what we need from them.",
        assignee=team["captain"],
        due_date=now.date() + timedelta(days=4),
        by=team["captain"],
        now=now,
    )
    services.recurrence_set(
        task=report, unit=Recurrence.Unit.WEEK, every=1, times=8, by=team["captain"], now=now
    )


def picture_png() -> bytes:
    """Return a small landscape as PNG: sky, a hill and a sun, computed."""
    rows = b"".join(
        b"\x00" + bytes(value for x in range(WIDTH) for value in _colour(x, y)) for y in range(HEIGHT)
    )
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _colour(x: int, y: int) -> tuple[int, int, int]:
    if y > HEIGHT * 0.55 + ((x - WIDTH / 3) / WIDTH) ** 2 * HEIGHT * 0.5:
        return GRASS
    return SUN if (x - WIDTH * 0.75) ** 2 + (y - HEIGHT * 0.28) ** 2 < (HEIGHT * 0.14) ** 2 else SKY


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
