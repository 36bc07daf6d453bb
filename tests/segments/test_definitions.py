from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent, Notification
from apps.contacts import services as contacts
from apps.contacts.models import Attribute, Contact, Event
from apps.core.partitions import month_of, month_partition_ensure
from apps.segments import selectors, services, tasks
from apps.segments.models import Definition, DefinitionVersion, Segment
from apps.segments.rules import RuleInvalid
from apps.segments.services import computing
from apps.segments.thresholds import ThresholdInvalid, thresholds_read, thresholds_set
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.segments import DefinitionFactory, DefinitionVersionFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}
OSLO = {"attribute": "city", "op": "eq", "value": "Oslo"}
DAYS = [{"name": "Days", "path": "all[0].within"}]
State = DefinitionVersion.State


def ordered(days):
    return {"all": [{"event": "order", "did": True, "within": f"{days}d"}]}


def order(person, at):
    month_partition_ensure("contacts_event", month_of(at))
    Event.objects.create(contact=person, name="order", occurred_at=at, received_at=at)


@pytest.fixture
def marketer():
    return UserFactory(role=User.Role.MARKETER)


@pytest.fixture
def active(marketer):
    """“Active customer”: an order within 90 days, in force."""
    return DefinitionFactory(
        attribute__key="active_customer",
        attribute__label="Active customer",
        by=marketer,
        version__rule=ordered(90),
        version__thresholds=DAYS,
    )


@pytest.fixture
def customers(noon):
    """One who ordered 10 days ago, one 70, one 200; and one who never did."""
    people = ContactFactory.create_batch(4)
    for person, days in zip(people, (10, 70, 200), strict=False):
        order(person, noon - timedelta(days=days))
    return people


def answers(key="active_customer"):
    return [contact.attributes.get(key) for contact in Contact.objects.order_by("pk")]


def proposal(definition, by, now, rule=None):
    return services.definition_propose(
        definition=definition, rule=rule or ordered(60), thresholds=DAYS, reason="Fewer", by=by, now=now
    )


class TestThresholds:
    def test_are_the_named_numbers_of_a_rule_and_set_by_one_field_each(self):
        rule = {"all": [{"event": "order", "count": {"gte": 2}, "within": "90d"}, {"any": [ROME]}]}
        told = [*DAYS, {"name": "Orders", "path": "all[0].count.gte"}]

        known = thresholds_read(rule, told)
        changed = thresholds_set(rule, known, {"Days": "60", "Orders": 3})

        assert [(one.name, one.amount, one.unit) for one in known] == [
            ("Days", "90", "d"),
            ("Orders", "2", ""),
        ]
        assert changed["all"][0] == {"event": "order", "count": {"gte": 3}, "within": "60d"}
        assert changed["all"][1] == {"any": [ROME]}
        assert rule["all"][0]["within"] == "90d"

    def test_take_a_length_of_time_with_another_unit(self):
        known = thresholds_read(ordered(90), DAYS)

        assert thresholds_set(ordered(90), known, {"Days": "2mo"})["all"][0]["within"] == "2mo"

    @pytest.mark.parametrize(
        ("told", "refusal"),
        [
            ([{"name": "", "path": "all[0].within"}], "needs a name"),
            ([{"name": "x" * 61, "path": "all[0].within"}], "at most 60"),
            ([*DAYS, *DAYS], "named twice"),
            ([{"name": "Days", "path": "all[1].within"}], "no number"),
            ([{"name": "Days", "path": "all[0].event"}], "no number"),
            ([{"name": str(n), "path": "all[0].within"} for n in range(21)], "At most 20"),
        ],
    )
    def test_are_refused_where_there_is_no_number_to_name(self, told, refusal):
        with pytest.raises(ThresholdInvalid, match=refusal):
            thresholds_read(ordered(90), told)

    def test_that_are_not_there_cannot_be_set(self):
        with pytest.raises(ThresholdInvalid, match="Known are: Days"):
            thresholds_set(ordered(90), thresholds_read(ordered(90), DAYS), {"Weeks": 3})


class TestDefinitionCreate:
    def test_describes_the_attribute_and_proposes_the_first_rule(self, customers, marketer, lead, noon):
        made = services.definition_create(
            key="active_customer",
            label="Active customer",
            definition="Ordered lately",
            uses=["targeting"],
            rule=ordered(90),
            thresholds=DAYS,
            reason=" As finance counts ",
            by=marketer,
            now=noon,
        )

        attribute = Attribute.objects.get(key="active_customer")
        version = made.versions.get()
        assert (attribute.type, attribute.is_computed, attribute.owner) == ("boolean", True, marketer)
        assert (attribute.definition, attribute.uses) == ("Ordered lately", ["targeting"])
        assert (version.number, version.state, version.reason) == (1, "proposed", "As finance counts")
        assert version.effect == {"before": 0, "after": 2, "enter": 2, "leave": 0}
        assert Definition.objects.due(at=noon).count() == 0
        assert Notification.objects.get().user == lead
        assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
            "attribute.created",
            "definition.created",
            "definition.proposed",
        ]

    @pytest.mark.parametrize(
        ("changes", "error", "refusal"),
        [
            ({"key": "Active Customer"}, ValidationError, "active_customer"),
            ({"key": "city"}, ValidationError, "already exists"),
            ({"label": ""}, ValidationError, "blank"),
            ({"reason": " "}, services.DefinitionInvalid, "Say why"),
            ({"rule": {"attribute": "gone", "op": "exists"}}, RuleInvalid, "no attribute “gone”"),
            ({"rule": ROME}, ThresholdInvalid, "no number"),
            ({"rule": {"attribute": "active", "op": "eq", "value": True}}, RuleInvalid, "no attribute"),
        ],
    )
    def test_refuses_and_keeps_nothing(self, marketer, noon, changes, error, refusal):
        told = {"key": "active", "label": "Active", "rule": ordered(90), "reason": "So", **changes}

        with pytest.raises(error, match=refusal):
            services.definition_create(**{"thresholds": DAYS, **told}, by=marketer, now=noon)

        assert not Definition.objects.exists()
        assert not Attribute.objects.filter(is_computed=True).exists()


class TestDefinitionEffect:
    def test_says_who_would_enter_leave_and_stay(self, active, customers, noon):
        node = selectors.rule_read({"any": [ordered(60), ROME]})
        roman = ContactFactory(attributes={"city": "Rome"})

        effect = selectors.definition_effect(node, definition=active, now=noon)

        assert effect.as_json() == {"before": 2, "after": 2, "enter": 1, "leave": 1}
        assert (effect.entering, effect.leaving) == ((roman.pk,), (customers[1].pk,))
        assert effect.staying == (customers[0].pk,)

    def test_goes_by_the_last_answers_where_the_rule_in_force_is_out_of_use(self, active, customers, noon):
        services.definition_compute(definition=active, now=noon)
        active.versions.update(rule={"attribute": "gone", "op": "exists"})

        effect = selectors.definition_effect(selectors.rule_read(ordered(60)), definition=active, now=noon)

        assert effect.as_json() == {"before": 2, "after": 1, "enter": 0, "leave": 1}


class TestDefinitionPropose:
    def test_leaves_the_old_rule_in_force(self, active, customers, marketer, noon):
        version = proposal(active, marketer, noon)

        assert (version.number, version.state, version.by) == (2, "proposed", marketer)
        assert version.effect == {"before": 2, "after": 1, "enter": 0, "leave": 1}
        assert selectors.version_in_force(active).rule == ordered(90)
        services.definition_compute(definition=active, now=noon)
        assert answers() == [True, True, False, False]

    @pytest.mark.parametrize(
        ("changes", "error", "refusal"),
        [
            ({"rule": ordered(90)}, services.DefinitionRefused, "Nothing is different"),
            ({"reason": ""}, services.DefinitionInvalid, "Say why"),
            ({"reason": "x" * 1001}, services.DefinitionInvalid, "At most 1000"),
            ({"rule": {"all": [ROME]}}, ThresholdInvalid, "no number"),
            ({"rule": {"any": []}}, RuleInvalid, "empty"),
            (
                {"rule": {"attribute": "active_customer", "op": "eq", "value": True}, "thresholds": []},
                RuleInvalid,
                "computed from what this rule is for",
            ),
        ],
    )
    def test_refuses_and_changes_nothing(self, active, marketer, noon, changes, error, refusal):
        told = {"rule": ordered(60), "thresholds": DAYS, "reason": "Fewer", **changes}

        with pytest.raises(error, match=refusal):
            services.definition_propose(definition=active, **told, by=marketer, now=noon)

        assert active.versions.get().number == 1

    def test_is_refused_while_another_waits(self, active, marketer, noon):
        proposal(active, marketer, noon)

        with pytest.raises(services.DefinitionRefused, match="Version 2 waits"):
            proposal(active, marketer, noon, ordered(30))


class TestCycles:
    def test_a_definition_may_not_ask_a_segment_that_asks_for_it(self, active, marketer, noon):
        segment = SegmentFactory(rule={"attribute": "active_customer", "op": "eq", "value": True})
        outer = SegmentFactory(rule={"segment": segment.pk})

        with pytest.raises(RuleInvalid, match="it refers back"):
            services.definition_propose(
                definition=active, rule={"segment": outer.pk}, reason="So", by=marketer, now=noon
            )

        assert active.versions.count() == 1

    def test_a_segment_may_not_ask_for_what_is_computed_from_it(self, marketer, noon):
        segment = SegmentFactory(rule=ROME)
        DefinitionFactory(attribute__key="roman", version__rule={"segment": segment.pk})
        loyal = {"attribute": "roman", "op": "eq", "value": True}

        with pytest.raises(RuleInvalid, match="computed from what this rule is for"):
            services.segment_change(segment=segment, rule=loyal, by=marketer, now=noon)

        assert Segment.objects.get().rule == ROME

    def test_two_definitions_may_not_ask_for_each_other_not_even_when_proposed(self, active, marketer, noon):
        other = DefinitionFactory(attribute__key="loyal")
        services.definition_propose(
            definition=other,
            rule={"attribute": "active_customer", "op": "eq", "value": True},
            reason="So",
            by=marketer,
            now=noon,
        )

        with pytest.raises(RuleInvalid, match="computed from what this rule is for"):
            services.definition_propose(
                definition=active,
                rule={"attribute": "loyal", "op": "eq", "value": True},
                reason="So",
                by=marketer,
                now=noon,
            )


class TestVersionApprove:
    def test_puts_it_into_force_and_keeps_the_old_version(
        self, active, marketer, lead, noon, django_capture_on_commit_callbacks
    ):
        version = proposal(active, marketer, noon)
        Notification.objects.all().delete()

        with django_capture_on_commit_callbacks() as rung:
            services.version_approve(version=version, by=lead, now=noon, note="Agreed with finance")

        old, new = active.versions.order_by("number")
        assert (old.state, old.ended_at, old.rule) == ("replaced", noon, ordered(90))
        assert (new.state, new.decided_by, new.decided_at) == ("in_force", lead, noon)
        assert new.note == "Agreed with finance"
        assert tasks.definitions_compute.delay in rung
        assert Definition.objects.due(at=noon).get() == active
        assert Notification.objects.get().user == marketer

    def test_is_refused_to_who_proposed_it(self, active, lead, noon):
        version = proposal(active, lead, noon)

        with pytest.raises(services.DefinitionRefused, match="somebody else"):
            services.version_approve(version=version, by=lead, now=noon)

        assert DefinitionVersion.objects.get(pk=version.pk).state == "proposed"
        assert selectors.version_in_force(active).number == 1

    def test_by_who_proposed_it_is_refused_by_the_database_too(self, active, lead, noon):
        version = proposal(active, lead, noon)
        active.versions.filter(number=1).update(state="replaced")

        with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
            DefinitionVersion.objects.filter(pk=version.pk).update(
                state="in_force", decided_by=lead, decided_at=noon
            )

    def test_is_refused_once_it_is_decided(self, active, marketer, lead, noon):
        version = proposal(active, marketer, noon)
        services.version_refuse(version=version, by=lead, now=noon, note="Too few")

        with pytest.raises(services.DefinitionRefused, match="decided already: “Refused”"):
            services.version_approve(version=version, by=lead, now=noon)

        assert selectors.version_in_force(active).number == 1

    def test_is_refused_when_the_rule_has_come_to_lead_back(self, active, marketer, lead, noon):
        segment = SegmentFactory(rule=ROME)
        version = proposal(active, marketer, noon, {"all": [*ordered(60)["all"], {"segment": segment.pk}]})
        Segment.objects.update(rule={"attribute": "active_customer", "op": "eq", "value": True})

        with pytest.raises(RuleInvalid):
            services.version_approve(version=version, by=lead, now=noon)

        assert selectors.version_in_force(active).number == 1


class TestVersionRefuseAndWithdraw:
    def test_a_refusal_says_why(self, active, marketer, lead, noon):
        version = proposal(active, marketer, noon)

        with pytest.raises(services.DefinitionInvalid, match="Say why"):
            services.version_refuse(version=version, by=lead, now=noon, note=" ")
        services.version_refuse(version=version, by=lead, now=noon, note="Too few")

        version.refresh_from_db()
        assert (version.state, version.note, version.decided_by) == ("refused", "Too few", lead)

    def test_only_the_proposer_takes_it_back(self, active, marketer, lead, noon):
        version = proposal(active, marketer, noon)

        with pytest.raises(services.DefinitionRefused, match="Only who proposed it"):
            services.version_withdraw(version=version, by=lead, now=noon)
        services.version_withdraw(version=version, by=marketer, now=noon)

        version.refresh_from_db()
        assert version.state == "withdrawn"
        assert proposal(active, marketer, noon).number == 3


class TestDefinitionCompute:
    def test_writes_yes_or_no_for_everybody_and_then_only_what_changes(self, active, customers, noon):
        gone = ContactFactory(erased_at=noon)
        services.definition_compute(definition=active, now=noon)
        assert answers() == [True, True, False, False, None]
        touched = dict(Contact.objects.values_list("pk", "updated_at"))
        order(customers[3], noon)

        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text, id FROM contacts_contact")
            before = {pk: xmin for xmin, pk in cursor.fetchall()}
            services.definition_compute(definition=active, now=noon + timedelta(days=30))
            cursor.execute("SELECT id, xmax::text FROM contacts_contact")
            after = cursor.fetchall()

        active.refresh_from_db()
        assert len(before) == len(after)
        assert answers() == [True, False, False, True, None]
        assert (active.size, active.computed_at) == (2, noon + timedelta(days=30))
        assert dict(Contact.objects.values_list("pk", "updated_at")) == touched
        assert gone.pk not in [contact.pk for contact in Contact.objects.known()]

    def test_keeps_other_values_of_the_contact(self, active, noon):
        ContactFactory(attributes={"city": "Rome", "active_customer": True})

        services.definition_compute(definition=active, now=noon)

        assert Contact.objects.get().attributes == {"city": "Rome", "active_customer": False}

    def test_goes_on_with_the_next_ring_beyond_its_measure(self, active, customers, noon, monkeypatch):
        monkeypatch.setattr(computing, "ROWS", 3)

        services.definitions_compute(now=noon)  # nothing is due before it is approved or asked for
        Definition.objects.update(is_stale=True)
        services.definitions_compute(now=noon)
        first = Definition.objects.get()
        services.definitions_compute(now=noon)

        assert (first.is_stale, first.computed_at) == (True, None)
        active.refresh_from_db()
        assert (active.is_stale, active.computed_at) == (False, noon)
        assert answers() == [True, True, False, False]

    def test_the_members_of_segments_that_ask_for_it_follow(self, active, customers, noon):
        asking = SegmentFactory(rule={"attribute": "active_customer", "op": "eq", "value": True})
        services.changes_apply(now=noon)  # what was made for this test
        services.segment_refresh(segment=asking, now=noon)

        services.definition_compute(definition=active, now=noon)
        services.changes_apply(now=noon)

        asking.refresh_from_db()
        assert (asking.size, asking.members.count()) == (2, 2)

    def test_says_why_it_could_not_and_keeps_the_last_answers(self, active, customers, noon):
        services.definition_compute(definition=active, now=noon)
        active.versions.update(rule={"attribute": "gone", "op": "exists"})

        services.definition_compute(definition=active, now=noon + timedelta(days=30))

        active.refresh_from_db()
        assert "no attribute “gone”" in active.fault
        assert (active.computed_at, active.due_at) == (noon, noon + timedelta(days=30, hours=1))
        assert answers() == [True, True, False, False]

    @pytest.mark.parametrize(
        ("code", "fault", "waits"),
        [
            ("query_canceled", "is tried again by itself", (timedelta(minutes=1), timedelta(minutes=5))),
            ("admin_shutdown", "is tried again by itself", (timedelta(minutes=1), timedelta(minutes=5))),
            ("numeric_value_out_of_range", "server's log", (timedelta(hours=1), timedelta(hours=1))),
        ],
    )
    def test_errors_that_pass_are_followed_by_another_try_soon(
        self, active, customers, noon, monkeypatch, code, fault, waits
    ):
        Definition.objects.update(is_stale=True)
        with monkeypatch.context() as broken:
            raised = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"
            broken.setattr(computing, "_SETTINGS", raised)
            at = noon
            for wait in waits:
                services.definitions_compute(now=at)
                active.refresh_from_db()
                assert fault in active.fault
                assert (active.is_stale, active.due_at) == (False, at + wait)
                at = active.due_at

        services.definitions_compute(now=at)

        active.refresh_from_db()
        assert (active.fault, active.computed_at) == ("", at)
        assert answers() == [True, True, False, False]

    def test_is_asked_for_by_hand_only_where_a_rule_is_in_force(self, active, marketer, noon):
        services.definition_recompute(definition=active, by=marketer, now=noon)
        assert Definition.objects.due(at=noon).get() == active
        active.versions.update(state="replaced")

        with pytest.raises(services.DefinitionRefused, match="before a rule is approved"):
            services.definition_recompute(definition=active, by=marketer, now=noon)


class TestDefinitionDelete:
    def test_takes_the_versions_and_the_attribute_away(self, active, lead, noon):
        services.definition_delete(definition=active, by=lead, now=noon)

        assert not Definition.objects.exists()
        assert not DefinitionVersion.objects.exists()
        assert Attribute.all_objects.get(key="active_customer").removed_at == noon
        assert AuditEvent.objects.filter(action="definition.deleted").get().details["rule"] == ordered(90)

    def test_is_refused_with_what_uses_it(self, active, lead, noon):
        SegmentFactory(name="Loyal", rule={"attribute": "active_customer", "op": "eq", "value": True})
        DefinitionVersionFactory(
            definition__attribute__label="Fan",
            rule={"attribute": "active_customer", "op": "eq", "value": True},
        )

        with pytest.raises(contacts.AttributeRefused, match="Segment “Loyal”, Definition “Fan”"):
            services.definition_delete(definition=active, by=lead, now=noon)

        assert Definition.objects.filter(pk=active.pk).exists()
        assert Attribute.objects.filter(key="active_customer").exists()

    def test_cannot_be_done_from_the_dictionary(self, active, lead, noon):
        with pytest.raises(contacts.AttributeRefused, match="Definition “Active customer”"):
            contacts.attribute_delete(attribute=active.attribute, by=lead, now=noon)

        assert Attribute.objects.filter(key="active_customer").exists()

    def test_segments_lists_and_events_that_a_definition_asks_for_are_kept(self, lead, noon):
        segment = SegmentFactory()
        made = DefinitionFactory(attribute__label="Fan", version__rule={"segment": segment.pk})

        with pytest.raises(services.StillUsed, match="Definition “Fan”"):
            services.segment_delete(segment=segment, by=lead, now=noon)

        made.versions.update(rule=ordered(5))
        (use,) = selectors.event_uses("order", lead)
        assert (use.kind, use.label, use.url) == ("Definition", "Fan", f"/segments/definitions/{made.pk}/")
