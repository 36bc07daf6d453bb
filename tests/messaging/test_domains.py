"""Sending domains: what they need in DNS, and what DNS says, asked of a real name server."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns.readiness import checks as readiness
from apps.collaboration.models import AuditEvent, Notification
from apps.core import secrets
from apps.core.health import Level
from apps.messaging import doctor, resolver, services
from apps.messaging.dnsrecords import DnsSilent, records_wanted
from apps.messaging.models import SendingDomain
from tests.dns import NameServer
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory
from tests.factories.messaging import MessageFactory, SenderFactory, SendingDomainFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Role = User.Role


@pytest.fixture
def dns(settings, monkeypatch):
    monkeypatch.setattr(resolver, "PATIENCE", 1.0)
    with NameServer() as server:
        settings.DNS_RESOLVERS = [server.address]
        settings.TRACKING_BASE_URL = "https://app.bookend.example"
        settings.ALLOWED_HOSTS = ["testserver", "link.shop.example"]
        yield server


@pytest.fixture
def domain(lead, noon):
    """A domain with everything: all five records."""
    return services.domain_create(
        by=lead,
        now=noon,
        name="shop.example",
        spf="include:_spf.provider.example",
        return_path="bounces@mail.shop.example",
        return_mx="mx.provider.example",
        tracking_host="link.shop.example",
    )


def publish(dns, domain):
    """Put into DNS exactly what the page says."""
    for record in records_wanted(domain):
        if record.type == "TXT":
            dns.text(record.name, record.value)
        else:
            dns.put(record.name, record.type, f"{record.value}.")


def check(domain, noon, by=None):
    return services.domain_check(domain=domain, by=by, now=noon)


def states(domain):
    return {one["key"]: one["state"] for one in domain.findings}


GOOD = {"spf": "ok", "dkim": "ok", "dmarc": "ok", "return": "ok", "tracking": "ok"}


class TestDomainCheck:
    def test_what_the_page_says_is_what_it_takes(self, dns, domain, noon, lead):
        publish(dns, domain)

        domain = check(domain, noon, by=lead)

        assert states(domain) == GOOD
        assert (domain.is_well, domain.checked_at) == (True, noon)
        assert AuditEvent.objects.get(action="domain.checked").by == lead

    def test_nothing_is_there_at_first(self, dns, domain, noon):
        domain = check(domain, noon)

        assert states(domain) == dict.fromkeys(GOOD, "missing")
        assert (domain.is_well, domain.troubles) == (False, 5)

    @pytest.mark.parametrize(
        ("key", "name", "kind", "values", "told"),
        [
            (
                "spf",
                "mail.shop.example",
                "TXT",
                ['"v=spf1 include:other.example -all"'],
                "Your mail server is not in it yet: change the record to the value below.",
            ),
            (
                "spf",
                "mail.shop.example",
                "TXT",
                ['"v=spf1 -all"', '"v=spf1 include:_spf.provider.example -all"'],
                "There are 2 SPF records; receivers then heed none. Make them one.",
            ),
            (
                "spf",
                "mail.shop.example",
                "TXT",
                ['"v=spf1 include:_spf.provider.example +all"'],
                "It allows everybody to send for this domain.",
            ),
            (
                "dkim",
                "bookend._domainkey.shop.example",
                "TXT",
                ['"v=DKIM1; k=rsa; p=AAAA"'],
                "This is another key than the one below.",
            ),
            (
                "dkim",
                "bookend._domainkey.shop.example",
                "TXT",
                ['"v=DKIM1; p="'],
                "This key was withdrawn: it is empty.",
            ),
            ("dmarc", "_dmarc.shop.example", "TXT", ['"v=DMARC1; sp=none"'], "It names no policy (p=none)."),
            ("return", "mail.shop.example", "MX", ["10 elsewhere.example."], "Bounces go to another server."),
            ("return", "mail.shop.example", "MX", ["0 ."], ""),
            ("tracking", "link.shop.example", "CNAME", ["elsewhere.example."], "It leads elsewhere."),
        ],
    )
    def test_what_will_not_do_is_told_with_what_to_do(self, dns, domain, noon, key, name, kind, values, told):
        publish(dns, domain)
        dns.put(name, kind, *values)

        domain = check(domain, noon)

        assert states(domain) == GOOD | {key: "wrong"}
        assert next(one["told"] for one in domain.findings if one["key"] == key) == told

    def test_a_record_that_others_need_too_is_kept_and_added_to(self, dns, domain, noon, login, lead):
        dns.text("mail.shop.example", "v=spf1 include:other.example -all")
        check(domain, noon)

        page = login(lead).get(reverse("messaging:domain", args=[domain.pk])).content.decode()

        assert "v=spf1 include:other.example include:_spf.provider.example -all" in page

    def test_a_policy_of_the_domain_above_is_one(self, dns, lead, noon):
        domain = services.domain_create(by=lead, now=noon, name="news.shop.example")
        dns.text("_dmarc.shop.example", "v=DMARC1; p=reject")

        assert states(check(domain, noon))["dmarc"] == "ok"

    def test_links_may_lead_here_by_address_too(self, dns, domain, noon):
        publish(dns, domain)
        del dns.records["link.shop.example", "CNAME"]
        dns.put("link.shop.example", "A", "192.0.2.7")
        dns.put("app.bookend.example", "A", "192.0.2.7")

        assert states(check(domain, noon)) == GOOD

    def test_a_host_that_nobody_here_answers_to_will_not_do(self, dns, domain, noon, settings):
        publish(dns, domain)
        settings.ALLOWED_HOSTS = ["testserver"]

        assert states(check(domain, noon)) == GOOD | {"tracking": "wrong"}

    def test_the_key_of_a_mail_server_is_looked_for_under_its_selector(self, dns, domain, noon, lead):
        domain = services.domain_update(domain=domain, by=lead, now=noon, server_selector="s1")
        publish(dns, domain)
        dns.text("s1._domainkey.shop.example", "k=rsa; p=AAAA")

        assert states(check(domain, noon)) == GOOD

    def test_silence_forgets_nothing_that_was_known(self, dns, domain, noon):
        publish(dns, domain)
        check(domain, noon)
        dns.is_silent = True

        with pytest.raises(DnsSilent):
            resolver.lookup("shop.example", "TXT")
        domain.refresh_from_db()
        domain = check(domain, noon + timedelta(hours=7))

        assert (states(domain), domain.checked_at) == (GOOD, noon + timedelta(hours=7))
        assert not Notification.objects.exists()

    def test_silence_from_the_beginning_is_said(self, dns, domain, noon):
        dns.is_silent = True

        assert states(check(domain, noon)) == dict.fromkeys(GOOD, "silent")

    def test_what_is_not_right_any_more_is_told_once(self, dns, domain, noon, lead):
        publish(dns, domain)
        domain = check(domain, noon)
        del dns.records["_dmarc.shop.example", "TXT"]
        for hours in (7, 14):
            domain = check(domain, noon + timedelta(hours=hours))

        note = Notification.objects.get(user=lead)
        assert note.text == "shop.example: DNS is not right any more (DMARC). Mails may end up in spam."

    def test_a_domain_that_changed_meanwhile_keeps_nothing_of_it(self, dns, domain, noon, lead):
        before = SendingDomain.objects.get()
        services.domain_update(domain=domain, by=lead, now=noon, spf="")

        assert check(before, noon).findings == []


class TestDomainsCheck:
    def test_looks_at_what_nobody_has_looked_at_for_hours(self, dns, noon):
        old = SendingDomainFactory(checked_at=noon - timedelta(hours=7))
        never = SendingDomainFactory()
        SendingDomainFactory(checked_at=noon - timedelta(hours=5))

        counts = [services.domains_check(now=noon) for _time in range(2)]

        assert counts == [2, 0]
        assert set(SendingDomain.objects.filter(checked_at=noon)) == {old, never}


class TestDomainCreate:
    def test_has_a_key_of_its_own_that_is_sealed(self, domain):
        assert domain.public_key.startswith("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
        assert "PRIVATE" not in domain.private_key
        assert secrets.unseal(domain.private_key).startswith("-----BEGIN PRIVATE KEY-----")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "shop"),
            ("name", "Shop.example"),
            ("name", "-x.example"),
            ("return_path", "bounces@elsewhere.example"),
            ("return_path", "nonsense"),
            ("tracking_host", "link.elsewhere.example"),
            ("tracking_host", "notshop.example"),
            ("return_mx", "a b"),
            ("server_selector", "a b"),
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field(self, lead, noon, field, value):
        with pytest.raises(ValidationError) as refused:
            services.domain_create(**{"by": lead, "now": noon, "name": "shop.example", field: value})

        assert set(refused.value.message_dict) == {field}
        assert not SendingDomain.objects.exists()

    def test_the_same_one_twice_is_refused(self, domain, lead, noon):
        with pytest.raises(ValidationError, match="This domain is there already"):
            services.domain_create(by=lead, now=noon, name="shop.example")


class TestDomainSign:
    def test_only_with_a_key_that_everybody_can_find(self, dns, domain, noon, lead):
        with pytest.raises(services.DomainRefused, match="Publish the DKIM record"):
            services.domain_sign(domain=domain, on=True, by=lead, now=noon)
        publish(dns, domain)
        check(domain, noon)

        domain = services.domain_sign(domain=domain, on=True, by=lead, now=noon)

        assert SendingDomain.objects.get().is_signing
        assert AuditEvent.objects.get(action="domain.signing").by == lead

    def test_a_mail_server_that_signs_is_left_to_it(self, dns, domain, noon, lead):
        publish(dns, domain)
        domain = services.domain_sign(domain=check(domain, noon), on=True, by=lead, now=noon)

        domain = services.domain_update(domain=domain, by=lead, now=noon, server_selector="s1")

        assert not domain.is_signing
        with pytest.raises(services.DomainRefused, match="Your mail server signs"):
            services.domain_sign(domain=domain, on=True, by=lead, now=noon)


class TestWhoAsks:
    def test_readiness_knows_a_domain_that_nobody_looks_at(self, noon):
        message = MessageFactory(sender__email="news@shop.example")
        run = dict(readiness.items())["messaging.domains"].run

        before = run(message.campaign, noon)
        SendingDomainFactory(name="shop.example")
        unchecked = run(message.campaign, noon)
        SendingDomain.objects.update(checked_at=noon, findings=[{"key": "spf", "state": "ok"}])
        after = run(message.campaign, noon)

        assert (before.ok, unchecked.ok, after.ok) == (False, False, True)
        assert before.sentence.startswith("Nobody looks at the DNS of “news@shop.example”")

    def test_doctor_names_what_is_wrong_and_what_is_old(self, noon, monkeypatch):
        monkeypatch.setattr(doctor.clock, "now", lambda: noon)
        wrong = {"findings": [{"key": "spf", "state": "missing"}], "checked_at": noon}
        domain = SendingDomainFactory(name="shop.example", **wrong)

        first = doctor.domains_check()
        SendingDomain.objects.update(findings=[], checked_at=noon - timedelta(days=2))
        late = doctor.domains_check()
        SendingDomain.objects.update(checked_at=noon)

        assert (first.level, late.level, doctor.domains_check().level) == (
            Level.WARNING,
            Level.WARNING,
            Level.OK,
        )
        assert domain.name in first.detail


class TestPages:
    def url(self, name, *args):
        return reverse(f"messaging:{name}", args=args)

    def test_a_domain_is_added_shown_checked_and_signed(self, login, lead, dns):
        client = login(lead)
        fields = {"name": "Köln.Example", "tracking_host": "", "spf": "", "return_path": "", "return_mx": ""}

        made = client.post(self.url("domain-create"), fields | {"server_selector": ""})
        domain = SendingDomain.objects.get()
        page = client.get(self.url("domain", domain.pk))
        publish(dns, domain)
        client.post(self.url("domain-check", domain.pk))
        client.post(self.url("domain-sign", domain.pk), {"on": "1"})

        assert domain.name == "xn--kln-sna.example"
        assert made.headers["Location"] == self.url("domain", domain.pk)
        assert f"p={domain.public_key}" in page.content.decode()
        domain.refresh_from_db()
        assert (domain.is_well, domain.is_signing) == (True, True)

    def test_pages_to_a_browser_and_fragments_to_htmx(self, login, lead):
        domain = SendingDomainFactory()
        SenderFactory(email=f"news@{domain.name}")
        client = login(lead)

        for url in (self.url("domains"), self.url("domain", domain.pk)):
            page, fragment = client.get(url), client.get(url, headers=HTMX)

            assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
            assert domain.name in fragment.content.decode()

    def test_what_is_wrong_stands_beside_its_field(self, login, lead):
        fields = {"name": "shop.example", "return_path": "bounces@other.example"}

        response = login(lead).post(self.url("domain-create"), fields)

        assert response.status_code == HTTPStatus.OK
        assert set(response.context["form"].errors) == {"return_path"}
        assert not SendingDomain.objects.exists()

    def test_those_who_only_look_change_nothing(self, login):
        domain = SendingDomainFactory()
        client = login(UserFactory(role=Role.MARKETER))

        page = client.get(self.url("domain", domain.pk)).content.decode()
        refused = [
            client.post(self.url(name, domain.pk)).status_code
            for name in ("domain-edit", "domain-check", "domain-sign", "domain-delete")
        ]

        assert "Check now" not in page
        assert refused == [HTTPStatus.FORBIDDEN] * 4
        assert SendingDomain.objects.get().checked_at is None


class TestApi:
    def test_the_whole_way(self, api, lead, dns):
        client = api(lead, "senders:write", "senders:read")

        made = client.post("/api/v1/sending-domains/", {"name": "shop.example"}, "json").json()
        url = f"/api/v1/sending-domains/{made['id']}/"
        early = client.post(f"{url}sign/", {"on": True}, "json")
        publish(dns, SendingDomain.objects.get())
        checked = client.post(f"{url}check/").json()
        signed = client.post(f"{url}sign/", {"on": True}, "json").json()
        changed = client.patch(url, {"return_path": "a@elsewhere.example"}, "json")

        assert [record["state"] for record in made["records"]] == ["", "", ""]
        assert early.status_code == HTTPStatus.CONFLICT
        assert [record["state"] for record in checked["records"]] == ["ok", "ok", "ok"]
        assert signed["is_signing"] is True
        assert changed.status_code == HTTPStatus.BAD_REQUEST
        assert "private" not in str(signed)
        assert client.delete(url).status_code == HTTPStatus.NO_CONTENT


def test_every_failing_check_says_where_it_is_mended(noon):
    """Of a campaign with nothing in it, and of one whose message is not written."""
    bare = BareCampaignFactory()
    unwritten = MessageFactory(sender__email="news@shop.example", template=None).campaign

    astray = {
        name
        for campaign in (bare, unwritten)
        for name, check in readiness.items()
        if not (found := check.run(campaign, noon)).ok and not found.url
    }

    assert astray == set()
