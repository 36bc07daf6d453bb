import factory
from django.db.models.functions import Now

from apps.exports.models import Export, Format, Kind, Schedule


class ExportFactory(factory.django.DjangoModelFactory):
    """An export of everybody that waits in line."""

    class Meta:
        model = Export

    name = "All contacts"
    kind = Kind.CONTACTS
    format = Format.CSV
    columns = ["email", "phone"]


class ScheduleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Schedule

    name = factory.Sequence(lambda n: f"Warehouse {n}")
    kind = Kind.CONTACTS
    format = Format.CSV
    columns = ["email", "phone"]
    destination = Schedule.Destination.FOLDER
    next_at = Now()
