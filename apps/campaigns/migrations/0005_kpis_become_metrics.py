"""
Every KPI so far was defined by itself. Those that said the same share one metric of the catalogue from now on.

Nothing is lost: name, event, conditions, property, target and reason stay as they were. Where two KPIs of one
name counted different things, the second metric's name gets a number. May run twice.
"""

from django.db import migrations
from django.db.models.functions import Now


def metrics_make(apps, schema_editor):
    Kpi = apps.get_model("campaigns", "Kpi")
    waiting = Kpi.objects.filter(metric__isnull=True).order_by("pk")
    fields = ("label", "event", "where", "value_property")
    made = {}
    for pk, *says in waiting.values_list("pk", *fields).iterator(1000):
        made.setdefault(repr(says), (says, []))[1].append(pk)
    for says, keys in made.values():
        metric = _metric_of(apps, *says)
        for first in range(0, len(keys), 1000):
            Kpi.objects.filter(pk__in=keys[first : first + 1000]).update(metric=metric)


def _metric_of(apps, label, event, where, value_property):
    Metric = apps.get_model("campaigns", "Metric")
    names = {name.lower() for name in Metric.objects.values_list("name", flat=True)}
    name, number = label, 1
    while name.lower() in names:
        number += 1
        name = f"{label} ({number})"
    metric = Metric.objects.create(
        name=name,
        definition=f"People who did “{event}”. Taken over from the KPI “{label}”: say here what it means.",
        kind="tactical",
        unit="people",
        event=event,
        where=where,
        measure="people",
        value_property=value_property,
    )
    says = (
        "name", "definition", "kind", "unit", "built_in", "event", "where", "measure", "value_property"
    )  # fmt: skip
    apps.get_model("campaigns", "MetricVersion").objects.create(
        metric=metric, number=1, says={field: getattr(metric, field) for field in says}, at=Now()
    )
    return metric


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_metric_catalogue"),   ]

    operations = [
        # Back: the columns that the KPIs were defined by are filled by the migration after this one.
        migrations.RunPython(metrics_make, migrations.RunPython.noop),
    ]
