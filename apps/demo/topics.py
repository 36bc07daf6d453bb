"""What the customers may choose to hear about, and who has chosen. Made up: the data says nothing of it."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Channel, ConsentStatus, Contact, Topic
from apps.contacts.services import consents_import, topic_create

# key, what readers see, description
TOPICS = [
    ("mens_range", "Men's range", "New things for men, about once a month."),
    ("womens_range", "Women's range", "New things for women, about once a month."),
    ("shop_news", "Shop news", "Fairs, opening hours and what is on in our shops."),
]
# Of those who buy for one side of the wardrobe only, every so many say no to the other.
ONE_IN = 150
BASIS, SOURCE = "preference page", "Made up for the demo"


def topics_create(by: User, *, now: datetime) -> None:
    """Describe the topics, and let some customers choose; what is there stays as somebody has made it."""
    if Topic.objects.filter(key__in=[key for key, *_more in TOPICS]).exists():
        return
    for position, (key, name, description) in enumerate(TOPICS):
        topic_create(
            key=key, name=name, description=description, is_public=True, position=position, by=by, now=now
        )
    for bought, other, key in (
        ("bought_mens", "bought_womens", "womens_range"),
        ("bought_womens", "bought_mens", "mens_range"),
    ):
        only = Contact.objects.known().filter(
            **{f"attributes__{bought}": True, f"attributes__{other}": False}
        )
        chosen = list(only.order_by("pk").values_list("pk", flat=True)[::ONE_IN])
        change = ConsentChange(
            channel=Channel.EMAIL,
            status=ConsentStatus.UNSUBSCRIBED,
            topic=key,
            basis=BASIS,
            source=SOURCE,
        )
        with transaction.atomic():
            consents_import(ids=chosen, change=change, by=None, now=now)
