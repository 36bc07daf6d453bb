"""What a provider has asked one worker, held by all: who is told to come back later tells the others."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.messaging.channels import way_of
from apps.messaging.channels.base import Engine, NotYet
from apps.messaging.models import Message, Provider

LOOK_EVERY = 1.0  # seconds: so long may a worker go on after another has been told


def wait_heed(message: Message, *, now: datetime) -> None:
    """:raises NotYet: whoever carries this message asked some worker to wait, and the time is not over"""
    _way, provider = way_of(message)
    if provider and provider.waits_until and provider.waits_until > now:
        told = _("The provider asks to wait for %(n)s more seconds.")
        raise NotYet(told % {"n": round((provider.waits_until - now).total_seconds()) or 1})


class Waits:
    """The providers of one worker's messages; without any, nothing is asked of the database."""

    def __init__(self, messages: Mapping[int, Message], engines: Mapping[int, Engine]) -> None:
        carriers = ((engine, way_of(messages[pk])[1]) for pk, engine in engines.items())
        self._providers = {engine: provider.pk for engine, provider in carriers if provider}
        self._shared: dict[Engine, float] = {}
        self._closed: set[int] = set()
        self._look_at = time.monotonic() + LOOK_EVERY

    def share(self, *, now: datetime) -> None:
        """Write down what this worker's engines have been asked."""
        for engine, pk in self._providers.items():
            seconds = engine.asked_to_wait()
            ends = time.monotonic() + seconds
            if seconds and ends > self._shared.get(engine, 0.0) + LOOK_EVERY:
                self._shared[engine] = ends
                until = now + timedelta(seconds=seconds)
                is_news = Q(waits_until__isnull=True) | Q(waits_until__lt=until)
                # By `update`, which leaves `updated_at` alone: workers keep their connections.
                Provider.objects.filter(is_news, pk=pk).update(waits_until=until)

    def holds(self, engine: Engine, *, now: datetime) -> bool:
        """Test if whoever is behind an engine has asked this worker, or lately another one, to wait."""
        if engine not in self._providers:
            return False
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            asked = Provider.objects.filter(pk__in=self._providers.values(), waits_until__gt=now)
            self._closed = set(asked.values_list("pk", flat=True))
        return self._providers[engine] in self._closed
