"""How mails fare by mailbox provider: the roll-up, the page, and what it says to do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from apps.messaging import selectors, services
from apps.messaging.models import DeliveryEvent, DomainFigure, Message, Recipient, RefusalFigure
from apps.messaging.services import figures
from tests.factories.accounts import UserFactory
from tests.factories.contacts import SuppressionFactory
from tests.factories.messaging import (
    DomainFigureFactory,
    MessageFactory,
    ProviderFactory,
    RecipientFactory,
    RefusalFigureFactory,
    SendingDomainFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
COUNTS = ("sent", "hard", "soft", "ours", "complained", "unknown")


@pytest.fixture
def message(noon):
    return MessageFactory(launched=True, launched_at=noon, sender__email="news@Shop.example")


def mail(message, address, *, state="sent", at=None, **told):
    row = RecipientFactory(message=message, address=address, state=state)
    for kind, bounce in told.items():
        DeliveryEvent.objects.create(
            recipient=row, message=message, contact=row.contact, kind=kind, at=at, bounce_class=bounce
        )
    return row


def recently():
    return clock.now() - timedelta(hours=1)


def rows():
    found = DomainFigure.objects.order_by("domain")
    return {(row.sending_domain, row.domain): tuple(getattr(row, name) for name in COUNTS) for row in found}


class TestRefresh:
    @pytest.fixture(autouse=True)
    def month(self, noon):
        services.partitions_ensure(now=noon)

    def test_counts_what_became_of_mails_by_our_domain_and_theirs(self, message, noon):
        mail(message, "a@gmail.com")
        mail(message, "b@GMAIL.com", at=noon, bounced="hard", complained="")
        mail(message, "c@gmail.com", state="unknown")
        mail(message, "d@gmail.com", state="failed")
        mail(message, "e@gmx.example", at=noon, bounced="soft")
        mail(message, '"f@x"@gmx.example', at=noon, bounced="ours")

        services.domain_figures_refresh(now=noon)

        assert rows() == {
            ("shop.example", "gmail.com"): (2, 1, 0, 0, 1, 1),
            ("shop.example", "gmx.example"): (2, 0, 1, 1, 0, 0),
        }

    def test_keeps_what_servers_said_by_domain_without_addresses(self, message, noon):
        answers = [
            ("a@gmail.com", "550 5.1.1 <a@gmail.com> does not exist"),
            ("b@GMAIL.com", "550-5.1.1 <b@gmail.com> unknown"),
            ("c@gmail.com", "451 4.7.0 come back later"),
            ("d@gmail.com", "421"),
            ("e@gmx.example", "5505 is no code"),
            ("f@gmx.example", "The template fails on this contact's data"),
            ("g@gmx.example", "550 no"),
        ]
        for address, answer in answers:
            RecipientFactory(message=message, address=address, state="failed", answer=answer)
        RecipientFactory(message=message, address="h@gmail.com", state="sent", answer="550 5.1.1 before")

        services.domain_figures_refresh(now=noon)

        found = RefusalFigure.objects.values_list("domain", "code", "count", "sample", "other_sample")
        assert set(found) == {
            ("gmail.com", "550 5.1.1", 2, "550 5.1.1 <…> does not exist", "550-5.1.1 <…> unknown"),
            ("gmail.com", "451 4.7.0", 1, "451 4.7.0 come back later", "451 4.7.0 come back later"),
            ("gmail.com", "421", 1, "421", "421"),
            ("gmx.example", "550", 1, "550 no", "550 no"),
        }

    def test_what_a_provider_said_over_http_is_no_servers_word(self, message, noon):
        message.sender.provider = ProviderFactory()
        message.sender.save()
        RecipientFactory(message=message, address="a@gmail.com", state="failed", answer="422 invalid")

        services.domain_figures_refresh(now=noon)

        assert not RefusalFigure.objects.exists()

    def test_counting_refusals_again_after_a_retry_leaves_the_taken_ones_out(self, message, noon):
        row = RecipientFactory(message=message, address="a@gmail.com", state="failed", answer="451 later")
        services.domain_figures_refresh(now=noon)
        Recipient.objects.filter(pk=row.pk).update(state="sent", answer="250 ok")

        services.domain_figures_refresh(now=noon + timedelta(minutes=30))

        assert not RefusalFigure.objects.exists()

    def test_all_but_the_largest_are_one_row_and_nothing_is_lost(self, message, noon, monkeypatch):
        monkeypatch.setattr(figures, "LARGEST", 1)
        for address in ("a@gmail.com", "b@gmail.com", "c@one.example", "d@two.example", ""):
            mail(message, address)

        services.domain_figures_refresh(now=noon)

        assert rows() == {
            ("shop.example", ""): (3, 0, 0, 0, 0, 0),
            ("shop.example", "gmail.com"): (2, 0, 0, 0, 0, 0),
        }

    def test_again_changes_nothing_and_follows_what_is_new(self, message, noon):
        row = mail(message, "a@gmail.com")
        Message.objects.update(state="finished", finished_at=noon)
        moments = [noon + timedelta(minutes=minutes) for minutes in (0, 1, 10, 20)]
        counts = [services.domain_figures_refresh(now=moment) for moment in moments]
        at = noon + timedelta(minutes=25)
        DeliveryEvent.objects.create(
            recipient=row, message=message, contact=row.contact, kind="bounced", at=at, bounce_class="hard"
        )
        counts.append(services.domain_figures_refresh(now=noon + timedelta(minutes=30)))

        # At first; too soon; once more, since it ended in the moment of the first; nothing new; the bounce.
        assert counts == [1, 0, 1, 0, 1]
        assert rows() == {("shop.example", "gmail.com"): (1, 1, 0, 0, 0, 0)}

    def test_messages_of_other_months_rest(self, message, noon):
        mail(message, "a@gmail.com")

        assert services.domain_figures_refresh(now=noon + timedelta(days=31)) == 0


class TestDeliverability:
    def told(self, now, **counts):
        DomainFigureFactory(message__launched_at=now, **counts)
        SendingDomainFactory(name="shop.example", checked_at=now, findings=[])
        page = selectors.deliverability(now=now)
        return [(advice.tone, advice.text) for advice in page.advice]

    @pytest.fixture(autouse=True)
    def return_path(self, settings):
        settings.RETURN_PATH = "bounces@shop.example"

    def test_all_is_well(self, noon):
        assert self.told(noon, sent=10_000, complained=9, hard=100, ours=50) == []

    @pytest.mark.parametrize(
        ("counts", "tone", "text"),
        [
            ({"complained": 10}, "warn", "0.10 % of readers call your mails spam. Stay below 0.1 %"),
            ({"complained": 30}, "bad", "0.30 % of readers call your mails spam. From 0.3 % on"),
            ({"hard": 200}, "warn", "2.0 % of your mails go to addresses that do not exist."),
            ({"ours": 100}, "warn", "gmail.com turns away mails from shop.example."),
            ({"unknown": 3}, "info", "3 mails have an unknown end."),
        ],
    )
    def test_says_what_to_do(self, noon, counts, tone, text):
        [(found, sentence)] = self.told(noon, sent=10_000, **counts)

        assert found == tone
        assert sentence.startswith(text)

    def test_a_few_mails_say_nothing(self, noon):
        assert self.told(noon, sent=99, complained=9, hard=50, ours=20) == []

    def test_names_a_domain_that_nobody_looks_at(self, noon):
        DomainFigureFactory(message__launched_at=noon)

        [advice] = selectors.deliverability(now=noon).advice

        assert advice.text == "Nobody looks at the DNS of shop.example."

    def test_says_that_nobody_reads_what_comes_back(self, noon, settings):
        settings.RETURN_PATH = ""

        [(_tone, text)] = self.told(noon)

        assert text.startswith("Nobody reads what comes back")

    def test_sums_the_last_thirty_days(self, noon):
        DomainFigureFactory(message__launched_at=noon, sent=10, soft=1)
        DomainFigureFactory(message__launched_at=noon - timedelta(days=29), sent=20, domain="gmx.example")
        DomainFigureFactory(message__launched_at=noon - timedelta(days=31), sent=40)
        SuppressionFactory(at=noon, reason="bounced")
        SuppressionFactory(at=noon - timedelta(days=2), reason="complained")
        SuppressionFactory(at=noon - timedelta(days=40), reason="bounced")

        page = selectors.deliverability(now=noon)

        assert (page.total.sent, page.total.delivered) == (30, 29)
        assert [(pair.domain, pair.fate.sent) for pair in page.pairs] == [
            ("gmx.example", 20),
            ("gmail.com", 10),
        ]
        assert [count for _day, count in page.suppressed][-3:] == [1, 0, 1]
        assert len(page.suppressed) == 31
        assert sorted(page.reasons) == [("Address does not exist", 1), ("Complained", 1)]


class TestPage:
    def test_is_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        client = login(lead)
        url = reverse("messaging:deliverability")

        page, fragment = client.get(url), client.get(url, headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        assert b"Nothing was sent in the last 30 days" in fragment.content

    def test_says_so_when_what_was_sent_is_not_counted_yet(self, login, lead):
        message = MessageFactory(launched=True)
        Message.objects.filter(pk=message.pk).update(launched_at=recently())
        RecipientFactory(message=message, state="sent")

        page = login(lead).get(reverse("messaging:deliverability"))

        assert b"Being counted" in page.content
        assert b"Nothing was sent" not in page.content

    def test_costs_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        for number in range(20):
            figure = DomainFigureFactory(domain=f"d{number}.example")
            Message.objects.filter(pk=figure.message_id).update(launched_at=recently())
        client = login(lead)

        # Session, user; clock; sums, pairs, suppressions, refusals twice, domains; if anything came back;
        # warm-ups and limits.
        with django_assert_num_queries(12):
            response = client.get(reverse("messaging:deliverability"), headers=HTMX)
        assert b"d19.example" in response.content

    def test_an_executive_sees_figures_and_is_shown_no_way_to_addresses(self, login):
        figure = DomainFigureFactory()
        Message.objects.filter(pk=figure.message_id).update(launched_at=recently())

        told = login(UserFactory(role=User.Role.EXECUTIVE)).get(reverse("messaging:deliverability"))

        assert b"gmail.com" in told.content
        assert reverse("messaging:reports").encode() not in told.content

    def test_what_servers_said_stands_beside_it_the_most_frequent_first(self, login, lead):
        for code, count in (("451 4.7.0", 3), ("550 5.1.1", 7)):
            figure = RefusalFigureFactory(code=code, count=count, sample=f"{code} one", other_sample="two")
            Message.objects.filter(pk=figure.message_id).update(launched_at=recently())
        RefusalFigureFactory(message__launched_at=recently() - timedelta(days=40), code="552")

        page = selectors.deliverability(now=clock.now())
        shown = login(lead).get(reverse("messaging:deliverability")).content.decode()

        assert [(one.code, one.count, one.is_passing) for one in page.refused] == [
            ("550 5.1.1", 7, False), ("451 4.7.0", 3, True),
        ]  # fmt: skip
        assert page.refused[0].samples == ["550 5.1.1 one", "two"]
        assert "550 5.1.1 one" in shown
        assert "Nothing was sent in the last 30 days" in shown

    def test_a_domain_that_refuses_us_for_what_we_are_is_named_and_no_part_of_the_shares(self, login, lead):
        for code, count in (("550 5.7.1", 120), ("550 5.1.1", 40)):
            figure = RefusalFigureFactory(code=code, count=count, domain="strict.example")
            Message.objects.filter(pk=figure.message_id).update(launched_at=recently())

        page = selectors.deliverability(now=clock.now())
        shown = login(lead).get(reverse("messaging:deliverability")).content.decode()

        assert (page.refused_count, page.total.sent) == (160, 0)
        assert page.advice[0].text.startswith("strict.example refuses mails from shop.example")
        assert page.advice[0].text.partition(".")[0] in shown

    def test_programs_read_the_same(self, api, lead):
        figure = DomainFigureFactory(hard=10)
        Message.objects.filter(pk=figure.message_id).update(launched_at=recently())

        told = api(lead, "results:read").get("/api/v1/deliverability/").json()

        assert (told["total"]["sent"], told["total"]["delivered"]) == (1000, 990)
        assert told["pairs"][0]["domain"] == "gmail.com"
