"""Changing a DKIM key: nothing leaves in between that nobody can verify."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.core import secrets
from apps.messaging import services
from apps.messaging.delivery.envelope import envelope_of
from apps.messaging.dnsrecords import records_wanted
from apps.messaging.models import SendingDomain
from tests.factories.messaging import SenderFactory, SendingDomainFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def domain(lead, noon):
    """A domain that signs, and whose DNS has its key."""
    domain = services.domain_create(by=lead, now=noon, name="shop.example")
    domain.is_signing, domain.checked_at = True, noon
    domain.findings = [{"key": "dkim", "state": "ok"}, {"key": "spf", "state": "ok"}]
    domain.save()
    return domain


def prepare(domain, lead, noon):
    return services.domain_key_prepare(domain=domain, by=lead, now=noon)


def found(domain, **states):
    """Say what DNS has, as a check would."""
    known = {one["key"]: one["state"] for one in domain.findings}
    told = known | {key.replace("_", "-"): state for key, state in states.items()}
    domain.findings = [{"key": key, "state": state} for key, state in told.items()]
    domain.save()
    return domain


def switch(domain, lead, now):
    return services.domain_key_switch(domain=domain, by=lead, now=now)


def names(domain):
    return {record.key: record.name for record in records_wanted(domain) if record.key.startswith("dkim")}


class TestPrepare:
    def test_the_next_key_stands_beside_the_one_in_use(self, domain, lead, noon):
        before = domain.public_key

        domain = prepare(domain, lead, noon)

        assert (domain.selector, domain.public_key) == ("bookend", before)
        assert domain.next_public_key not in {"", before}
        assert "PRIVATE" in secrets.unseal(domain.next_private_key)
        assert "PRIVATE" not in domain.next_private_key
        assert names(domain)["dkim-next"] == f"bookend-{noon:%Y%m%d}._domainkey.shop.example"
        assert envelope_of(SenderFactory(email="news@shop.example")).key.selector == "bookend"
        assert AuditEvent.objects.filter(action="domain.key_prepared", by=lead).exists()

    def test_one_that_waits_for_dns_is_no_trouble(self, domain, lead, noon):
        domain = found(prepare(domain, lead, noon), dkim_next="missing")

        assert domain.is_well

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"next_selector": "n", "next_private_key": "sealed"}, "waiting already"),
            ({"old_selector": "o"}, "changed lately"),
            ({"server_selector": "s1", "is_signing": False}, "mail server signs"),
        ],
    )
    def test_is_refused_where_it_makes_no_sense(self, domain, lead, noon, facts, why):
        SendingDomain.objects.filter(pk=domain.pk).update(**facts)

        with pytest.raises(services.DomainRefused, match=why):
            prepare(domain, lead, noon)

        assert not AuditEvent.objects.filter(action="domain.key_prepared").exists()


class TestSwitch:
    @pytest.mark.parametrize("state", ["", "missing", "wrong", "silent"])
    def test_is_refused_until_dns_has_the_key(self, domain, lead, noon, state):
        domain = found(prepare(domain, lead, noon), dkim_next=state)

        with pytest.raises(services.DomainRefused, match="Publish the new key"):
            switch(domain, lead, noon)

        domain.refresh_from_db()
        assert domain.selector == "bookend"

    def test_signs_with_the_new_key_and_keeps_the_record_of_the_one_before(self, domain, lead, noon):
        old = domain.public_key
        domain = found(prepare(domain, lead, noon), dkim_next="ok")
        new = domain.next_public_key

        domain = switch(domain, lead, noon)

        assert (domain.public_key, domain.old_public_key) == (new, old)
        assert (domain.next_selector, domain.next_private_key) == ("", "")
        key = envelope_of(SenderFactory(email="news@shop.example")).key
        assert key.selector == domain.selector == f"bookend-{noon:%Y%m%d}"
        assert names(domain)["dkim-old"] == "bookend._domainkey.shop.example"
        assert (domain.state_of("dkim"), domain.state_of("dkim-old"), domain.is_well) == ("ok", "ok", True)

    def test_without_a_key_that_waits_there_is_nothing_to_switch_to_or_to_drop(self, domain, lead, noon):
        for act in (services.domain_key_switch, services.domain_key_drop):
            with pytest.raises(services.DomainRefused, match="No new key"):
                act(domain=domain, by=lead, now=noon)

    def test_two_changes_on_one_day_have_two_selectors(self, domain, lead, noon):
        domain = switch(found(prepare(domain, lead, noon), dkim_next="ok"), lead, noon)
        SendingDomain.objects.update(old_selector="", retired_at=None)

        assert prepare(domain, lead, noon).next_selector == f"{domain.selector}-2"


class TestAfterwards:
    def test_the_key_before_is_forgotten_after_a_week_and_not_earlier(self, domain, lead, noon):
        domain = switch(found(prepare(domain, lead, noon), dkim_next="ok"), lead, noon)

        early = services.domain_keys_forget(now=noon + WEEK - timedelta(seconds=1))
        due = services.domain_keys_forget(now=noon + WEEK)

        domain.refresh_from_db()
        assert (early, due) == (0, 1)
        assert (domain.old_selector, domain.retired_at, domain.state_of("dkim-old")) == ("", None, "")
        assert "dkim-old" not in names(domain)

    def test_one_that_waits_can_be_dropped(self, domain, lead, noon):
        domain = found(prepare(domain, lead, noon), dkim_next="ok")

        domain = services.domain_key_drop(domain=domain, by=lead, now=noon)

        assert (domain.next_selector, domain.state_of("dkim-next"), domain.is_signing) == ("", "", True)


class TestPages:
    def test_the_page_leads_through_it(self, domain, login, lead):
        client = login(lead)
        page = reverse("messaging:domain", args=[domain.pk])

        client.post(reverse("messaging:domain-key-new", args=[domain.pk]))
        waiting = client.get(page).content.decode()
        refused = client.post(reverse("messaging:domain-key-switch", args=[domain.pk]), follow=True)
        domain.refresh_from_db()
        found(domain, dkim_next="ok")
        client.post(reverse("messaging:domain-key-switch", args=[domain.pk]))
        after = client.get(page).content.decode()

        assert "A new key waits as bookend-" in waiting
        assert "Publish the new key and check it first" in refused.content.decode()
        assert "It may be taken out from" in after

    def test_programs_do_the_same(self, domain, api, lead):
        client = api(lead, "senders:write")
        url = f"/api/v1/sending-domains/{domain.pk}/key/"

        made = client.post(url)
        early = client.post(f"{url}switch/")
        dropped = client.post(f"{url}drop/")

        assert [one["key"] for one in made.json()["records"]][:3] == ["spf", "dkim", "dkim-next"]
        assert (early.status_code, dropped.status_code) == (409, 200)
        assert not SendingDomain.objects.get().next_selector

    def test_a_domain_of_a_mail_server_that_signs_offers_none(self, login, lead):
        domain = SendingDomainFactory(server_selector="s1")

        page = login(lead).get(reverse("messaging:domain", args=[domain.pk])).content.decode()

        assert "Make a new key" not in page
