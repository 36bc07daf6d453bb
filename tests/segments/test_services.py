from contextlib import suppress
from datetime import timedelta

import pytest

from apps.collaboration.models import AuditEvent
from apps.contacts.models import Contact
from apps.segments import registry, selectors, services, tasks
from apps.segments.models import ContactList, Segment
from apps.segments.rules import RuleInvalid
from tests.factories.contacts import ContactFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}
OSLO = {"attribute": "city", "op": "eq", "value": "Oslo"}


def members(segment):
    return set(segment.members.values_list("contact", flat=True))


@pytest.fixture
def used():
    """Have somebody upstairs use every segment and list; undone after the test."""
    registry.uses.register(
        "test", lambda ids, user: {pk: [("Message “Spring”", "/messages/1/")] for pk in ids}
    )
    registry.list_uses.register(
        "test", lambda ids, user: {pk: [("Message “Spring”", "/messages/1/")] for pk in ids}
    )
    yield
    registry.uses._entries.pop("test")
    registry.list_uses._entries.pop("test")


class TestSegmentCreate:
    def test_keeps_it_and_rings_for_its_members(self, noon, lead, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as rung:
            segment = services.segment_create(name=" Romans ", rule=ROME, by=lead, now=noon)

        segment.refresh_from_db()
        assert (segment.name, segment.rule, segment.is_stale, segment.by) == ("Romans", ROME, True, lead)
        assert AuditEvent.objects.get().action == "segment.created"
        assert rung == [tasks.segments_refresh.delay]

    @pytest.mark.parametrize(
        ("name", "rule", "error", "refusal"),
        [
            ("", ROME, services.SegmentInvalid, "needs a name"),
            ("  ", ROME, services.SegmentInvalid, "needs a name"),
            ("x" * 201, ROME, services.SegmentInvalid, "at most 200"),
            ("a\nb", ROME, services.SegmentInvalid, "at most 200"),
            ("Taken", ROME, services.SegmentInvalid, "“Taken” already"),
            ("Romans", {"attribute": "gone", "op": "exists"}, RuleInvalid, "no attribute “gone”"),
        ],
    )
    def test_refuses_and_keeps_nothing(self, noon, lead, name, rule, error, refusal):
        SegmentFactory(name="Taken")

        with pytest.raises(error, match=refusal):
            services.segment_create(name=name, rule=rule, by=lead, now=noon)

        assert Segment.objects.count() == 1
        assert not AuditEvent.objects.exists()


class TestSegmentChange:
    def test_another_rule_makes_its_members_stale(self, noon, lead):
        segment = SegmentFactory(rule=ROME, is_stale=False)

        services.segment_change(segment=segment, rule=OSLO, by=lead, now=noon)

        segment.refresh_from_db()
        assert (segment.rule, segment.is_stale) == (OSLO, True)
        assert AuditEvent.objects.get().details == {"rule": [ROME, OSLO]}

    def test_another_name_does_not(self, noon, lead):
        segment = SegmentFactory(rule=ROME, is_stale=False)

        services.segment_change(segment=segment, name="Other", rule=ROME, by=lead, now=noon)

        segment.refresh_from_db()
        assert (segment.name, segment.is_stale) == ("Other", False)

    def test_nothing_changed_is_nothing_written(self, noon, lead):
        segment = SegmentFactory(rule=ROME)

        services.segment_change(segment=segment, name=segment.name, rule=ROME, by=lead, now=noon)

        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize(
        ("change", "error", "refusal"),
        [
            ({"name": " "}, services.SegmentInvalid, "needs a name"),
            ({"name": "Taken"}, services.SegmentInvalid, "“Taken” already"),
            ({"rule": {"any": []}}, RuleInvalid, "group is empty"),
        ],
    )
    def test_refuses_and_leaves_everything_as_it_was(self, noon, lead, change, error, refusal):
        SegmentFactory(name="Taken")
        segment = SegmentFactory(rule=ROME)
        before = Segment.objects.values().get(pk=segment.pk)

        with pytest.raises(error, match=refusal):
            services.segment_change(segment=segment, by=lead, now=noon, **change)

        assert Segment.objects.values().get(pk=segment.pk) == before
        assert not AuditEvent.objects.exists()

    def test_refuses_a_rule_that_comes_back_to_it(self, noon, lead):
        segment = SegmentFactory(rule=ROME)
        other = SegmentFactory(rule={"segment": segment.pk})

        with pytest.raises(RuleInvalid, match="cannot be used here"):
            services.segment_change(segment=segment, rule={"segment": other.pk}, by=lead, now=noon)


class TestSegmentDelete:
    def test_takes_its_members_along_and_no_contact(self, noon, lead):
        contact = ContactFactory()
        segment = SegmentFactory()
        services.segment_refresh(segment=segment, now=noon)

        services.segment_delete(segment=segment, by=lead, now=noon)

        assert not Segment.objects.exists()
        assert not contact.segment_members.exists()
        contact.refresh_from_db()

    @pytest.mark.parametrize("act", [services.segment_delete, services.segment_archive])
    def test_is_refused_while_another_segment_needs_it(self, noon, lead, act):
        segment = SegmentFactory()
        SegmentFactory(name="Other", rule={"any": [ROME, {"none": [{"segment": segment.pk}]}]})

        with pytest.raises(services.StillUsed, match="Segment “Other”"):
            act(segment=segment, by=lead, now=noon)

        segment.refresh_from_db()
        assert segment.archived_at is None

    @pytest.mark.parametrize("act", [services.segment_delete, services.segment_archive])
    def test_is_refused_while_somebody_upstairs_needs_it(self, noon, lead, used, act):
        segment = SegmentFactory()

        with pytest.raises(services.StillUsed, match="Message “Spring”"):
            act(segment=segment, by=lead, now=noon)

        segment.refresh_from_db()
        assert segment.archived_at is None

    def test_one_that_is_archived_needs_nothing(self, noon, lead):
        segment = SegmentFactory()
        SegmentFactory(rule={"segment": segment.pk}, archived_at=noon)

        services.segment_delete(segment=segment, by=lead, now=noon)

        assert not Segment.objects.filter(pk=segment.pk).exists()


class TestSegmentArchive:
    def test_a_segment_that_comes_back_is_found_anew(self, noon, lead):
        segment = SegmentFactory(is_stale=False, refresh_due_at=noon - timedelta(days=1))

        services.segment_archive(segment=segment, by=lead, now=noon)
        assert not Segment.objects.due(at=noon).exists()

        services.segment_restore(segment=segment, by=lead, now=noon)
        assert Segment.objects.due(at=noon).get() == segment


class TestSegmentDuplicate:
    def test_finds_a_name_of_its_own(self, noon, lead):
        segment = SegmentFactory(name="Romans", rule=ROME)

        copies = [services.segment_duplicate(segment=segment, by=lead, now=noon) for _n in range(2)]

        assert [copy.name for copy in copies] == ["Romans (copy 1)", "Romans (copy 2)"]
        assert {str(copy.rule) for copy in copies} == {str(ROME)}


class TestSegmentRefresh:
    def test_adds_who_came_and_takes_who_went(self, noon):
        stays, goes = ContactFactory.create_batch(2, attributes={"city": "rome"})
        comes = ContactFactory(attributes={"city": "Oslo"})
        segment = SegmentFactory(rule=ROME)
        services.segment_refresh(segment=segment, now=noon)
        assert members(segment) == {stays.pk, goes.pk}

        goes.attributes, comes.attributes = {}, {"city": "ROME"}
        goes.save()
        comes.save()
        services.segment_refresh(segment=segment, now=noon + timedelta(hours=1))

        assert members(segment) == {stays.pk, comes.pk}
        since = dict(segment.members.values_list("contact", "since_at"))
        assert since == {stays.pk: noon, comes.pk: noon + timedelta(hours=1)}

    def test_says_how_many_when_and_when_again(self, noon):
        ContactFactory(attributes={"city": "Rome"})
        segment = SegmentFactory(rule=ROME)

        services.segment_refresh(segment=segment, now=noon)

        segment.refresh_from_db()
        assert (segment.size, segment.refreshed_at, segment.is_stale, segment.fault) == (1, noon, False, "")
        assert segment.refresh_due_at == noon + timedelta(days=1)
        assert segment.time_due_at is None

    def test_history_has_a_line_a_day_with_who_came_and_went(self, noon):
        segment = SegmentFactory(rule=ROME)
        services.segment_refresh(segment=segment, now=noon)
        ann, _ben = ContactFactory.create_batch(2, attributes={"city": "Rome"})
        services.segment_refresh(segment=segment, now=noon + timedelta(hours=1))
        Contact.objects.filter(pk=ann.pk).update(attributes={})
        for hours in (2, 28):
            services.segment_refresh(segment=segment, now=noon + timedelta(hours=hours))

        lines = segment.sizes.order_by("at").values_list("at", "size", "entered", "left")
        assert list(lines) == [
            (noon + timedelta(hours=2), 1, 2, 1),
            (noon + timedelta(hours=28), 1, 0, 0),
        ]

    def test_the_erased_are_in_no_segment(self, noon):
        ContactFactory(erased_at=noon)
        segment = SegmentFactory()

        services.segment_refresh(segment=segment, now=noon)

        assert members(segment) == set()

    def test_a_rule_edited_meanwhile_stays_stale(self, noon, monkeypatch):
        segment = SegmentFactory(rule=ROME)
        read = services.membership.selectors.rule_read

        def edited_meanwhile(*args, **kwargs):
            Segment.objects.update(rule=OSLO)
            return read(*args, **kwargs)

        monkeypatch.setattr(services.membership.selectors, "rule_read", edited_meanwhile)
        services.segment_refresh(segment=segment, now=noon)

        segment.refresh_from_db()
        assert segment.is_stale

    def test_a_rule_that_speaks_of_what_is_gone_says_so_and_waits(self, noon):
        segment = SegmentFactory(rule={"attribute": "gone", "op": "exists"}, size=5)

        services.segment_refresh(segment=segment, now=noon)

        segment.refresh_from_db()
        assert (segment.size, segment.is_stale) == (5, False)
        assert "no attribute “gone”" in segment.fault
        assert not Segment.objects.due(at=noon).exists()


class TestSegmentsRefresh:
    def test_takes_the_edited_first_then_the_longest_waiting_and_rings_for_the_next(
        self, noon, django_capture_on_commit_callbacks
    ):
        def due(name, minutes, **values):
            return SegmentFactory(name=name, refresh_due_at=noon - timedelta(minutes=minutes), **values)

        due("waits", 1, is_stale=False)
        due("waits longer", 2, is_stale=False)
        due("edited", 0, is_stale=True)
        due("not yet", -1, is_stale=False)

        with django_capture_on_commit_callbacks() as rung:
            order = [services.segments_refresh(now=noon) for _turn in range(4)]

        assert [segment and segment.name for segment in order] == ["edited", "waits longer", "waits", None]
        assert rung == [tasks.segments_refresh.delay] * 3

    def test_one_that_always_fails_stands_in_nobodys_way(self, noon, monkeypatch):
        poison = SegmentFactory(name="A", rule=ROME)
        sound = SegmentFactory(name="B")
        compile_rule = services.membership.selectors.rule_contacts

        def refuse(node, **kwargs):
            found = compile_rule(node, **kwargs)
            return found.extra(where=["1 / 0 = 1"]) if node == refuse.node else found

        refuse.node = services.membership.selectors.rule_read(ROME)
        monkeypatch.setattr(services.membership.selectors, "rule_contacts", refuse)

        assert services.segments_refresh(now=noon) == poison
        assert services.segments_refresh(now=noon) == sound
        assert services.segments_refresh(now=noon) is None
        poison.refresh_from_db()
        assert "could not be found" in poison.fault

    def test_one_that_somebody_deletes_meanwhile_is_no_fault(self, noon, monkeypatch, caplog):
        segment = SegmentFactory()

        def deleted_first(**_told):
            Segment.objects.filter(pk=segment.pk).delete()
            Segment.objects.get(pk=segment.pk)

        monkeypatch.setattr(services.membership, "segment_refresh", deleted_first)

        assert services.segments_refresh(now=noon) == segment
        assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("\N{DEVANAGARI LETTER KA}\u200c\N{DEVANAGARI LETTER SSA}", True),
        ("Family \N{WOMAN}\u200d\N{GIRL}", True),
        ("\u200d", False),
        ("a\u202eb", False),
        ("a\nb", False),
    ],
)
def test_a_name_may_join_letters_and_hides_nothing(noon, lead, name, is_kept):
    with suppress(services.SegmentInvalid):
        services.segment_create(name=name, rule=ROME, by=lead, now=noon)

    assert Segment.objects.filter(name=name).exists() is is_kept


class TestListPaste:
    def test_every_address_is_accounted_for(self, noon, lead):
        ann = ContactFactory(email="ann@example.com")
        text = "Ann <ANN@example.com>; nobody@example.com\nann@example.com, broken@, just words\n\n"

        pasted = services.list_paste(text=text, name="Friends", by=lead, now=noon)

        assert pasted.contact_list.members.get().contact == ann
        assert (pasted.added, pasted.already) == (1, 1)
        assert pasted.unknown == ("nobody@example.com",)
        assert pasted.invalid == ("broken@", "just words")
        assert (pasted.total, pasted.contact_list.size) == (5, 1)
        assert [(one.row, one.value) for one in pasted.rejected] == [
            (1, "nobody@example.com"),
            (2, "broken@"),
            (2, "just words"),
        ]

    def test_adds_to_a_list_that_is_there(self, noon, lead):
        ContactFactory(email="ann@example.com")
        ContactFactory(email="bob@example.com")
        first = services.list_paste(text="ann@example.com", name="Friends", by=lead, now=noon)

        pasted = services.list_paste(
            text="ann@example.com bob@example.com", contact_list=first.contact_list, by=lead, now=noon
        )

        assert (pasted.added, pasted.already, pasted.contact_list.size) == (1, 1, 2)

    @pytest.mark.parametrize(
        ("name", "text", "refusal"),
        [
            ("", "ann@example.com", "needs a name"),
            ("Taken", "ann@example.com", "“Taken” already"),
            ("New", " \n ", "at least one"),
            ("New", "a@b " * 50_001, "At most 50,000"),
        ],
    )
    def test_refuses_and_keeps_nothing(self, noon, lead, name, text, refusal):
        ContactListFactory(name="Taken")

        with pytest.raises(services.ListInvalid, match=refusal):
            services.list_paste(text=text, name=name, by=lead, now=noon)

        assert ContactList.objects.count() == 1
        assert not AuditEvent.objects.exists()


class TestListFreeze:
    def test_keeps_who_is_in_the_segment_now_whoever_joins_later(self, noon, lead):
        ann = ContactFactory(attributes={"city": "Rome"})
        segment = SegmentFactory(rule=ROME)

        frozen = services.list_freeze(segment=segment, name="Romans of today", by=lead, now=noon)
        ContactFactory(attributes={"city": "Rome"})

        assert frozen.members.get().contact == ann
        assert (frozen.size, frozen.frozen_from) == (1, segment)


class TestListDelete:
    def test_is_refused_while_a_segment_needs_it(self, noon, lead):
        kept = ContactListFactory()
        SegmentFactory(name="Other", rule={"list": kept.pk, "member": True})

        with pytest.raises(services.StillUsed, match="Segment “Other”"):
            services.list_delete(contact_list=kept, by=lead, now=noon)

        assert ContactList.objects.exists()

    def test_is_refused_while_somebody_upstairs_needs_it(self, noon, lead, used):
        with pytest.raises(services.StillUsed, match="Spring"):
            services.list_delete(contact_list=ContactListFactory(), by=lead, now=noon)

    def test_leaves_the_contacts(self, noon, lead):
        contact = ContactFactory(email="ann@example.com")
        pasted = services.list_paste(text="ann@example.com", name="Friends", by=lead, now=noon)

        services.list_delete(contact_list=pasted.contact_list, by=lead, now=noon)

        assert not contact.list_members.exists()


def test_list_remove_takes_only_these_off(noon, lead):
    ann, bob = ContactFactory(email="ann@example.com"), ContactFactory(email="bob@example.com")
    friends = services.list_paste(
        text=f"{ann.email} {bob.email}", name="Friends", by=lead, now=noon
    ).contact_list

    for removed in (1, 0):  # the second time there is nothing to say in the log
        done = services.list_remove(contact_list=friends, contacts=[ann.pk, 0], by=lead, now=noon)
        assert done == removed

    assert AuditEvent.objects.filter(action="contactlist.removed").count() == 1
    friends.refresh_from_db()
    assert (friends.members.get().contact, friends.size) == (bob, 1)


class TestArchivedSegments:
    def test_are_named_in_no_new_rule(self, noon, lead):
        gone = SegmentFactory(name="Gone", archived_at=noon)
        segment = SegmentFactory(rule=ROME)

        with pytest.raises(RuleInvalid, match="is archived"):
            services.segment_create(name="New", rule={"segment": gone.pk}, by=lead, now=noon)
        with pytest.raises(RuleInvalid, match="is archived"):
            services.segment_change(segment=segment, rule={"all": [{"segment": gone.pk}]}, by=lead, now=noon)

        segment.refresh_from_db()
        assert (segment.rule, Segment.objects.count()) == (ROME, 2)

    def test_keep_their_meaning_in_rules_from_before(self, noon):
        gone = SegmentFactory(rule=ROME, archived_at=noon)
        older = SegmentFactory(rule={"segment": gone.pk})
        found = ContactFactory(attributes={"city": "Rome"})

        assert list(selectors.segment_contacts(older, now=noon)) == [found]
