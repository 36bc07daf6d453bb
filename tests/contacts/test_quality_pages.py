import html
from http import HTTPStatus

import pytest
from django.db import connection
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import (
    Contact,
    QualityFinding,
    QualityMend,
    QualityPair,
    QualityRule,
    QualityScan,
)
from apps.contacts.quality import RULES
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    ContactFactory,
    QualityMendFactory,
    QualityPairFactory,
    QualityScanFactory,
)

pytestmark = pytest.mark.django_db
RULE = {"key": "suspicious_names"}
TIDY = {**RULE, "act": "names_tidy"}


@pytest.fixture(autouse=True)
def undurable():
    connection.atomic_blocks[-1]._from_testcase = True


@pytest.fixture
def steward(login):
    """Somebody who answers for the data."""
    return login(UserFactory(role="data_lead"))


@pytest.fixture
def scanned(noon):
    """Return a function: look at these many contacts whose names are in capitals."""
    AttributeFactory(key="first_name")
    AttributeFactory(key="last_name")

    def look(count=1):
        people = ContactFactory.create_batch(count, attributes={"first_name": "ANN", "last_name": "Smith"})
        services.quality_scan_start(by=None, now=noon)
        work(noon)
        return people

    return look


def work(noon):
    while services.quality_mends_run(now=noon) or services.quality_scans_run(now=noon):
        pass


def text(response):
    return response.content.decode()


def test_each_rule_says_what_to_do_and_leads_to_it(steward, scanned, noon):
    scanned()
    scan = QualityScan.objects.get()
    for rule in RULES.values():
        QualityFinding.objects.create(scan=scan, rule=rule.key, contact=ContactFactory())

        page = text(steward.get(reverse("contacts:quality-rule", args=[rule.key])))

        assert rule.acts or rule.advice
        assert str(rule.advice) in html.unescape(page)
        assert reverse("segments:list_of_findings", args=[rule.key]) in page


class TestQuality:
    def test_says_that_nobody_has_looked_and_starts_a_scan(self, steward, noon):
        page = reverse("contacts:quality")
        assert "Nobody has looked yet" in text(steward.get(page))

        steward.post(reverse("contacts:quality-scan"))
        assert 'hx-trigger="every 2s"' in text(steward.get(page, headers={"hx-request": "true"}))
        work(noon)

        told = text(steward.get(page))
        assert 'hx-trigger="every 2s"' not in told
        assert "100.00" in told
        assert QualityScan.objects.get().by.role == "data_lead"

    def test_a_second_scan_is_refused_with_its_reason(self, steward, noon):
        services.quality_scan_start(by=None, now=noon)

        page = steward.post(reverse("contacts:quality-scan"))

        assert page.status_code == HTTPStatus.OK
        assert "A scan is at work already." in text(page)
        assert QualityScan.objects.count() == 1

    def test_costs_the_same_for_one_scan_and_for_many(self, steward, django_assert_num_queries):
        QualityScanFactory()
        steward.get(reverse("contacts:quality"))
        with django_assert_num_queries(8):
            steward.get(reverse("contacts:quality"))
        QualityScanFactory.create_batch(20)
        QualityMendFactory.create_batch(5)
        with django_assert_num_queries(8):
            steward.get(reverse("contacts:quality"))

    def test_sales_looks_and_starts_nothing(self, login):
        client = login(UserFactory(role="sales"))

        assert "Look now" not in text(client.get(reverse("contacts:quality")))
        assert client.post(reverse("contacts:quality-scan")).status_code == HTTPStatus.FORBIDDEN
        assert not QualityScan.objects.exists()


class TestRulePage:
    def test_lists_whom_it_found_and_leads_to_where_each_is_mended(self, steward, scanned):
        (ann,) = scanned()

        told = text(steward.get(reverse("contacts:quality-rule", kwargs=RULE)))

        assert reverse("contacts:edit", args=[ann.pk]) in told
        assert reverse("contacts:quality-mend-start", kwargs=TIDY) in told
        assert "All in capitals, or none" in told
        assert "names_clear" not in told

    def test_costs_the_same_for_one_and_for_many(self, steward, scanned, django_assert_num_queries):
        scanned(20)
        url = reverse("contacts:quality-rule", kwargs=RULE)
        with django_assert_num_queries(8):
            assert text(steward.get(url)).count("row-link") == 20

    def test_a_rule_is_tuned(self, steward):
        url = reverse("contacts:quality-rule-edit", kwargs={"key": "role_addresses"})
        assert "postmaster" in text(steward.get(url))

        steward.post(url, {"weight": 3, "words": "Info\n sales \n\n"})

        rule = QualityRule.objects.get()
        assert (rule.key, rule.is_on, rule.weight) == ("role_addresses", False, 3)
        assert rule.settings == {"words": ["info", "sales"]}

    def test_a_refusal_stands_beside_its_field(self, steward):
        url = reverse("contacts:quality-rule-edit", kwargs={"key": "role_addresses"})

        page = steward.post(url, {"weight": 3, "words": "x" * 101})

        assert page.context["form"].errors["words"] == ["These are at most 1,000 words of up to 100 letters."]
        assert not QualityRule.objects.exists()

    def test_there_is_no_other_rule(self, steward):
        url = reverse("contacts:quality-rule", kwargs={"key": "nonsense"})

        assert steward.get(url).status_code == HTTPStatus.NOT_FOUND


class TestMendPages:
    def test_shown_before_done_and_undone(self, steward, scanned, noon):
        (ann,) = scanned()
        url = reverse("contacts:quality-mend-start", kwargs=TIDY)

        preview = text(steward.get(url))
        assert "<s>ANN</s>" in preview
        assert "<strong>Ann</strong>" in preview
        page = steward.post(url)
        work(noon)
        mend = QualityMend.objects.get()
        assert page.headers["Location"] == reverse("contacts:quality-mend", args=[mend.pk])
        assert Contact.objects.get(pk=ann.pk).attributes["first_name"] == "Ann"
        assert "It is mended." in text(steward.get(page.headers["Location"]))
        QualityMend.objects.update(finished_at=noon)

        services.mend_undo(mend=mend, by=None, now=noon)
        work(noon)
        assert Contact.objects.get(pk=ann.pk).attributes["first_name"] == "ANN"
        assert reverse("contacts:quality-mend", args=[mend.pk]) in text(
            steward.get(reverse("contacts:quality-mend-list"))
        )

    def test_a_marketer_mends_nothing(self, login, scanned):
        scanned()
        client = login(UserFactory(role="marketer"))

        assert (
            client.post(reverse("contacts:quality-mend-start", kwargs=TIDY)).status_code
            == HTTPStatus.FORBIDDEN
        )
        assert not QualityMend.objects.exists()

    def test_before_the_first_scan_it_says_so(self, steward):
        page = steward.post(reverse("contacts:quality-mend-start", kwargs=TIDY))

        assert "start a scan first" in text(page)


class TestPairList:
    def test_leads_to_the_comparison_and_dismisses(self, steward):
        pair = QualityPairFactory()
        told = text(steward.get(reverse("contacts:pair-list")))
        assert f"{reverse('contacts:merge', args=[pair.contact_id])}?other={pair.other_id}" in told

        steward.post(reverse("contacts:pair-dismiss", args=[pair.pk]))

        assert "Nobody looks like somebody else" in text(steward.get(reverse("contacts:pair-list")))
        dismissed = text(steward.get(reverse("contacts:pair-list"), {"state": "dismissed"}))
        assert reverse("contacts:pair-reopen", args=[pair.pk]) in dismissed

    def test_costs_the_same_for_one_and_for_many(self, steward, django_assert_num_queries):
        QualityPairFactory.create_batch(20)
        with django_assert_num_queries(3):
            assert text(steward.get(reverse("contacts:pair-list"))).count("95 %") == 20

    def test_are_worked_through_one_after_the_other(self, steward):
        last, second, first = (QualityPairFactory(likeness=likeness) for likeness in (70, 80, 90))

        def place(pair):
            merge = reverse("contacts:merge", args=[pair.contact_id])
            return f"{merge}?other={pair.other_id}&pair={pair.pk}"

        assert place(first).replace("&", "&amp;") in text(steward.get(reverse("contacts:pair-list")))
        compared = steward.get(place(first))
        assert "Two people, on to the next" in text(compared)
        rooms = [room for group in compared.context["rail"] for room in group.rooms if room.is_current]
        assert [str(room.label) for room in rooms] == ["Quality"]
        dismiss = reverse("contacts:pair-dismiss", args=[first.pk])
        assert steward.post(dismiss, {"next": "1"}).headers["Location"] == place(second)
        merged = steward.post(place(second), {"other": second.other_id, "is_same": "on"})
        assert merged.headers["Location"] == place(last)
        merged = steward.post(place(last), {"other": last.other_id, "is_same": "on"})
        assert merged.headers["Location"] == reverse("contacts:pair-list")


class TestApi:
    def test_rules_are_listed_and_tuned(self, api):
        client = api(UserFactory(role="data_lead"), "quality:read", "quality:write")

        rules = client.get("/api/v1/quality-rules/").json()
        assert [rule["key"] for rule in rules] == list(RULES)
        changed = client.patch(
            "/api/v1/quality-rules/staleness/", {"settings": {"days": 90}, "on": False}, format="json"
        ).json()

        assert (changed["settings"], changed["on"], changed["weight"]) == ({"days": 90}, False, 1)
        assert client.get("/api/v1/quality-rules/staleness/").json() == changed
        refused = client.patch("/api/v1/quality-rules/staleness/", {"settings": {"days": 0}}, format="json")
        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert client.patch("/api/v1/quality-rules/nonsense/").status_code == HTTPStatus.NOT_FOUND

    def test_a_scan_is_started_and_its_findings_read(self, api, scanned, noon):
        (ann,) = scanned()
        client = api(UserFactory(role="data_lead"), "quality:read", "quality:write")

        started = client.post("/api/v1/quality-scans/").json()
        assert (started["status"], started["results"]) == ("pending", [])
        again = client.post("/api/v1/quality-scans/")
        assert again.status_code == HTTPStatus.CONFLICT
        work(noon)

        scan = client.get(f"/api/v1/quality-scans/{started['id']}/").json()
        assert (scan["status"], scan["percent"], scan["checked"]) == ("done", 100, 1)
        (found,) = client.get("/api/v1/quality-findings/?rule=suspicious_names").json()["results"]
        assert (found["contact"], found["detail"]) == (ann.pk, "capitals")
        told = {result["rule"]: result["found"] for result in scan["results"]}
        assert told["suspicious_names"] == 1

    def test_mends_are_shown_done_and_undone(self, api, scanned, noon):
        (ann,) = scanned()
        client = api(UserFactory(role="data_lead"), "quality:read", "quality:write")
        what = {"rule": "suspicious_names", "act": "names_tidy"}

        preview = client.post("/api/v1/quality-mends/preview/", what, format="json").json()
        assert preview == {
            "contacts": 1,
            "first": [
                {
                    "contact": ann.pk,
                    "changes": [{"attribute": "first_name", "before": "ANN", "after": "Ann"}],
                }
            ],
        }
        mend = client.post("/api/v1/quality-mends/", what, format="json").json()
        work(noon)
        url = f"/api/v1/quality-mends/{mend['id']}/"
        assert client.get(url).json()["changed"] == 1
        assert client.post(f"{url}undo/").json()["status"] == "undoing"
        work(noon)
        assert client.get(url).json()["status"] == "undone"

    def test_suggestions_are_merged_or_dismissed(self, api):
        client = api(UserFactory(role="data_lead"), "contacts:read", "contacts:write")
        one, two = QualityPairFactory(), QualityPairFactory(likeness=50)

        (told,) = client.get("/api/v1/merge-suggestions/?min_likeness=90").json()["results"]
        assert (told["contact"], told["other"], told["status"]) == (one.contact_id, one.other_id, "open")
        url = f"/api/v1/merge-suggestions/{one.pk}"
        unseen = client.post(f"{url}/merge/", {"keep": one.other_id, "confirm": False}, format="json")
        assert unseen.status_code == HTTPStatus.BAD_REQUEST
        merged = client.post(f"{url}/merge/", {"keep": one.other_id, "confirm": True}, format="json").json()
        assert (merged["contact"], merged["gone"]) == (one.other_id, one.contact_id)
        client.post(f"/api/v1/merge-suggestions/{two.pk}/dismiss/")
        assert QualityPair.objects.get(pk=two.pk).state == "dismissed"
