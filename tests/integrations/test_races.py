"""Calls that meet: the same strangers from several connections at once."""

import threading

import pytest
from django.db import connections

from apps.contacts.models import Contact, Event, Identity
from apps.core import clock
from apps.integrations import services
from tests.factories.integrations import SourceFactory

CALLERS = 4


@pytest.mark.django_db(transaction=True)
def test_callers_who_tell_of_the_same_strangers_at_once_make_each_of_them_once():
    source, now = SourceFactory(), clock.now()
    start, failed = threading.Barrier(CALLERS), []

    def call(number):
        people = [f"u{n}" for n in range(20)]
        messages = [
            {
                "type": "track",
                "event": "e",
                "userId": user,
                "anonymousId": f"a-{user}",
                "messageId": f"{number}-{user}",
            }
            for user in (people if number % 2 else reversed(people))
        ]
        start.wait()
        try:
            services.messages_take(source=source, raw=messages, now=now)
        except Exception as error:  # whatever it is, the test must tell
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[number]) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert Contact.objects.count() == 20
    assert Identity.objects.count() == 40
    assert Event.objects.count() == 20 * CALLERS
    assert sum(source.tallies.filter(outcome="recorded").values_list("count", flat=True)) == 20 * CALLERS


@pytest.mark.django_db(transaction=True)
def test_the_same_message_from_several_callers_is_kept_once():
    source, now = SourceFactory(), clock.now()
    start, ended = threading.Barrier(CALLERS), []
    message = {"type": "track", "event": "e", "userId": "u1", "messageId": "m1"}

    def call():
        start.wait()
        try:
            ended.append(services.messages_take(source=source, raw=[message], now=now)[0].outcome)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _each in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == ["duplicate"] * (CALLERS - 1) + ["recorded"]
    assert Event.objects.count() == 1
