import json
from datetime import timedelta
from http import HTTPStatus

import pytest

from apps.contacts.models import Attribute, Event
from apps.core import clock
from apps.core.partitions import month_of, month_partition_ensure
from apps.segments import selectors, services
from apps.segments.models import Definition, DefinitionVersion
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.segments import DefinitionFactory, DefinitionVersionFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
HTMX = {"HX-Request": "true"}
DAYS = [{"name": "Days", "path": "all[0].within"}]


def ordered(days):
    return {"all": [{"event": "order", "did": True, "within": f"{days}d"}]}


def form(**fields):
    """Return what the builder posts for “ordered within …”, with the period named."""
    row = {"kind": "event", "name": "order", "did": "did", "period": "within", "unit": "d"}
    posted = {f"r.0:{name}": text for name, text in row.items()}
    return {"r:kind": "group", "r:match": "all", **posted, "r.0:named_within": "Days", **fields}


@pytest.fixture
def browser(login, lead):
    return login(lead)


@pytest.fixture
def active():
    return DefinitionFactory(
        attribute__key="active_customer",
        attribute__label="Active customer",
        version__rule=ordered(90),
        version__thresholds=DAYS,
    )


@pytest.fixture
def customers():
    """One who ordered 10 days ago, and one 70."""
    people = ContactFactory.create_batch(2)
    for person, days in zip(people, (10, 70), strict=True):
        at = clock.now() - timedelta(days=days)
        month_partition_ensure("contacts_event", month_of(at))
        Event.objects.create(contact=person, name="order", occurred_at=at, received_at=at)
    return people


def url(definition, end=""):
    return f"/segments/definitions/{definition.pk}/{end}"


class TestList:
    def test_is_a_page_and_a_fragment_with_what_waits(self, browser, active):
        DefinitionVersionFactory(definition=active)

        page = browser.get("/segments/definitions/").content.decode()
        fragment = browser.get("/segments/definitions/", headers=HTMX).content.decode()

        assert "<html" in page
        assert "<html" not in fragment
        assert "Active customer" in fragment
        assert "Waits for approval" in fragment

    def test_costs_the_same_with_twenty_rows(self, browser, django_assert_max_num_queries):
        DefinitionFactory.create_batch(20)

        with django_assert_max_num_queries(10):
            browser.get("/segments/definitions/")

    def test_is_narrowed_by_state_and_name(self, browser, active):
        other = DefinitionFactory(attribute__label="Fan")
        DefinitionVersionFactory(definition=other)

        waiting = browser.get("/segments/definitions/?state=proposed", headers=HTMX).content.decode()
        named = browser.get("/segments/definitions/?q=active", headers=HTMX).content.decode()

        assert "Fan" in waiting
        assert "Active customer" not in waiting
        assert "Active customer" in named
        assert "Fan" not in named


class TestCreate:
    about = {"label": "Buyer", "key": "buyer", "reason": "As finance counts", "uses": ["targeting"]}

    def test_keeps_what_was_built_with_its_thresholds(self, browser):
        response = browser.post("/segments/definitions/new/", form(**{"r.0:amount": "90"}, **self.about))

        made = Definition.objects.get()
        assert response.headers["Location"] == url(made)
        version = made.versions.get()
        assert (version.rule, version.thresholds, version.state) == (ordered(90), DAYS, "proposed")
        assert made.attribute.uses == ["targeting"]

    def test_an_act_of_the_builder_keeps_what_was_typed_and_the_name_of_the_row(self, browser):
        response = browser.post(
            "/segments/definitions/new/", form(**{"r.0:amount": "90", "act": "add-row r"}, **self.about)
        )

        page = response.content.decode()
        assert 'name="r.0:named_within" value="Days"' in page
        assert 'id="r-1-key"' in page
        assert 'value="Buyer"' in page
        assert not Definition.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"key": "city"}, "already exists"),
            ({"key": "Big Buyer"}, "big_buyer"),
            ({"reason": ""}, "This field is required"),
            ({"r.0:amount": ""}, "The rule is not complete"),
        ],
    )
    def test_tells_why_it_refused_and_keeps_nothing(self, browser, changes, refusal):
        posted = form(**{"r.0:amount": "90", **self.about, **changes})

        response = browser.post("/segments/definitions/new/", posted)

        assert response.status_code == HTTPStatus.OK
        assert refusal in response.content.decode()
        assert not Definition.objects.exists()
        assert not Attribute.objects.filter(is_computed=True).exists()

    def test_is_not_for_sales(self, login):
        response = login(UserFactory(role="sales")).post(
            "/segments/definitions/new/", form(**{"r.0:amount": "90"}, **self.about)
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Definition.objects.exists()


class TestChange:
    def test_begins_with_the_rule_in_force_and_the_names_of_its_thresholds(self, browser, active):
        page = browser.get(url(active, "edit/")).content.decode()

        assert 'name="r.0:amount" value="90"' in page
        assert 'name="r.0:named_within" value="Days"' in page

    def test_shows_the_effect_before_anything_is_saved(self, browser, active, customers):
        page = browser.post(url(active, "edit/"), form(**{"r.0:amount": "60"})).content.decode()

        assert '<span class="rule-number" id="effect-before">2</span>' in page
        assert '<span class="rule-number" id="effect-after">1</span>' in page
        assert '<span class="rule-number" id="effect-leave">−1</span>' in page
        assert f'href="/contacts/{customers[1].pk}/"' in page
        assert active.versions.count() == 1

    def test_tells_what_leads_back_to_itself(self, browser, active):
        segment = SegmentFactory(rule={"attribute": "active_customer", "op": "eq", "value": True})

        response = browser.post(
            url(active, "edit/"),
            {"r:kind": "group", "r:match": "all", "r.0:kind": "segment", "r.0:id": str(segment.pk)},
        )

        assert "it is not valid, or it refers back" in response.content.decode()
        assert active.versions.count() == 1


class TestEffect:
    def test_of_another_threshold_is_one_field(self, browser, active, customers):
        page = browser.get(url(active, "effect/"), {"threshold-0": "60"}).content.decode()

        assert '<span class="rule-number" id="effect-after">1</span>' in page
        assert "<s>90 days</s>" in page
        assert "<strong>60 days</strong>" in page
        assert active.versions.count() == 1

    @pytest.mark.parametrize("told", ["", "0", "-5", "many", "99999999", "1.5", "\x00"])
    def test_of_what_is_no_number_of_days_is_refused(self, browser, active, told):
        response = browser.get(url(active, "effect/"), {"threshold-0": told})

        assert response.status_code == HTTPStatus.OK
        assert "length of time" in response.content.decode()
        assert "proposal-form" not in response.content.decode()

    def test_of_an_old_version_compares_it_with_the_one_in_force(self, browser, active, customers):
        DefinitionVersionFactory(definition=active, state="refused", rule=ordered(5), thresholds=DAYS)

        page = browser.get(url(active, "effect/"), {"version": "2"}).content.decode()
        absent = browser.get(url(active, "effect/"), {"version": "7"})

        assert '<span class="rule-number" id="effect-after">0</span>' in page
        assert absent.status_code == HTTPStatus.NOT_FOUND


class TestPropose:
    def post(self, browser, active, **changes):
        told = {"rule": json.dumps(ordered(60)), "thresholds": json.dumps(DAYS), "reason": "Fewer", **changes}
        return browser.post(url(active, "propose/"), told)

    def test_keeps_the_old_version_in_force(self, browser, active, lead):
        response = self.post(browser, active)

        version = active.versions.get(number=2)
        assert response.headers["Location"] == f"/segments/definitions/versions/{version.pk}/"
        assert (version.state, version.by, version.rule) == ("proposed", lead, ordered(60))
        assert selectors.version_in_force(active).rule == ordered(90)

    def test_without_a_reason_is_refused_beside_its_field(self, browser, active):
        response = self.post(browser, active, reason="")

        assert "This field is required" in response.content.decode()
        assert active.versions.count() == 1

    @pytest.mark.parametrize(
        "changes", [{"rule": "{"}, {"thresholds": '["x"]'}, {"thresholds": '[{"name": 1, "path": ""}]'}]
    )
    def test_of_what_our_page_never_wrote_is_not_there(self, browser, active, changes):
        assert self.post(browser, active, **changes).status_code == HTTPStatus.NOT_FOUND
        assert active.versions.count() == 1


class TestVersion:
    @pytest.fixture
    def proposed(self, active):
        return DefinitionVersionFactory(definition=active, rule=ordered(60), thresholds=DAYS, effect={})

    def act(self, browser, version, verb, **told):
        return browser.post(f"/segments/definitions/versions/{version.pk}/{verb}/", told)

    def test_that_waits_shows_its_effect_as_the_data_is_now(self, browser, proposed, customers):
        page = browser.get(f"/segments/definitions/versions/{proposed.pk}/").content.decode()

        assert '<span class="rule-number" id="effect-leave">−1</span>' in page
        assert "Approve" in page

    def test_is_approved_by_another(self, browser, proposed, active):
        response = self.act(browser, proposed, "approve")

        assert response.headers["Location"] == url(active)
        assert selectors.version_in_force(active) == proposed

    def test_is_not_offered_for_approval_to_who_proposed_it(self, browser, proposed, lead):
        DefinitionVersion.objects.filter(pk=proposed.pk).update(by=lead)

        page = browser.get(f"/segments/definitions/versions/{proposed.pk}/").content.decode()
        refused = self.act(browser, proposed, "approve").content.decode()

        assert "Approve: it is in force at once" not in page
        assert "somebody else has to approve it" in refused
        proposed.refresh_from_db()
        assert proposed.state == "proposed"

    def test_is_refused_only_with_a_note(self, browser, proposed):
        without = self.act(browser, proposed, "refuse").content.decode()
        self.act(browser, proposed, "refuse", note="Too few")

        proposed.refresh_from_db()
        assert "Say why" in without
        assert (proposed.state, proposed.note) == ("refused", "Too few")

    def test_a_marketer_may_propose_and_not_approve(self, login, proposed):
        browser = login(UserFactory(role="marketer"))

        assert self.act(browser, proposed, "approve").status_code == HTTPStatus.FORBIDDEN
        proposed.refresh_from_db()
        assert proposed.state == "proposed"


class TestRecomputeAndDelete:
    def test_by_hand_makes_it_due(self, browser, active):
        browser.post(url(active, "recompute/"))

        assert Definition.objects.due(at=clock.now()).get() == active

    def test_what_is_used_is_not_deleted_and_the_page_says_by_what(self, browser, active):
        SegmentFactory(name="Loyal", rule={"attribute": "active_customer", "op": "eq", "value": True})

        response = browser.post(url(active, "delete/"), follow=True)

        assert "is used by Segment “Loyal”" in response.content.decode()
        assert Definition.objects.get() == active

    def test_what_is_not_used_is_deleted(self, browser, active):
        response = browser.post(url(active, "delete/"))

        assert response.headers["Location"] == "/segments/definitions/"
        assert not Definition.objects.exists()

    def test_answers_narrow_the_list_of_contacts(self, browser, active, customers):
        active.versions.update(rule=ordered(30))
        services.definition_compute(definition=active, now=clock.now())

        where = json.dumps([["active_customer", "eq", "yes"]])
        told = browser.get("/contacts/", {"where": where}, follow=True).content.decode()

        assert customers[0].email in told
        assert customers[1].email not in told
