from datetime import timedelta

import pytest
from django.db import connection

from apps.collaboration.models import AuditEvent
from apps.contacts import registries, selectors, services
from apps.contacts.addresses import address_hash
from apps.contacts.consents import ConsentChange, consents_import
from apps.contacts.models import Consent, ConsentEvent, ConsentStatus, Contact, ContactMerge, Event
from apps.contacts.services import EventIn, MergeNeedsPerson, MergeNotUndoable
from apps.contacts.services.merge import ContactNotMergeable
from apps.core import partitions
from apps.messaging.models import DeliveryEvent, Recipient
from apps.messaging.moved import BeingSent
from apps.reporting.models import Conversion
from apps.segments.models import ContactListMember, SegmentMember
from tests.factories.accounts import UserFactory
from tests.factories.collaboration import CommentFactory
from tests.factories.contacts import ConsentFactory, ContactFactory, IdentityFactory
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(noon):
    contact = ContactFactory(email="ann@example.com", attributes={"city": "Bonn", "plan": "gold"})
    IdentityFactory(contact=contact, namespace="crm", value="1")
    Consent.objects.update(changed_at=noon)
    return contact


@pytest.fixture
def anna(noon):
    contact = ContactFactory(
        email="anna@example.com",
        phone="+49170123456",
        attributes={"city": "Köln", "size": 44},
        consent=False,
    )
    IdentityFactory(contact=contact, namespace="crm", value="2")
    return contact


@pytest.fixture
def stranger(noon):
    """A browser that nobody has signed in with, with one event."""
    event = EventIn("Visit", noon, identity=("anonymous", "browser-1"), message_id="v1")
    services.events_record(events=[event], source="site", now=noon)
    return Contact.objects.get(identities__value="browser-1")


def merge(keep, gone, lead, noon):
    return services.contact_merge(keep=keep, gone=gone, by=lead, now=noon, is_confirmed=True)


def names(contact):
    return set(contact.identities.values_list("namespace", "value"))


def tables_of_contacts():
    """Every table that has a column `contact_id`, partitions left out; with those that name one otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name FROM information_schema.columns AS c "
            "JOIN pg_class ON pg_class.oid = c.table_name::regclass AND NOT relispartition "
            "WHERE c.column_name = 'contact_id' AND c.table_schema = 'public' AND relkind <> 'v' ORDER BY 1"
        )
        return [table for (table,) in cursor.fetchall()]


def snapshot():
    """Every row that is about a contact, as text, but for the log of what was done and times of change."""
    rows = {}
    with connection.cursor() as cursor:
        for table in [
            *tables_of_contacts(),
            "contacts_contact",
            "collaboration_comment",
            "segments_contactlist",
        ]:
            cursor.execute(f"SELECT (to_jsonb(t) - 'updated_at')::text FROM {table} AS t ORDER BY 1")
            rows[table] = [row for (row,) in cursor.fetchall()]
    del rows["contacts_contactmerge"]
    return rows


def fill(contact, noon, *, message, segment, contact_list, other):
    """Put a row of every kind to this contact; `other` tells its own from those both have."""
    partitions.month_partition_ensure("messaging_deliveryevent", partitions.month_of(noon))
    services.events_record(
        events=[
            EventIn("Order", noon, contact_id=contact.pk, message_id="both"),
            EventIn("Order", noon, contact_id=contact.pk, message_id=f"own-{other}"),
        ],
        source="shop",
        now=noon,
    )
    for place in (segment, SegmentFactory()):
        SegmentMember.objects.create(segment=place, contact=contact, since_at=noon)
    for place in (contact_list, ContactListFactory(size=1)):
        ContactListMember.objects.create(contact_list=place, contact=contact, added_at=noon)
    for sent in (message, MessageFactory(launched=True)):
        recipient = RecipientFactory(message=sent, contact=contact, state="sent", finished_at=noon)
        DeliveryEvent.objects.create(
            recipient=recipient, message=sent, contact=contact, kind="opened", at=noon
        )
        Conversion.objects.create(
            message=sent,
            contact=contact,
            recipient=recipient,
            measure="goal",
            is_holdout=False,
            is_credited=True,
            event_id=recipient.pk,
            occurred_at=noon,
        )
    CommentFactory(subject=contact)
    ConsentEvent.objects.create(contact=contact, channel="email", status="subscribed", at=noon)


@pytest.fixture
def filled(ann, anna, noon):
    common = {
        "message": MessageFactory(launched=True),
        "segment": SegmentFactory(),
        "contact_list": ContactListFactory(size=2),
    }
    fill(ann, noon, other="a", **common)
    fill(anna, noon, other="b", **common)
    return common


class TestContactMerge:
    def test_everything_known_of_the_other_comes_to_the_kept_contact(self, ann, anna, filled, lead, noon):
        merge(ann, anna, lead, noon)

        assert names(ann) == {
            ("email", "ann@example.com"),
            ("email", "anna@example.com"),
            ("crm", "1"),
            ("crm", "2"),
        }
        assert ann.events.count() == 3
        assert ann.segment_members.count() == 3
        assert ann.list_members.count() == 3
        assert ann.recipients.count() == 3
        assert ann.delivery_events.count() == 3
        assert Conversion.objects.filter(contact=ann).count() == 3
        assert ann.consent_events.count() == 2
        assert ann.consents.get().status == "subscribed"

    def test_what_the_kept_contact_has_already_stays_behind(self, ann, anna, filled, lead, noon):
        merge(ann, anna, lead, noon)

        assert anna.events.get().name == "Order"
        assert anna.segment_members.get().segment == filled["segment"]
        assert anna.recipients.get().message == filled["message"]
        assert anna.delivery_events.get().message == filled["message"]
        filled["contact_list"].refresh_from_db()
        assert filled["contact_list"].size == 1

    def test_the_kept_values_win_and_blanks_are_filled(self, ann, anna, lead, noon):
        done = merge(ann, anna, lead, noon)

        ann.refresh_from_db()
        assert (ann.email, ann.phone) == ("ann@example.com", "+49170123456")
        assert ann.attributes == {"city": "Bonn", "plan": "gold", "size": 44}
        assert done.filled == ["phone", "attributes.size"]

    def test_an_address_is_filled_with_its_hash(self, stranger, anna, lead, noon):
        services.contact_merge(keep=stranger, gone=anna, by=None, now=noon)

        stranger.refresh_from_db()
        assert stranger.email == "anna@example.com"
        assert bytes(stranger.email_hash) == bytes(anna.email_hash)
        assert bytes(stranger.phone_hash) == address_hash(anna.phone)

    def test_the_other_is_not_there_any_more(self, ann, anna, lead, noon):
        merge(ann, anna, lead, noon)

        anna.refresh_from_db()
        assert (anna.merged_into, anna.erased_at) == (ann.pk, noon)
        assert list(Contact.objects.known()) == [ann]
        assert Contact.objects.with_exclusion().get(pk=anna.pk).exclusion == "merged"

    @pytest.mark.parametrize(
        ("kept", "other", "result"),
        [
            ("subscribed", "unsubscribed", "unsubscribed"),
            ("unsubscribed", "subscribed", "unsubscribed"),
            ("pending", "subscribed", "subscribed"),
            ("subscribed", "pending", "subscribed"),
            ("subscribed", "subscribed", "subscribed"),
        ],
    )
    def test_a_refusal_of_either_holds(self, lead, noon, kept, other, result):
        keep, gone = ContactFactory(consent=kept), ContactFactory(consent=other)

        merge(keep, gone, lead, noon)

        assert keep.consents.get().status == result
        changed = [(line.status, line.basis) for line in keep.consent_events.all()]
        assert changed == ([(result, "merge")] if result != kept else [])

    def test_is_audited_for_both_without_what_is_personal(self, ann, anna, lead, noon):
        merge(ann, anna, lead, noon)

        first, second = AuditEvent.objects.filter(action="contact.merged").order_by("pk")
        assert (first.subject, second.subject) == (
            f"contacts.contact:{ann.pk}",
            f"contacts.contact:{anna.pk}",
        )
        assert first.by == lead
        assert first.details == {
            "kept": ann.pk,
            "gone": anna.pk,
            "filled": ["phone", "attributes.size"],
            "moved": {"identities": 2},
        }

    def test_a_program_may_merge_a_browser_into_a_person(self, ann, stranger, noon):
        services.contact_merge(keep=ann, gone=stranger, by=None, now=noon)

        assert ("anonymous", "browser-1") in names(ann)
        assert ann.events.get().name == "Visit"

    @pytest.mark.parametrize("by_person", [True, False])
    def test_two_known_people_are_never_merged_unless_a_person_confirms(
        self, ann, anna, lead, noon, by_person
    ):
        before = snapshot()

        with pytest.raises(MergeNeedsPerson):
            services.contact_merge(
                keep=ann, gone=anna, by=lead if by_person else None, now=noon, is_confirmed=not by_person
            )

        assert snapshot() == before
        assert not ContactMerge.objects.exists()

    @pytest.mark.parametrize("namespace", ["crm", "email"])
    def test_somebody_with_any_other_name_is_known(self, ann, stranger, noon, namespace):
        IdentityFactory(contact=stranger, namespace=namespace, value="x@example.com")

        with pytest.raises(MergeNeedsPerson):
            services.contact_merge(keep=ann, gone=stranger, by=None, now=noon)

    def test_refuses_itself(self, ann, lead, noon):
        with pytest.raises(ContactNotMergeable, match="with itself"):
            merge(ann, ann, lead, noon)

    def test_refuses_whoever_is_gone(self, ann, anna, lead, noon):
        merge(ann, anna, lead, noon)

        with pytest.raises(ContactNotMergeable, match="erased or merged"):
            merge(ann, anna, lead, noon)

        assert ContactMerge.objects.count() == 1

    @pytest.mark.parametrize("state", ["leased", "sending"])
    def test_waits_while_a_worker_has_a_row_in_hand(self, ann, anna, lead, noon, state):
        token = "5f0f0b0e-0000-4000-8000-000000000000"
        RecipientFactory(contact=anna, state=state, lease_token=token, leased_until=noon)

        with pytest.raises(BeingSent):
            merge(ann, anna, lead, noon)

        anna.refresh_from_db()
        assert anna.merged_into is None
        assert names(anna) == {("email", "anna@example.com"), ("crm", "2")}

    def test_an_old_name_leads_to_the_kept_contact(self, ann, anna, lead, noon):
        merge(ann, anna, lead, noon)

        assert selectors.contacts_found(namespace="crm", value="2").get() == ann
        assert selectors.contacts(selectors.ContactAsk(search="crm:2")).get() == ann
        assert selectors.contacts_named("anna@example.com") == [ann]

    def test_an_event_of_the_old_number_is_the_kept_contacts(self, ann, anna, stranger, lead, noon):
        services.contact_merge(keep=anna, gone=stranger, by=None, now=noon)
        merge(ann, anna, lead, noon)

        [result] = services.events_record(
            events=[EventIn("Order", noon, contact_id=stranger.pk)], source="shop", now=noon
        )

        assert result.contact_id == ann.pk

    def test_a_refusal_by_an_old_mail_is_the_kept_contacts(self, ann, anna, lead, noon):
        merge(ann, anna, lead, noon)
        stale = Contact.objects.get(pk=anna.pk)

        services.consent_record(contact=stale, change=ConsentChange(status="unsubscribed"), by=None, now=noon)

        assert ann.consents.get().status == "unsubscribed"


class TestContactUnmerge:
    def test_everything_is_as_it_was(self, ann, anna, filled, lead, noon):
        before = snapshot()
        done = merge(ann, anna, lead, noon)
        assert snapshot() != before

        back = services.contact_unmerge(merge=done, by=lead, now=noon + timedelta(days=1))

        assert back == anna
        assert snapshot() == before
        assert AuditEvent.objects.filter(action="contact.unmerged").count() == 2

    def test_consent_is_as_it_was_and_the_ledger_tells_what_happened(self, lead, noon):
        keep, gone = ContactFactory(), ContactFactory(consent="unsubscribed")
        before = Consent.objects.order_by("pk").values()
        stood = list(before)
        done = merge(keep, gone, lead, noon)

        services.contact_unmerge(merge=done, by=lead, now=noon + timedelta(days=1))

        assert list(before.all()) == stood
        assert [(line.status, line.basis) for line in keep.consent_events.order_by("pk")] == [
            ("unsubscribed", "merge"),
            ("subscribed", "merge undone"),
        ]

    def test_what_was_edited_since_stays(self, ann, anna, lead, noon):
        done = merge(ann, anna, lead, noon)
        services.contact_update(contact=ann, attributes={"size": 45}, by=lead, now=noon)

        services.contact_unmerge(merge=done, by=lead, now=noon)

        ann.refresh_from_db()
        anna.refresh_from_db()
        assert (ann.phone, ann.attributes) == ("", {"city": "Bonn", "plan": "gold", "size": 45})
        assert (anna.phone, anna.attributes["size"]) == ("+49170123456", 44)

    def test_a_refusal_while_merged_holds_for_both(self, ann, anna, lead, noon):
        ConsentFactory(contact=anna)
        Consent.objects.update(changed_at=noon)
        done = merge(ann, anna, lead, noon)
        later = noon + timedelta(hours=1)
        services.consent_record(contact=ann, change=ConsentChange(status="unsubscribed"), by=None, now=later)

        services.contact_unmerge(merge=done, by=lead, now=noon + timedelta(days=1))

        assert [contact.consents.get().status for contact in (ann, anna)] == ["unsubscribed"] * 2
        assert anna.consent_events.get().basis == "refused while merged"

    def test_an_open_of_later_days_goes_back_with_its_recipient(self, ann, anna, lead, noon):
        row = RecipientFactory(contact=anna, state="sent", finished_at=noon)
        done = merge(ann, anna, lead, noon)
        partitions.month_partition_ensure("messaging_deliveryevent", partitions.month_of(noon))
        DeliveryEvent.objects.create(recipient=row, message=row.message, contact=ann, kind="opened", at=noon)

        services.contact_unmerge(merge=done, by=lead, now=noon)

        assert anna.delivery_events.get().recipient == row

    def test_works_once(self, ann, anna, lead, noon):
        done = merge(ann, anna, lead, noon)
        services.contact_unmerge(merge=done, by=lead, now=noon)
        before = snapshot()

        with pytest.raises(MergeNotUndoable, match="undone already"):
            services.contact_unmerge(merge=done, by=lead, now=noon)

        assert snapshot() == before

    def test_a_later_merge_of_the_kept_contact_is_undone_first(self, ann, anna, stranger, lead, noon):
        first = services.contact_merge(keep=anna, gone=stranger, by=None, now=noon)
        second = merge(ann, anna, lead, noon)

        with pytest.raises(MergeNotUndoable, match="Undo that first"):
            services.contact_unmerge(merge=first, by=lead, now=noon)
        services.contact_unmerge(merge=second, by=lead, now=noon)
        services.contact_unmerge(merge=first, by=lead, now=noon)

        assert names(stranger) == {("anonymous", "browser-1")}
        assert stranger.events.get().name == "Visit"


class TestMergesSweep:
    def test_an_event_that_was_being_written_meanwhile_follows(self, ann, stranger, noon):
        done = services.contact_merge(keep=ann, gone=stranger, by=None, now=noon)
        Event.objects.create(contact=stranger, name="Late", occurred_at=noon, received_at=noon)

        assert services.merges_sweep(now=noon + timedelta(minutes=1)) == 1
        assert services.merges_sweep(now=noon + timedelta(minutes=2)) == 0

        assert set(ann.events.values_list("name", flat=True)) == {"Visit", "Late"}
        done.refresh_from_db()
        services.contact_unmerge(merge=done, by=None, now=noon)
        assert stranger.events.count() == 2

    def test_names_and_consent_of_an_import_that_looked_them_up_before_follow(
        self, ann, stranger, noon, lead
    ):
        done = services.contact_merge(keep=ann, gone=stranger, by=None, now=noon)
        before = names(ann)
        IdentityFactory(contact=stranger, namespace="crm", value="late")
        consents_import(
            ids=[stranger.pk],
            change=ConsentChange(status=ConsentStatus.SUBSCRIBED, topic="late", basis="b"),
            by=None,
            now=noon,
        )

        services.merges_sweep(now=noon + timedelta(minutes=1))

        assert names(ann) == before | {("crm", "late")}
        assert ann.consents.get(topic="late").status == "subscribed"
        assert ann.consent_events.filter(topic="late").count() == 1
        assert not stranger.consents.exists()
        done.refresh_from_db()
        services.contact_unmerge(merge=done, by=None, now=noon)
        assert ("crm", "late") in names(stranger)
        assert stranger.consents.get(topic="late").status == "subscribed"

    def test_a_word_that_was_weighed_does_not_overrule_a_later_one(self, lead, noon):
        keep, gone = ContactFactory(consent="subscribed"), ContactFactory(consent="unsubscribed")
        merge(keep, gone, lead, noon)
        yes = ConsentChange(status=ConsentStatus.SUBSCRIBED, basis="called us")
        services.consent_record(contact=keep, change=yes, by=lead, now=noon + timedelta(minutes=1))

        assert services.merges_sweep(now=noon + timedelta(minutes=2)) == 0

        assert keep.consents.get().status == "subscribed"

    def test_a_refusal_that_comes_late_holds(self, lead, noon):
        keep, gone = ContactFactory(consent="subscribed"), ContactFactory(consent="pending")
        merge(keep, gone, lead, noon)
        no = ConsentChange(status=ConsentStatus.UNSUBSCRIBED, basis="list")
        consents_import(ids=[gone.pk], change=no, by=None, now=noon + timedelta(seconds=1))

        services.merges_sweep(now=noon + timedelta(minutes=1))

        assert keep.consents.get().status == "unsubscribed"
        assert services.merges_sweep(now=noon + timedelta(minutes=2)) == 0

    def test_leaves_alone_what_was_undone(self, ann, stranger, noon):
        done = services.contact_merge(keep=ann, gone=stranger, by=None, now=noon)
        services.contact_unmerge(merge=done, by=None, now=noon)

        assert services.merges_sweep(now=noon) == 0
        assert stranger.events.get().name == "Visit"


class TestMergePreview:
    def test_says_what_comes_together_what_wins_and_what_conflicts(self, ann, anna, filled, noon):
        ConsentFactory(contact=anna, status="unsubscribed")

        preview = selectors.merge_preview(keep=ann, gone=anna, now=noon)

        assert [(one.label, one.result) for one in preview.values if one.is_conflict] == [
            ("E-mail", "ann@example.com"),
            ("city", "Bonn"),
        ]
        assert [one.label for one in preview.values if one.is_filled] == ["Telephone", "size"]
        assert [(one.kept, one.other, one.result) for one in preview.consents] == [
            ("subscribed", "unsubscribed", "unsubscribed")
        ]
        tallies = {tally.label: (tally.moves, tally.stays) for tally in preview.tallies}
        assert tallies["Identities"] == (2, 0)
        assert tallies["Events"] == tallies["Messages"] == tallies["Lists"] == (1, 1)
        assert preview.needs_person is True
        assert preview.conflicts == 3

    def test_does_nothing(self, ann, anna, filled, noon):
        before = snapshot()

        selectors.merge_preview(keep=ann, gone=anna, now=noon)

        assert snapshot() == before


def test_every_table_of_contacts_has_a_rule_for_merges():
    # What was merged stays what was merged, and an erased person is merged with nobody.
    exempt = {"contacts_contactmerge", "contacts_erasure"}

    assert set(tables_of_contacts()) - exempt == {
        move.table for move in registries.moves if move.table != "collaboration_comment"
    }


class TestOrderAndDoubles:
    def test_the_last_merge_is_undone_first(self, ann, anna, stranger, lead, noon):
        first = merge(ann, anna, lead, noon)
        services.contact_merge(keep=ann, gone=stranger, by=lead, now=noon)

        with pytest.raises(MergeNotUndoable, match="Undo that first"):
            services.contact_unmerge(merge=first, by=lead, now=noon)

    def test_a_word_said_while_merged_stays_with_the_kept_contact(self, ann, anna, lead, noon):
        Consent.objects.filter(contact__in=[ann, anna]).delete()
        ConsentFactory(contact=anna, channel="email", topic="", status="unsubscribed", changed_at=noon)
        done = merge(ann, anna, lead, noon)
        Consent.objects.filter(contact=ann).update(status="subscribed", changed_at=noon + timedelta(hours=1))

        services.contact_unmerge(merge=done, by=lead, now=noon + timedelta(hours=2))

        stands = dict(Consent.objects.values_list("contact", "status"))
        assert stands == {ann.pk: "subscribed", anna.pk: "unsubscribed"}

    def test_what_has_left_to_one_is_not_sent_to_the_other(self, ann, anna, lead, noon):
        message = MessageFactory(launched=True)
        got = RecipientFactory(message=message, contact=anna, state="sent")
        waits = RecipientFactory(message=message, contact=ann, state="queued")

        done = merge(ann, anna, lead, noon)
        waits.refresh_from_db()
        assert (waits.state, waits.reason, waits.contact_id) == ("skipped", "merged", ann.pk)

        services.contact_unmerge(merge=done, by=lead, now=noon)
        waits.refresh_from_db()
        got.refresh_from_db()
        assert (waits.state, waits.reason) == ("queued", "")
        assert (got.state, got.contact_id) == ("sent", anna.pk)

    @pytest.mark.parametrize(("state", "reason"), [("excluded", "no_address"), ("skipped", "no_consent")])
    def test_what_was_left_out_of_the_kept_gives_its_place_to_what_waits(
        self, ann, anna, lead, noon, state, reason
    ):
        message = MessageFactory(launched=True)
        out = RecipientFactory(message=message, contact=ann, state=state, reason=reason, finished_at=noon)
        waits = RecipientFactory(message=message, contact=anna, state="planned")

        done = merge(ann, anna, lead, noon)

        def rows():
            told = Recipient.objects.filter(message=message).order_by("pk")
            return list(told.values_list("pk", "contact", "state", "reason", "occurrence"))

        assert rows() == [
            (out.pk, anna.pk, state, reason, 0),
            (waits.pk, ann.pk, "planned", "", 0),
        ]
        services.contact_unmerge(merge=done, by=lead, now=noon)
        assert rows() == [
            (out.pk, ann.pk, state, reason, 0),
            (waits.pk, anna.pk, "planned", "", 0),
        ]

    def test_who_is_held_out_stays_held_out(self, ann, anna, lead, noon):
        message = MessageFactory(launched=True)
        out = RecipientFactory(message=message, contact=ann, state="excluded", reason="holdout")
        RecipientFactory(message=message, contact=anna, state="planned")

        merge(ann, anna, lead, noon)

        assert ann.recipients.get() == out


def test_the_timeline_tells_of_a_merge_and_of_its_undoing(noon):
    keep, gone = ContactFactory.create_batch(2)
    merge = services.contact_merge(keep=keep, gone=gone, by=UserFactory(), now=noon, is_confirmed=True)
    services.contact_unmerge(merge=merge, by=None, now=noon + timedelta(hours=1))

    page = selectors.timeline_page(keep, now=noon + timedelta(hours=2))

    told = [(entry.at, entry.text) for entry in page.entries if entry.kind == "merge"]
    assert told == [
        (noon + timedelta(hours=1), f"Merge with contact {gone.pk} undone"),
        (noon, f"Merged with contact {gone.pk}"),
    ]
