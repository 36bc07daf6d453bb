"""The rules that hold for every message, as people read them."""

from apps.contacts import selectors as contacts
from apps.messaging.models import FrequencyCap


def caps_described(*, topic: str | None = None) -> list[tuple[FrequencyCap, str]]:
    """Return the caps with a sentence each; with `topic` only those in force for an e-mail on it."""
    found = list(FrequencyCap.objects.all())
    if topic is not None:
        found = [cap for cap in found if cap.is_active and cap.fits(topic=topic)]
    names = contacts.topic_names() if any(cap.topic for cap in found) else {}
    return [(cap, cap.sentence(names.get(cap.topic, cap.topic))) for cap in found]
