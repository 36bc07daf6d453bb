"""The metrics that the catalogue begins with."""

from django.db.models.functions import Now

# name, value or tactical, unit, built in, event, counted as, property, what it means
SHIPPED = [
    ("Revenue", "value", "money", "", "order_completed", "value", "total",
     "What people paid for the orders they placed while the campaign ran, whoever wrote to them."),
    ("Orders", "value", "orders", "", "order_completed", "events", "",
     "Orders that were placed while the campaign ran, whoever wrote to the buyers."),
    ("Buyers", "value", "people", "", "order_completed", "people", "",
     "People who placed at least one order while the campaign ran."),
    ("Sign-ups", "value", "people", "", "signed_up", "people", "",
     "People who opened an account while the campaign ran."),
    ("Demo requests", "value", "people", "", "demo_requested", "people", "",
     "People who asked to be shown the product while the campaign ran."),
    ("Conversions", "value", "events", "conversions", "", "events", "",
     "Goal events that are credited to a message of the campaign, within its conversion window."),
    ("Value of conversions", "value", "money", "conversion_value", "", "value", "",
     "What the goal events were worth that are credited to a message of the campaign."),
    ("Visitors", "tactical", "people", "", "site_visited", "people", "",
     "People who came to the site while the campaign ran. Coming is not buying."),
    ("Form submissions", "tactical", "forms", "", "form_submitted", "events", "",
     "Forms that were sent in while the campaign ran."),
    ("Messages sent", "tactical", "messages", "sent", "", "people", "",
     "Messages that were handed to a mail server or a gateway: effort, not effect."),
    ("Messages delivered", "tactical", "messages", "delivered", "", "people", "",
     "Messages sent that have not come back."),
    ("Clicks", "tactical", "people", "clicked", "", "people", "",
     "People who clicked a link in a message, once per message. Clicks of machines are left out."),
    ("Unsubscribes", "tactical", "people", "unsubscribed", "", "people", "",
     "People who unsubscribed through a message of the campaign: fewer is better."),
    ("Complaints", "tactical", "people", "complained", "", "people", "",
     "People who marked a message as spam: fewer is better."),
]  # fmt: skip


def metrics_ship(apps, schema_editor):
    Metric = apps.get_model("campaigns", "Metric")
    MetricVersion = apps.get_model("campaigns", "MetricVersion")
    for name, kind, unit, built_in, event, measure, value_property, definition in SHIPPED:
        says = {
            "name": name,
            "definition": definition,
            "kind": kind,
            "unit": unit,
            "built_in": built_in,
            "event": event,
            "where": [],
            "measure": measure,
            "value_property": value_property,
        }
        metric = Metric.objects.create(**says)
        MetricVersion.objects.create(metric=metric, number=1, says=says, at=Now())
