"""Topics as forms, pages and rules offer them."""

from apps.contacts.models import Channel, Topic


def topic_names() -> dict[str, str]:
    """Return what people call each topic, by its key, in the order of the page."""
    return dict(Topic.objects.values_list("key", "name"))


def topic_choices(channel: Channel, *, whole: object) -> list[tuple[str, object]]:
    """Return the topics of a channel for a form; `whole` is the label of the channel as a whole."""
    return [("", whole), *Topic.objects.on_channel(channel).values_list("key", "name")]


def topics_public() -> list[Topic]:
    """Return what readers of e-mails choose from."""
    return list(Topic.objects.public().on_channel(Channel.EMAIL))
