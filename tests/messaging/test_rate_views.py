"""The pages and the REST of rate limits and warm-ups, and where else they are told."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.core import clock
from apps.messaging import selectors, services
from apps.messaging.models import RateLimit, RateTally, Recipient, WarmUp
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import (
    MessageFactory,
    RateLimitFactory,
    RecipientFactory,
    SenderFactory,
    WarmUpFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin():
    return UserFactory(role=User.Role.ADMINISTRATOR)


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def spent(rule, count):
    """Let so many have left under a rule just now."""
    until = rule.ends(clock.now().timestamp())
    RateTally.objects.create(key=rule.key, used=[[until, count]])


class TestLimits:
    def fields(self, **changes):
        return {"sender": "", "domain": "", "most": "500", "per": "hour", "is_active": "on"} | changes

    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, admin):
        RateLimitFactory(most=500)
        RateLimitFactory(sender=None, domain="gmail.com", most=1000, per="day")
        client = login(admin)

        page, fragment = client.get(url("rates")), client.get(url("rates"), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert b"500 an hour" in response.content
            assert b"1,000 in 24 hours" in response.content

    def test_one_is_added_changed_and_deleted(self, login, admin):
        client = login(admin)

        client.post(url("rate-create"), self.fields(domain="Bücher.example"))
        limit = RateLimit.objects.get()
        client.post(url("rate", limit.pk), self.fields(domain="gmail.com", most="7"))
        limit.refresh_from_db()

        assert (limit.domain, limit.most, str(limit)) == ("gmail.com", 7, "7 an hour to gmail.com")
        client.post(url("rate-delete", limit.pk))
        assert not RateLimit.objects.exists()
        actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["ratelimit.created", "ratelimit.changed", "ratelimit.deleted"]

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({}, "Choose a sender, or name a domain."),
            ({"domain": "nowhere"}, "This is no domain."),
            ({"domain": "gmail.com", "most": "0"}, "greater than or equal to 1"),
            ({"domain": "gmail.com", "per": "day"}, "This domain has a limit for this time already."),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_kept(self, login, admin, fields, sentence):
        RateLimitFactory(sender=None, domain="gmail.com", per="day")

        response = login(admin).post(url("rate-create"), self.fields(**fields))

        assert response.status_code == HTTPStatus.OK
        assert sentence in response.content.decode()
        assert RateLimit.objects.count() == 1

    def test_a_marketing_lead_sees_them_and_changes_none(self, login, lead):
        limit = RateLimitFactory(most=2)
        client = login(lead)

        assert client.get(url("rates")).status_code == HTTPStatus.OK
        assert client.post(url("rate", limit.pk), self.fields()).status_code == HTTPStatus.FORBIDDEN
        limit.refresh_from_db()
        assert limit.most == 2

    def test_over_the_api(self, api, admin):
        client = api(admin, "senders:read", "senders:write")
        sender = SenderFactory()

        made = client.post(reverse("api:rate-limit-list"), {"sender": sender.pk, "most": 5}, format="json")
        again = client.post(reverse("api:rate-limit-list"), {"sender": sender.pk, "most": 6}, format="json")
        one = reverse("api:rate-limit-detail", args=[made.json()["id"]])
        changed = client.patch(one, {"per": "second"}, format="json").json()

        assert made.status_code == HTTPStatus.CREATED
        assert again.status_code == HTTPStatus.BAD_REQUEST
        assert (changed["most"], changed["per"], changed["sender"]) == (5, "second", sender.pk)
        assert client.delete(one).status_code == HTTPStatus.NO_CONTENT


class TestWarmUp:
    def fields(self, **changes):
        told = {"starts_on": "2030-03-01", "timezone": "Europe/Paris", "ceilings": "50, 100 200"}
        return told | {"is_active": "on"} | changes

    def test_is_planned_changed_and_ended(self, login, admin):
        sender, client = SenderFactory(), login(admin)

        client.post(url("warm-up", sender.pk), self.fields())
        client.post(url("warm-up", sender.pk), self.fields(ceilings="70"))

        plan = WarmUp.objects.get()
        assert (plan.ceilings, plan.timezone, plan.starts_on.isoformat()) == (
            [70],
            "Europe/Paris",
            "2030-03-01",
        )
        client.post(url("warm-up-delete", sender.pk))
        client.post(url("warm-up-delete", sender.pk))  # somebody else was faster
        assert not WarmUp.objects.exists()

    def test_proposes_the_usual_plan(self, login, admin):
        response = login(admin).get(url("warm-up", SenderFactory().pk))

        assert response.context["form"].initial["ceilings"].startswith("50, 100, 200")

    @pytest.mark.parametrize("ceilings", ["", "fifty", "50, 0", "-1", ",".join(["1"] * 91)])
    def test_what_is_no_plan_is_refused(self, login, admin, ceilings):
        response = login(admin).post(url("warm-up", SenderFactory().pk), self.fields(ceilings=ceilings))

        assert response.context["form"].errors["ceilings"]
        assert not WarmUp.objects.exists()

    def test_a_plan_of_truths_or_of_nowhere_is_refused_by_the_service(self, admin, noon):
        for changed in ({"ceilings": [True]}, {"ceilings": 5}, {"timezone": "Nowhere/Land"}):
            plan = WarmUp(sender=SenderFactory(), starts_on=noon.date(), **{"ceilings": [1], **changed})
            with pytest.raises(ValidationError):
                services.warm_up_save(plan=plan, by=admin, now=noon)

    def test_over_the_api(self, api, admin):
        client = api(admin, "senders:read", "senders:write")
        told = {"sender": SenderFactory().pk, "starts_on": "2030-03-01"}

        made = client.post(reverse("api:warm-up-list"), told, format="json")
        again = client.post(reverse("api:warm-up-list"), told, format="json")
        one = reverse("api:warm-up-detail", args=[made.json()["id"]])
        changed = client.patch(one, {"ceilings": [10, 20]}, format="json").json()

        assert made.json()["ceilings"][:3] == [50, 100, 200]
        assert again.status_code == HTTPStatus.BAD_REQUEST
        assert changed["ceilings"] == [10, 20]
        assert client.delete(one).status_code == HTTPStatus.NO_CONTENT

    def test_how_far_it_is_stands_on_the_senders_page(self, login, admin):
        plan = WarmUpFactory(starts_on=clock.now().date() - timedelta(days=1), ceilings=[50, 100, 200])
        spent(plan.rule, 40)

        response = login(admin).get(url("sender", plan.sender_id))

        progress = response.context["warm_up"]
        assert (progress.day, progress.ceiling, progress.sent) == (2, 100, 40)
        assert "Day 2 of 3" in response.content.decode()

    @pytest.mark.parametrize(("days", "day"), [(-1, 0), (0, 1), (2, 3), (3, None)])
    def test_knows_its_day(self, noon, days, day):
        plan = WarmUpFactory(starts_on=noon.date() - timedelta(days=days), ceilings=[50, 100, 200])

        assert selectors.warm_up_progress(plan.sender, now=noon).day == day


class TestBrakes:
    def test_a_draft_says_how_long_it_takes(self, noon):
        limit = RateLimitFactory(most=500)
        WarmUpFactory(sender=limit.sender, starts_on=noon.date(), ceilings=[1000, 1000])
        message = MessageFactory(sender=limit.sender)

        found = selectors.message_forecast(message, count=2500, at=noon)

        assert [one.sentence for one in found] == [
            "Warm-up of Shop until 2 March 2030: each day has its ceiling",
            "Limited to 500 an hour by Shop",
        ]
        assert found[0].done_at == noon + timedelta(hours=36)
        assert found[1].done_at == noon + timedelta(hours=4, minutes=1)

    def test_nothing_is_said_of_limits_that_are_wide_enough(self, noon):
        limit = RateLimitFactory(most=500)

        assert selectors.message_forecast(MessageFactory(sender=limit.sender), count=500, at=noon) == []

    def test_the_review_and_the_running_page_say_what_holds_it_back(self, login, lead):
        limit = RateLimitFactory(most=1)
        spent(limit.rule, 1)
        draft = MessageFactory(sender=limit.sender)
        row = RecipientFactory(message__launched=True, message__sender=limit.sender)
        client = login(lead)

        for message in (draft, row.message):
            response = client.get(url("detail", message.pk))
            assert "1 an hour by Shop" in response.content.decode()
        assert response.context["pace"].left is not None
        shown = client.get(url("recipient", row.pk)).content.decode()
        assert "Limited to 1 an hour by Shop" in shown

    @pytest.mark.parametrize(("hours", "is_told"), [(0.5, True), (9, False)])
    def test_the_review_says_that_some_would_expire(self, login, lead, hours, is_told):
        limit = RateLimitFactory(most=1)
        spent(limit.rule, 1)  # the next one leaves in an hour
        draft = MessageFactory(sender=limit.sender, not_after=clock.now() + timedelta(hours=hours))
        ContactFactory()

        shown = login(lead).get(url("detail", draft.pk)).content.decode()

        assert ("Not everybody gets it before it expires." in shown) == is_told

    def test_who_stepped_aside_for_a_domain_is_counted_and_told(self, noon):
        limit = RateLimitFactory(sender=None, domain="slow.example", most=2)
        RateTally.objects.create(key=limit.rule.key, used=[[noon.timestamp() + 60, 2]])
        rows = RecipientFactory.create_batch(
            3, message=MessageFactory(launched=True), state=Recipient.State.PLANNED, waits_for=limit
        )

        [brake] = selectors.message_brakes(rows[0].message, unfinished=3, now=noon)
        checks = {one.rule: one for one in selectors.recipient_checks(rows[0], now=noon)}

        assert brake.sentence == "Limited to 2 an hour to slow.example"
        assert brake.opens_at == noon + timedelta(minutes=1)
        assert checks["rate_limits"].result == "held"
        assert checks["hour"].result == "passed"


class TestWarmUpUnderWay:
    """Two on the first day, three on the second."""

    def test_the_estimate_reckons_with_a_ceiling_that_is_not_reached_yet(self, noon):
        plan = WarmUpFactory(starts_on=noon.date())
        row = RecipientFactory(message__sender=plan.sender)

        [brake] = selectors.message_brakes(row.message, unfinished=3, now=noon)

        assert (brake.opens_at, brake.done_at) == (noon, noon + timedelta(hours=12))

    def test_is_on_the_page_of_deliverability(self, login, lead):
        plan = WarmUpFactory(starts_on=clock.now().date())
        RateLimitFactory(sender=None, domain="slow.example", most=2)

        page = " ".join(login(lead).get(url("deliverability")).content.decode().split())

        assert f"Warm-up of {plan.sender.name}" in page
        assert "0 of 2 today" in page
        assert "2 an hour to slow.example" in page
