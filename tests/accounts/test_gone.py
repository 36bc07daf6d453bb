"""Two people at once: what one has deleted is, to the other, not there, and no fault of ours."""

from http import HTTPStatus

import pytest
from django.db import connection, transaction
from django.http import Http404
from django.test import RequestFactory

from apps.accounts.http import requires
from apps.accounts.models import User
from apps.contacts.models import System
from tests.factories.accounts import UserFactory
from tests.factories.contacts import SystemFactory, SystemLinkFactory

pytestmark = pytest.mark.django_db


def ask_again(system):
    System.objects.get(pk=system.pk)


def refer_to_it(system):
    with transaction.atomic():  # keys are checked at its end
        SystemLinkFactory(system=system)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def lead():
    return UserFactory(role=User.Role.DATA_LEAD)


class TestRequires:
    def send(self, user, act):
        @requires("contacts.change_system", on=System)
        def view(request, system):
            act(system)

        request = RequestFactory().post("/systems/1/edit/", {"name": "Shop"})
        request.user = user
        view(request, pk=SystemFactory().pk)

    @pytest.mark.parametrize("act", [ask_again, refer_to_it])
    def test_what_somebody_has_deleted_since_is_not_found(self, lead, act):
        def deleted_first(system):
            System.objects.filter(pk=system.pk).delete()
            act(system)

        with pytest.raises(Http404):
            self.send(lead, deleted_first)

    def test_anything_else_that_is_missing_stays_a_fault(self, lead):
        with pytest.raises(System.DoesNotExist):
            self.send(lead, lambda _system: System.objects.get(pk=0))


class TestApiViewSet:
    def test_what_somebody_has_deleted_since_is_not_found(self, lead, api, monkeypatch):
        system = SystemFactory()

        def deleted_first(**_told):
            System.objects.filter(pk=system.pk).delete()
            ask_again(system)

        monkeypatch.setattr("apps.contacts.services.system_update", deleted_first)
        url = f"/api/v1/systems/{system.pk}/"
        response = api(lead, "systems:write").patch(url, {"name": "Shop"}, format="json")

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert response.headers["Content-Type"] == "application/problem+json"
