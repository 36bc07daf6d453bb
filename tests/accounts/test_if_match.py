"""`If-Match` with the `updated_at` that was read: what somebody saved since is not overwritten."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory, SystemFactory, TopicFactory
from tests.factories.exports import ScheduleFactory
from tests.factories.messaging import MessageFactory
from tests.factories.segments import ContactListFactory, SegmentFactory
from tests.factories.usecases import UseCaseFactory

pytestmark = pytest.mark.django_db
RESOURCES = [
    ("attribute", AttributeFactory, "label"),
    ("system", SystemFactory, "name"),
    ("topic", TopicFactory, "name"),
    ("export-schedule", ScheduleFactory, "name"),
    ("message", MessageFactory, "name"),
    ("segment", SegmentFactory, "name"),
    ("list", ContactListFactory, "name"),
    ("use-case", UseCaseFactory, "name"),
]


@pytest.mark.parametrize(("name", "factory", "field"), RESOURCES, ids=lambda value: str(value))
def test_what_was_saved_since_is_not_overwritten(api, settings, tmp_path, name, factory, field):
    settings.EXPORT_ROOT = str(tmp_path)
    program = api(UserFactory(role=User.Role.ADMINISTRATOR))
    row = factory()
    url = reverse(f"api:{name}-detail", args=[row.pk])
    read = program.get(url).json()["updated_at"]
    saved = program.patch(url, {field: "Saved first"}, format="json", headers={"if-match": f'"{read}"'})
    assert saved.status_code == HTTPStatus.OK, saved.json()
    type(row).objects.filter(pk=row.pk).update(updated_at=clock.now())

    late = [
        program.patch(url, {field: "Saved late"}, format="json", headers={"if-match": told}).status_code
        for told in (f'"{read}"', "1", "2026-99-99T00:00:00Z")
    ]

    assert late == [HTTPStatus.PRECONDITION_FAILED] * 3
    assert getattr(type(row).objects.get(pk=row.pk), field) == "Saved first"
    kept = program.patch(url, {field: "Saved anyway"}, format="json", headers={"if-match": "*"})
    assert kept.status_code == HTTPStatus.OK
