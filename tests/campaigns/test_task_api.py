"""Tasks over REST: the checklist, moves, files, and that a task comes again."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import User
from apps.campaigns import selectors
from apps.campaigns.models import Recurrence, Task
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import ChecklistItemFactory, TaskDependencyFactory, TaskFactory

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)


@pytest.fixture
def program(api):
    scopes = [f"{resource}:{verb}" for resource in ("campaigns", "attachments") for verb in ("read", "write")]
    return api(UserFactory(role=User.Role.INTEGRATION), *scopes)


@pytest.fixture
def task():
    return TaskFactory(campaign__goal_seen=False, due_date=date(2030, 3, 1))


def path(task, *parts):
    return "/".join(["/api/v1/tasks", str(task.pk), *parts, ""])


class TestChecklist:
    def test_lines_are_added_ticked_moved_and_removed(self, program, task):
        ChecklistItemFactory(task=task, text="a", position=0)

        added = program.post(path(task, "checklist"), {"text": "b"}, format="json").json()
        line = path(task, "checklist", str(added["id"]))
        changed = program.patch(line, {"is_done": True, "position": 0}, format="json").json()
        listed = program.get(path(task, "checklist")).json()["results"]
        removed = program.delete(line)

        assert (changed["is_done"], changed["position"]) == (True, 0)
        assert [item["text"] for item in listed] == ["b", "a"]
        assert removed.status_code == 204
        assert task.checklist.get().text == "a"

    def test_a_line_of_another_task_is_not_found(self, program, task):
        other = ChecklistItemFactory()

        answer = program.patch(path(task, "checklist", str(other.pk)), {"is_done": True}, format="json")

        assert answer.status_code == 404


class TestMove:
    def test_puts_a_task_above_another_one_and_not_upon_a_stale_version(self, program, task):
        other = TaskFactory(campaign=task.campaign)

        moved = program.post(path(other, "move"), {"state": "todo", "above": task.pk}, format="json")
        stale = program.post(
            path(other, "move"), {"state": "done"}, format="json", headers={"if-match": '"1"'}
        )

        assert moved.json()["version"] == 2
        assert stale.status_code == 412
        (column,) = selectors.task_columns(Task.objects.with_card(), states=[Task.State.TODO])
        assert column.cards == [other, task]


class TestAttachments:
    def test_a_file_is_attached_fetched_and_removed(self, program, task):
        made = program.post(
            path(task, "attachments"), {"file": SimpleUploadedFile("plan.png", PNG)}, format="multipart"
        )
        pk = made.json()["id"]
        file = program.get(f"/api/v1/attachments/{pk}/file/")
        told = program.get(f"/api/v1/attachments/{pk}/").json()

        assert (made.status_code, made.json()["media_type"]) == (201, "image/png")
        assert b"".join(file.streaming_content) == PNG
        assert told["subject"] == f"campaigns.task:{task.pk}"
        assert program.delete(f"/api/v1/attachments/{pk}/").status_code == 204
        assert program.get(path(task, "attachments")).json()["results"] == []

    def test_what_lies_about_its_kind_is_refused(self, program, task):
        file = SimpleUploadedFile("plan.png", b"<html>", "image/png")

        answer = program.post(path(task, "attachments"), {"file": file}, format="multipart")

        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["field"] == "file"


class TestRecurrence:
    def test_is_set_read_and_stopped(self, program, task):
        url = path(task, "recurrence")
        assert program.get(url).status_code == 404

        made = program.put(url, {"every": 2, "unit": "week", "times": 3}, format="json").json()

        assert (made["first_date"], made["made"], made["times"]) == ("2030-03-01", 1, 3)
        assert program.delete(url).status_code == 204
        assert not Recurrence.objects.get().is_running


class TestFilters:
    @pytest.mark.parametrize(
        ("asked", "titles"),
        [
            ({"going": "blocked"}, {"waits"}),
            ({"going": "free"}, {"first", "later"}),
            ({"overdue": "true"}, {"first", "waits"}),
            ({"overdue": "false"}, {"later", "done"}),
        ],
    )
    def test_what_cannot_go_on_and_what_is_late_is_found(self, program, task, asked, titles):
        Task.objects.filter(pk=task.pk).update(title="first", due_date=date(2020, 1, 1))
        with_days = {"campaign": task.campaign, "due_date": date(2020, 1, 2)}
        TaskDependencyFactory(predecessor=task, successor=TaskFactory(title="waits", **with_days))
        TaskFactory(title="later", campaign=task.campaign)
        TaskFactory(title="done", done=True, **with_days)

        found = program.get("/api/v1/tasks/", asked).json()["results"]

        assert {one["title"] for one in found} == titles

    def test_another_word_is_refused(self, program):
        assert program.get("/api/v1/tasks/", {"going": "cake"}).status_code == 400
