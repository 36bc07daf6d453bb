import pytest

from apps.contacts.models import Consent, ConsentStatus
from apps.segments import selectors
from apps.segments.selectors import counts, panel
from apps.segments.templatetags.segments import about
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.segments import SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}


@pytest.fixture
def many(monkeypatch):
    """Have a panel asked instead of everybody, as it is with millions; everybody is 400 people here."""
    people = ContactFactory.create_batch(400, identity=None, consent=False)
    monkeypatch.setattr(panel, "EVERYBODY", 100)
    monkeypatch.setattr(panel, "contacts_total", lambda: 400)
    monkeypatch.setattr(panel, "SIZE", 200)
    return people


def rome(people):
    for person in people:
        person.attributes = {"city": "Rome"}
        person.save()


def preview(rule, noon, **how):
    return selectors.rule_preview(selectors.rule_read(rule), now=noon, **how)


class TestRulePreview:
    def test_few_contacts_are_all_asked(self, noon):
        found = ContactFactory(attributes={"city": "Rome"})
        ContactFactory(erased_at=noon, attributes={"city": "Rome"})
        ContactFactory()

        seen = preview(ROME, noon)

        assert (seen.size, seen.total, seen.people) == (counts.Count.exactly(1), 2, (found.pk,))

    def test_says_of_everyone_found_whether_they_can_be_reached_and_why_not(self, noon):
        ContactFactory()
        ContactFactory(email="")
        ContactFactory(consent=False)
        suppressed = ContactFactory()
        SuppressionFactory(address=suppressed.email)
        for phone in ("+43699", "+43700"):
            Consent.objects.create(
                contact=ContactFactory(phone=phone),
                channel="sms",
                status=ConsentStatus.SUBSCRIBED,
                changed_at=noon,
            )
        SuppressionFactory(address="+43700", channel="sms")

        email, sms = preview({"all": []}, noon).reach

        assert email.reachable.count == 3
        assert {reason.value: n.count for reason, n in email.reasons.items()} == {
            "no_address": 1,
            "no_consent": 1,
            "suppressed": 1,
        }
        assert sms.reachable.count == 1
        assert {reason.value: n.count for reason, n in sms.reasons.items()} == {
            "no_address": 4,
            "suppressed": 1,
        }

    def test_many_are_estimated_with_an_interval_that_holds_the_truth(self, noon, many):
        rome(many[::2])

        seen = preview(ROME, noon)

        assert not seen.size.is_exact
        assert seen.size.low <= 200 <= seen.size.high
        assert seen.size.high - seen.size.low < 80
        assert len(seen.people) == 10
        assert seen == preview(ROME, noon)  # a number that jumps while one types is no use

    def test_many_are_counted_exactly_on_demand(self, noon, many):
        rome(many[::2])

        assert preview(ROME, noon, is_exact=True).size == counts.Count.exactly(200)

    def test_a_rare_rule_is_counted_exactly_because_a_panel_would_say_little(self, noon, many):
        rome(many[7:9])

        seen = preview(ROME, noon)

        assert (seen.size, len(seen.people)) == (counts.Count.exactly(2), 2)

    def test_the_draw_of_a_panel_moves_no_further_than_the_end_of_the_ids(self, many):
        before = panel.panel_ids(100, total=400)
        ContactFactory.create_batch(4, identity=None, consent=False)

        after = panel.panel_ids(100, total=404)

        assert all(min(abs(one - other) for other in after) <= 4 for one in before)

    def test_nobody_at_all(self, noon):
        seen = preview(ROME, noon)

        assert (seen.size, seen.total, seen.share, seen.people) == (counts.Count.exactly(0), 0, None, ())


class TestRuleCheck:
    def test_says_of_each_condition_whether_it_holds(self, noon):
        roman, other = ContactFactory(attributes={"city": "Rome", "visits": 1}), ContactFactory()
        rule = {"any": [ROME, {"none": [{"attribute": "visits", "op": "gt", "value": 0}]}]}

        ours, theirs = selectors.rule_check(selectors.rule_read(rule), [roman.pk, other.pk], now=noon)

        assert (ours.holds, [held for _one, held in ours.conditions]) == (True, [True, True])
        assert (theirs.holds, [held for _one, held in theirs.conditions]) == (True, [False, False])
        assert [one.path for one, _held in ours.conditions] == ["any[0]", "any[1].none[0]"]

    def test_asks_once_whatever_the_number_of_conditions(self, noon, django_assert_num_queries):
        people = [ContactFactory().pk for _n in range(3)]
        node = selectors.rule_read({"all": [ROME] * 20})

        with django_assert_num_queries(1):
            selectors.rule_check(node, people, now=noon)

    def test_shares_tell_how_strict_each_condition_is(self, noon):
        ContactFactory.create_batch(3)
        ContactFactory(attributes={"city": "Rome"})
        rule = {"all": [ROME, {"attribute": "city", "op": "missing"}]}

        shares = selectors.rule_shares(selectors.rule_read(rule), now=noon)

        assert shares == {"all[0]": 0.25, "all[1]": 0.75}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (counts.Count.exactly(12345), "12,345"),
        (counts.Count(123456, 121000, 125900), "≈ 123,000"),
        (counts.Count(842, 810, 875), "≈ 840"),
        (counts.Count(0, 0, 768), "fewer than 768"),
    ],
)
def test_a_number_is_as_precise_as_it_is_known(count, text):
    assert about(count) == text


class TestAudience:
    def test_is_any_of_these_and_none_of_those(self, noon):
        romans = SegmentFactory(rule=ROME)
        visitors = SegmentFactory(rule={"attribute": "visits", "op": "gte", "value": 1})
        idle = SegmentFactory(rule={"attribute": "visits", "op": "missing"})
        both = ContactFactory(attributes={"city": "Rome", "visits": 2})
        visitor = ContactFactory(attributes={"visits": 1})
        ContactFactory(attributes={"city": "Rome"})
        ContactFactory()

        found = selectors.audience(include=[romans, visitors], exclude=[idle], now=noon)

        assert set(found) == {both, visitor}
        assert set(selectors.audience(include=[], exclude=[], now=noon)) == set()

    def test_its_query_may_feed_an_insert(self, noon):
        segment = SegmentFactory(rule={"any": [ROME, {"event": "order", "did": True}]})
        found = selectors.audience(include=[segment], exclude=[segment], now=noon)

        text, params = found.with_exclusion().values_list("pk", "exclusion").query.sql_with_params()

        assert text.count("%s") == len(params)
        assert "Rome" not in text
