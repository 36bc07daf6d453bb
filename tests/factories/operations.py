from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from apps.operations.models import Heartbeat, Installation


class HeartbeatFactory(DjangoModelFactory):
    class Meta:
        model = Heartbeat

    name = factory.Sequence("part-{}".format)
    at = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


class InstallationFactory(DjangoModelFactory):
    class Meta:
        model = Installation
        django_get_or_create = ["pk"]

    pk = 1
