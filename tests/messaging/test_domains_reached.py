"""Before a launch: how many are at which mailbox provider, and how long the sending takes with its limits."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.messaging import audience, selectors
from apps.messaging.models import RateLimit
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.messaging import MessageFactory, RateLimitFactory, WarmUpFactory

pytestmark = pytest.mark.django_db


def people(**by_domain):
    for domain, count in by_domain.items():
        for number in range(count):
            ContactFactory(email=f"{domain}-{number}@{domain.replace('_', '.')}")


def told(message, noon, *, named=()):
    choice = audience.choice_of(message)
    return audience.promise_by_domain(choice, audience.audience(choice, now=noon), now=noon, named=named)


def reached(message, noon):
    choice = audience.choice_of(message)
    people = audience.audience(choice, now=noon)
    return selectors.draft_reach(message, choice, people, now=noon).domains


class TestPromiseByDomain:
    def test_counts_those_who_get_it_and_promises_the_same(self, noon):
        people(gmail_com=3, gmx_example=1)
        ContactFactory(email="gone@gmail.com")
        SuppressionFactory(address="gone@gmail.com")
        message = MessageFactory(holdout_percent=0)

        promise, domains = told(message, noon)

        assert promise == audience.promise(audience.choice_of(message), now=noon)
        assert (promise.recipients, promise.audience) == (4, 5)
        assert domains == {"gmail.com": 3, "gmx.example": 1}

    def test_tells_the_largest_and_those_that_are_named(self, noon, monkeypatch):
        monkeypatch.setattr(audience, "DOMAINS_TOLD", 1)
        people(gmail_com=2, gmx_example=1, web_example=1)

        _promise, domains = told(MessageFactory(), noon, named=["web.example"])

        assert domains == {"gmail.com": 2, "web.example": 1}

    def test_of_nobody_is_nothing(self, noon):
        promise, domains = told(MessageFactory(), noon)

        assert (promise.audience, domains) == (0, {})


class TestDomainsReached:
    def test_a_limit_of_a_domain_says_when_its_last_one_leaves(self, noon):
        people(gmail_com=5, gmx_example=1)
        RateLimitFactory(sender=None, domain="gmail.com", most=2, per=RateLimit.Per.HOUR)
        RateLimitFactory(sender=None, domain="gmx.example", most=2, per=RateLimit.Per.HOUR)

        found = reached(MessageFactory(), noon)

        [gmail, gmx] = found.shown
        assert (gmail.domain, gmail.count, gmx.brake) == ("gmail.com", 5, None)
        # Two now, two after an hour, the last one after two; moments are rounded up to a minute.
        assert timedelta(hours=2) <= gmail.brake.done_at - noon <= timedelta(hours=2, minutes=2)
        assert found.slowest is gmail.brake
        assert found.others == 0

    def test_a_warm_up_that_ends_later_is_what_counts(self, noon):
        people(gmail_com=5)
        RateLimitFactory(sender=None, domain="gmail.com", most=4, per=RateLimit.Per.HOUR)
        message = MessageFactory()
        WarmUpFactory(sender=message.sender, starts_on=noon.date())

        found = reached(message, noon)

        assert "Warm-up" in found.slowest.sentence
        assert "gmail.com" in found.shown[0].brake.sentence

    def test_without_limits_nothing_holds_anybody_back(self, noon):
        people(gmail_com=1)

        found = reached(MessageFactory(), noon)

        assert (found.slowest, found.shown[0].brake) == (None, None)


class TestApi:
    def test_tells_the_domains_and_what_holds_them_back(self, api, lead):
        people(gmail_com=3, gmx_example=1)
        limit = RateLimitFactory(sender=None, domain="gmail.com", most=1, per=RateLimit.Per.DAY)

        url = reverse("api:message-reach", args=[MessageFactory().pk])
        reach = api(lead, "messages:read").get(url).json()

        [gmail, gmx] = reach["domains"]
        assert gmx == {"domain": "gmx.example", "count": 1, "brake": None}
        assert (gmail["count"], gmail["brake"]["sentence"]) == (3, f"Limited to {limit}")
        assert reach["slowest"] == gmail["brake"]
        assert reach["other_domains"] == 0


class TestReview:
    def test_shows_who_is_where_and_how_long_it_takes(self, login, lead):
        people(gmail_com=3, gmx_example=1)
        RateLimitFactory(sender=None, domain="gmail.com", most=1, per=RateLimit.Per.DAY)

        page = login(lead).get(reverse("messaging:detail", args=[MessageFactory().pk])).content.decode()

        assert "gmx.example" in page
        assert "With these limits the last one leaves" in page

    def test_says_that_nothing_holds_anybody_back(self, login, lead):
        people(gmail_com=1)

        page = login(lead).get(reverse("messaging:detail", args=[MessageFactory().pk])).content.decode()

        assert "it takes as long as the mail server takes" in page
