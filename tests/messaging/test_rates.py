"""How many may leave: limits of senders and of domains, warm-ups, and who waits for them."""

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import clock
from apps.messaging import ledger, rates, services
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger import Addressed
from apps.messaging.ledger.gate import gate_read
from apps.messaging.models import Message, RateLimit, RateTally, Recipient, RuleNote
from apps.messaging.rates import Ramp, Rate
from apps.messaging.selectors import sending_pulse
from apps.messaging.services import sending
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    FrequencyCapFactory,
    MessageFactory,
    RateLimitFactory,
    RecipientFactory,
    SenderFactory,
    WarmUpFactory,
)

State = Recipient.State
HOUR = timedelta(hours=1)
MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()


class TestRate:
    # Machines that tests share are slow now and then.
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.integers(1, 20),
        st.sampled_from([1, 60, 3600, 86_400]),
        st.lists(st.tuples(st.floats(0, 1.2), st.integers(1, 30)), max_size=60),
    )
    def test_no_window_has_more_than_the_limit_wherever_it_begins(self, most, seconds, tries):
        rule, used, at, left = Rate(1, most, seconds), [], MOMENT, []
        for pause, wanted in tries:
            at += pause * seconds / 4
            going = min(wanted, rates.room(rule, used, at))
            if going:
                used = rates.taken(rule, used, at, going)
                left.append((at, going))

        for begin, _count in left:
            assert sum(count for when, count in left if begin <= when <= begin + seconds) <= most
        assert len(used) <= rates.PARTS + 1

    def test_has_room_again_a_sixtieth_of_the_window_late_at_most(self):
        rule = Rate(1, 10, 3600)
        used = rates.taken(rule, [], MOMENT + 30, 10)

        opens = rates.opens_at(rule, used, MOMENT + 40)

        assert opens == MOMENT + 3660
        assert (rates.room(rule, used, opens - 1), rates.room(rule, used, opens)) == (0, 10)

    @pytest.mark.parametrize(
        ("count", "hours"), [(1, 0), (500, 0), (501, 1), (1000, 1), (1001, 2), (50_000, 99)]
    )
    def test_tells_when_the_last_of_many_leaves(self, count, hours):
        done = rates.done_at(Rate(1, 500, 3600), [], MOMENT, count)

        assert (done - MOMENT) // 3600 == hours

    def test_counts_what_has_left_before(self):
        rule = Rate(1, 500, 3600)
        used = rates.taken(rule, [], MOMENT, 300)

        assert rates.done_at(rule, used, MOMENT, 200) == MOMENT
        assert rates.done_at(rule, used, MOMENT, 201) == MOMENT + 3660


class TestRamp:
    RULE = Ramp(
        1, 1, date(2026, 3, 2), (50, 100), "Pacific/Auckland"
    )  # 13 hours ahead: noon is the 3rd there

    def test_days_are_those_of_the_senders_clock(self):
        assert rates.room(self.RULE, [], MOMENT) == 100
        assert rates.room(self.RULE, [], MOMENT - 12 * 3600) == 50

    def test_says_nothing_before_its_first_day_and_after_its_last(self):
        assert rates.room(self.RULE, [], MOMENT - 2 * 86_400) is None
        assert rates.room(self.RULE, [], MOMENT + 86_400) is None

    def test_has_room_again_at_midnight(self):
        used = rates.taken(self.RULE, [], MOMENT, 100)

        midnight = datetime(2026, 3, 3, 11, tzinfo=UTC).timestamp()
        assert rates.room(self.RULE, used, MOMENT) == 0
        assert rates.opens_at(self.RULE, used, MOMENT) == midnight

    @pytest.mark.parametrize(("count", "midnights"), [(50, 0), (51, 1), (150, 1), (151, 2), (10**6, 2)])
    def test_tells_when_the_last_of_many_leaves(self, count, midnights):
        rule = Ramp(1, 1, date(2026, 3, 2), (50, 100), "UTC")

        done = datetime.fromtimestamp(rates.done_at(rule, [], MOMENT, count), UTC)

        assert (done.date() - date(2026, 3, 2)).days == midnights


def addressed(lease):
    addresses = dict(Recipient.objects.values_list("pk", "address"))
    return [Addressed(row, addresses[row.id], f"m{row.id}@shop.example") for row in lease.rows]


def send(now, *, limit=100):
    """Claim what is free, let it begin a message at a time, and have the server take it."""
    lease = ledger.claim(limit=limit, now=now)
    if lease is None:
        return set()
    by_message = {}
    for one in addressed(lease):
        by_message.setdefault(one.row.message_id, []).append(one)
    going = set()
    for batch in by_message.values():
        going |= ledger.advance(lease, outcomes={}, batch=batch, now=now)
    ledger.settle(lease, {pk: Outcome.sent("250 ok") for pk in going}, now=now)
    ledger.release(lease)
    return going


def states():
    return dict(Counter(Recipient.objects.values_list("state", flat=True)))


def people(message, count, domain="example.com"):
    contacts = [ContactFactory(email=f"r{message.pk}-{n}@{domain}") for n in range(count)]
    return [RecipientFactory(message=message, contact=contact) for contact in contacts]


@pytest.mark.django_db
class TestLimitOfASender:
    @pytest.fixture
    def limit(self):
        return RateLimitFactory(most=2)

    @pytest.fixture
    def message(self, limit):
        return MessageFactory(launched=True, sender=limit.sender)

    def test_lets_as_many_go_as_it_says_and_leaves_the_rest_in_line(self, noon, message):
        people(message, 5)

        assert len(send(noon)) == 2
        assert send(noon + HOUR / 2) == set()
        assert states() == {"sent": 2, "queued": 3}

    def test_lets_more_go_when_the_window_is_over(self, noon, message):
        people(message, 5)

        gone = [len(send(noon + hours * HOUR)) for hours in (0, 1.1, 2.2, 3.3)]

        assert gone == [2, 2, 1, 0]

    def test_is_kept_by_two_messages_together(self, noon, limit, message):
        people(message, 3)
        people(MessageFactory(launched=True, sender=limit.sender), 3)

        assert len(send(noon)) == 2

    def test_holds_no_other_sender_up(self, noon, message):
        people(message, 5)
        people(MessageFactory(launched=True), 5)

        send(noon)

        by_message = Counter(Recipient.objects.filter(state="sent").values_list("message", flat=True))
        assert sorted(by_message.values()) == [2, 5]

    def test_is_kept_where_two_workers_claimed_before_either_began(self, noon, limit, message):
        RateLimit.objects.update(is_active=False)
        people(message, 6)
        first, second = (ledger.claim(limit=3, now=noon) for _ in range(2))
        RateLimit.objects.update(is_active=True)

        begun = [
            len(
                ledger.advance(
                    replace(lease, gate=gate_read()), outcomes={}, batch=addressed(lease), now=noon
                )
            )
            for lease in (first, second)
        ]

        assert begun == [2, 0]
        assert states() == {"sending": 2, "queued": 4}

    def test_passes_by_those_for_whom_workers_in_the_act_have_places(self, noon, message):
        people(message, 4)
        ledger.claim(limit=1, now=noon)

        assert len(ledger.claim(limit=4, now=noon).rows) == 1
        assert ledger.claim(limit=4, now=noon) is None

    def test_counts_only_who_really_goes(self, noon, message):
        FrequencyCapFactory(most=1)
        capped, _free = people(message, 2)
        RecipientFactory(contact=capped.contact, message=MessageFactory(launched=True, priority="urgent"))

        assert len(send(noon)) == 2

        [(_until, count)] = RateTally.objects.get().used
        assert count == 1
        assert states() == {"sent": 2, "skipped": 1}

    def test_several_limits_hold_together(self, noon, limit, message):
        RateLimitFactory(sender=limit.sender, most=3, per=RateLimit.Per.DAY)
        people(message, 5)

        assert [len(send(noon + hours * HOUR)) for hours in (0, 1.1, 2.2)] == [2, 1, 0]

    def test_says_nothing_where_it_is_not_in_force(self, noon, limit, message):
        RateLimit.objects.update(is_active=False)
        people(message, 5)

        assert len(send(noon)) == 5

    def test_tells_when_more_may_leave(self, noon, message):
        people(message, 3)
        assert ledger.opens_at(now=noon) is None  # there is room
        send(noon)

        opens = ledger.opens_at(now=noon + timedelta(minutes=1))

        assert opens == noon + timedelta(minutes=61)

    def test_who_waits_for_it_is_not_stuck(self, noon, message):
        people(message, 3)
        assert sending_pulse(now=noon).stuck is not None
        send(noon)

        assert sending_pulse(now=noon + HOUR / 2).stuck is None
        assert sending_pulse(now=noon + 2 * HOUR).stuck is not None

    def test_what_may_not_come_later_expires(self, noon, message):
        Message.objects.update(not_after=noon + HOUR / 2)
        people(message, 3)
        send(noon)

        ledger.expire(now=noon + HOUR)

        assert states() == {"sent": 2, "expired": 1}


@pytest.mark.django_db
class TestLimitOfADomain:
    @pytest.fixture
    def limit(self):
        return RateLimitFactory(sender=None, domain="slow.example", most=2)

    @pytest.fixture
    def message(self):
        return MessageFactory(launched=True)

    def test_who_is_over_it_steps_aside_and_others_go_on(self, noon, limit, message):
        slow, fast = people(message, 4, "slow.example"), people(message, 3)

        gone = send(noon, limit=5) | send(noon, limit=5)

        assert gone == {row.pk for row in [*slow[:2], *fast]}
        aside = Recipient.objects.filter(state="planned")
        assert list(aside.order_by("pk").values_list("pk", "waits_for")) == [
            (row.pk, limit.pk) for row in slow[2:]
        ]

    def test_who_stepped_aside_stays_there_until_there_is_room(self, noon, limit, message):
        people(message, 5, "slow.example")
        send(noon)

        assert ledger.queue_due(now=noon + HOUR / 2) == 0
        assert ledger.come_forward(now=noon + HOUR / 2) == 0
        assert ledger.opens_at(now=noon + HOUR / 2) == noon + timedelta(minutes=61)
        assert ledger.come_forward(now=noon + 1.1 * HOUR) == 2
        assert len(send(noon + 1.1 * HOUR)) == 2
        assert states() == {"sent": 4, "planned": 1}

    def test_every_sender_keeps_it(self, noon, limit):
        for _ in range(2):
            people(MessageFactory(launched=True), 2, "SLOW.example")

        assert len(send(noon)) == 2

    def test_notes_what_it_did(self, noon, limit, message):
        people(message, 3, "slow.example")

        send(noon)

        note = RuleNote.objects.get()
        assert (note.recipient, note.rule) == (Recipient.objects.get(state="planned"), "rate")
        assert note.facts == {"most": 2, "per": "hour", "domain": "slow.example"}

    def test_is_kept_where_the_claim_saw_more_room(self, noon, limit, message):
        people(message, 2, "slow.example")
        lease = ledger.claim(limit=10, now=noon)
        RateTally.objects.update_or_create(
            key=f"limit:{limit.pk}", defaults={"used": [[noon.timestamp() + 60, 1]]}
        )

        begun = ledger.advance(lease, outcomes={}, batch=addressed(lease), now=noon)

        assert len(begun) == 1
        assert states() == {"sending": 1, "planned": 1}
        assert RuleNote.objects.count() == 1

    @pytest.mark.parametrize(
        "end", [lambda limit: limit.delete(), lambda _limit: RateLimit.objects.update(is_active=False)]
    )
    def test_all_come_forward_when_it_holds_no_more(self, noon, limit, message, end):
        people(message, 5, "slow.example")
        send(noon)
        end(limit)

        assert ledger.come_forward(now=noon) == 3
        assert len(send(noon)) == 3

    def test_nobody_comes_forward_of_a_message_that_is_paused(self, noon, limit, message):
        people(message, 3, "slow.example")
        send(noon)
        Message.objects.update(state="paused")

        assert ledger.come_forward(now=noon + 2 * HOUR) == 0

    def test_a_domain_with_letters_of_its_own_is_the_same_however_it_is_spelt(self, noon, message):
        RateLimitFactory(sender=None, domain="xn--bcher-kva.example", most=1)
        people(message, 2, "bücher.example")

        assert len(send(noon)) == 1


@pytest.mark.django_db
class TestMessagesSend:
    @pytest.mark.parametrize("of", ["a sender", "a domain"])
    def test_waits_a_moment_for_a_limit_that_has_room_soon(self, mail_server, monkeypatch, of):
        monkeypatch.setattr(sending, "STRETCH", 60.0)
        whose = {} if of == "a sender" else {"sender": None, "domain": "example.com"}
        limit = RateLimitFactory(most=3, per="second", **whose)
        message = MessageFactory(launched=True, sender=limit.sender or SenderFactory())
        people(message, 5)

        services.messages_send(now=clock.now())

        assert states() == {"sent": 5}
        ends = list(Recipient.objects.order_by("finished_at").values_list("finished_at", flat=True))
        assert ends[3] - ends[2] > timedelta(seconds=0.5)

    def test_does_not_wait_for_one_that_has_none_for_long(self, mail_server):
        limit = RateLimitFactory(most=1)
        people(MessageFactory(launched=True, sender=limit.sender), 3)
        began = time.monotonic()

        services.messages_send(now=clock.now())

        assert states() == {"sent": 1, "queued": 2}
        assert time.monotonic() - began < 30


@pytest.mark.django_db
class TestWarmUp:
    def test_each_day_has_its_ceiling_and_the_rest_waits(self, noon):
        plan = WarmUpFactory(ceilings=[2, 3], starts_on=noon.date())
        people(MessageFactory(launched=True, sender=plan.sender), 9)

        gone = [len(send(noon + timedelta(days=days))) for days in (0, 0.1, 1, 1.2, 2)]

        assert gone == [2, 0, 3, 0, 4]

    def test_tells_when_the_next_day_begins(self, noon):
        plan = WarmUpFactory(ceilings=[1], starts_on=noon.date(), timezone="Europe/Paris")
        people(MessageFactory(launched=True, sender=plan.sender), 2)
        send(noon)

        opens = ledger.opens_at(now=noon)

        assert opens == datetime.combine(noon.date(), datetime.min.time(), UTC) + timedelta(hours=23)


@pytest.mark.django_db
class TestWithoutALimit:
    def test_nothing_more_is_asked_for_a_mail(self, noon):
        RateLimitFactory(sender=SenderFactory())  # of a sender who sends nothing now
        [row] = people(MessageFactory(launched=True), 1)
        lease = ledger.claim(limit=1, now=noon)

        with CaptureQueriesContext(connection) as asked:
            ledger.advance(lease, outcomes={}, batch=addressed(lease), now=noon)

        told = " ".join(query["sql"] for query in asked.captured_queries)
        assert "messaging_rate" not in told
        assert Recipient.objects.get(pk=row.pk).state == State.SENDING
