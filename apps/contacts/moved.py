"""What becomes of this room's own rows when two contacts are merged; registered from `AppConfig.ready`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.collaboration.models import Comment
from apps.contacts import registries
from apps.contacts.models import Consent, ConsentEvent, ConsentStatus, Contact
from apps.contacts.moves import Act, Move, Record, Tally

# Where both have said something about the same channel and topic. A refusal is never overruled.
WEIGHT = [ConsentStatus.PENDING, ConsentStatus.SUBSCRIBED, ConsentStatus.UNSUBSCRIBED]
MERGED = "merge"
UNMERGED = "merge undone"
REFUSED_MEANWHILE = "refused while merged"


def consent_wins(kept: str, other: str) -> str:
    """Return where one person stands who stands at both: a refusal first, then a consent."""
    return max(ConsentStatus(kept), ConsentStatus(other), key=WEIGHT.index)


@dataclass(frozen=True)
class ConsentMove(Move):
    """
    Where the contact stands. What only the other one had said follows; where both have said something, the
    stronger word wins (`consent_wins`), and the ledger of the kept contact gets a line for it.
    """

    def merge(self, act: Act) -> Record:
        return self._merge(act, list(Consent.objects.filter(contact=act.gone)))

    def sweep(self, act: Act, record: Record) -> Record:
        """Weigh only what was said since: a word that stayed behind may be outdated by now."""
        weighed = {(pk, status, at) for pk, status, at in record.get("was", [])}
        rows = Consent.objects.filter(contact=act.gone)
        late = [row for row in rows if (row.pk, row.status, row.changed_at.isoformat()) not in weighed]
        return self._merge(act, late) if late else {"keys": [], "raised": [], "was": []}

    def _merge(self, act: Act, said: list[Consent]) -> Record:
        raised = []
        theirs = {(row.channel, row.topic): row for row in said}
        for row in Consent.objects.filter(contact=act.keep).order_by("pk"):
            other = theirs.get((row.channel, row.topic))
            if other and consent_wins(row.status, other.status) != row.status:
                raised.append([row.pk, row.status, row.changed_at.isoformat(), act.now.isoformat()])
                _stand(row, status=other.status, act=act, basis=MERGED, contact=act.keep)
        was = [[row.pk, row.status, row.changed_at.isoformat()] for row in theirs.values()]
        return {**super().merge(act), "raised": raised, "was": was}

    def unmerge(self, act: Act, record: Record) -> None:
        assert act.since, "an undoing knows when the merge was"
        said = self._said_since(act, record)
        super().unmerge(act, {**record, "keys": [key for key in record["keys"] if int(key) not in said]})
        refused = Q(status=ConsentStatus.UNSUBSCRIBED, changed_at__gt=act.since)
        meanwhile = list(Consent.objects.filter(refused, contact__in=[act.keep, act.gone]))
        self._restore(act, record["raised"])
        # They said no while they were one contact: nobody can tell which of the two that was, so both did.
        for row in meanwhile:
            for contact in (act.keep, act.gone):
                _refuse(row, act=act, contact=contact)

    def _said_since(self, act: Act, record: Record) -> set[int]:
        """
        Return the rows that came along and were changed since: that was said as the kept contact, and stays
        there. The one that comes back stands where it stood.
        """
        was = {pk: (status, datetime.fromisoformat(at)) for pk, status, at in record["was"]}
        moved = Consent.objects.filter(contact=act.keep, pk__in=[int(key) for key in record["keys"]])
        changed = [row for row in moved if (row.status, row.changed_at) != was[row.pk]]
        Consent.objects.bulk_create(
            [
                Consent(
                    contact_id=act.gone,
                    channel=row.channel,
                    topic=row.topic,
                    status=was[row.pk][0],
                    changed_at=was[row.pk][1],
                )
                for row in changed
            ],
            ignore_conflicts=True,
        )
        return {row.pk for row in changed}

    def _restore(self, act: Act, raised: list[list[Any]]) -> None:
        for pk, status, changed_at, set_at in raised:
            # Unless the person has said something since.
            row = Consent.objects.filter(
                pk=pk, contact=act.keep, changed_at=datetime.fromisoformat(set_at)
            ).first()
            if row:
                _stand(row, status=status, act=act, basis=UNMERGED, contact=act.keep)
                Consent.objects.filter(pk=pk).update(changed_at=datetime.fromisoformat(changed_at))


def _stand(row: Consent, *, status: str, act: Act, basis: str, contact: int) -> None:
    Consent.objects.filter(pk=row.pk).update(status=status, changed_at=act.now)
    _ledger(row, status=status, act=act, basis=basis, contact=contact)


def _refuse(row: Consent, *, act: Act, contact: int) -> None:
    refusal = ConsentStatus.UNSUBSCRIBED
    place: dict[str, Any] = {"contact_id": contact, "channel": row.channel, "topic": row.topic}
    if Consent.objects.filter(**place, status=refusal).exists():
        return
    Consent.objects.update_or_create(**place, defaults={"status": refusal, "changed_at": act.now})
    _ledger(row, status=refusal, act=act, basis=REFUSED_MEANWHILE, contact=contact)


def _ledger(row: Consent, *, status: str, act: Act, basis: str, contact: int) -> None:
    ConsentEvent.objects.create(
        contact_id=contact,
        channel=row.channel,
        topic=row.topic,
        status=status,
        at=act.now,
        basis=basis,
        by=act.by,
    )


@dataclass(frozen=True)
class CommentMove(Move):
    """Comments name what they are about by kind and number."""

    @property
    def is_there(self) -> str:
        return (
            "EXISTS (SELECT FROM collaboration_comment AS it JOIN django_content_type AS kind "
            "ON kind.id = it.content_type_id AND kind.app_label = 'contacts' AND kind.model = 'contact' "
            "WHERE it.object_id = c.id)"
        )

    def tally(self, act: Act) -> Tally:
        return Tally(str(self.label), self._comments(act.gone).count(), 0)

    def merge(self, act: Act) -> Record:
        keys = [str(pk) for pk in self._comments(act.gone).values_list("pk", flat=True)]
        Comment.objects.filter(pk__in=keys).update(object_id=act.keep)
        return {"keys": keys}

    def unmerge(self, act: Act, record: Record) -> None:
        self._comments(act.keep).filter(pk__in=record["keys"]).update(object_id=act.gone)

    def _comments(self, contact: int) -> Any:
        kind = ContentType.objects.get_for_model(Contact)
        return Comment.objects.filter(content_type=kind, object_id=contact)


@dataclass(frozen=True)
class MemberMove(Move):
    """
    Places in companies, of which one at most is a contact's main one: that of the kept contact stays so.

    `yielded` are those that gave this up to come along, and get it back.
    """

    def merge(self, act: Act) -> Record:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} AS it SET is_primary = false "
                f"WHERE it.contact_id = %(gone)s AND it.is_primary AND {self._has_primary('keep')} "
                f"AND {self._fits} RETURNING it.id",
                vars(act),
            )
            yielded = [pk for (pk,) in cursor.fetchall()]
        return {**super().merge(act), "yielded": yielded}

    def unmerge(self, act: Act, record: Record) -> None:
        with connection.cursor() as cursor:
            # Made the main one since, while another waited with the one who comes back: that one stays so.
            cursor.execute(
                f"UPDATE {self.table} SET is_primary = false WHERE contact_id = %(keep)s AND is_primary "
                f"AND id = ANY(%(keys)s::bigint[]) AND {self._has_primary('gone')}",
                {**vars(act), "keys": record["keys"]},
            )
            super().unmerge(act, record)
            cursor.execute(
                f"UPDATE {self.table} SET is_primary = true WHERE contact_id = %(gone)s "
                f"AND id = ANY(%(yielded)s::bigint[]) AND NOT {self._has_primary('gone')}",
                {**vars(act), "yielded": record["yielded"]},
            )

    def _has_primary(self, whose: str) -> str:
        return (
            f"EXISTS (SELECT FROM {self.table} AS first "
            f"WHERE first.contact_id = %({whose})s AND first.is_primary)"
        )


def register() -> None:
    for name, move in {
        "identities": Move(_("Identities"), "contacts_identity", goes_along=True, is_swept=True),
        "events": Move(_("Events"), "contacts_event", once=("message_key",), is_swept=True),
        "receipts": Move(
            "", "contacts_eventreceipt", "message_key", "uuid", once=("message_key",), is_swept=True
        ),
        "held_events": Move(_("Events in quarantine"), "contacts_heldevent", is_swept=True),
        "event_samples": Move("", "contacts_eventsample", is_swept=True),
        "consent_history": Move(
            _("Lines of the consent ledger"), "contacts_consentevent", goes_along=True, is_swept=True
        ),
        "consents": ConsentMove(
            _("Consent"), "contacts_consent", once=("channel", "topic"), goes_along=True, is_swept=True
        ),
        "confirmations": Move(_("Questions to confirm"), "contacts_confirmation", once=("channel", "topic")),
        "companies": MemberMove(
            _("Companies"), "contacts_companymember", once=("company_id",), is_swept=True
        ),
        # What a scan found is about the row that it looked at: it stays there, and is there again afterwards.
        "quality_findings": Move("", "contacts_qualityfinding", where="false"),
        "quality_pairs": Move("", "contacts_qualitypair", where="false"),
        "quality_mends": Move("", "contacts_qualitymendrow", "contact_id", where="false"),
        "comments": CommentMove(_("Comments"), "collaboration_comment"),
    }.items():
        registries.moves.register(name, move)
