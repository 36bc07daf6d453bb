"""Why a person got a message, or did not: each rule in the order in which it was asked, from stored facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Exclusion
from apps.messaging.models import LETTERS, WAITING, FrequencyCap, Message, RateLimit, Recipient, RuleNote
from apps.messaging.selectors.delays import waited_for
from apps.messaging.selectors.experiments import experiment_of
from apps.messaging.selectors.rates import recipient_brake

State = Recipient.State
# Reasons that are about the person, not about a lot or a rule.
OF_THE_PERSON = {
    Exclusion.MERGED,
    Exclusion.ERASED,
    Exclusion.NO_ADDRESS,
    Exclusion.SUPPRESSED,
    Exclusion.NO_CONSENT,
}


class Result(StrEnum):
    """How a rule answered; the values are classes of `.checks` too, but for the words."""

    PASSED = "passed"
    STOPPED = "stopped"
    HELD = "held"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Check:
    """One rule and its answer; `rule` names it for programs."""

    rule: str
    label: str
    result: Result
    detail: str = ""


def recipient_checks(recipient: Recipient, *, now: datetime) -> list[Check]:
    """
    Tell what each rule said of a recipient, in the order in which they are asked.

    What comes after the rule that stopped it was not asked; nor was, of who still waits, what is asked last.
    """
    notes = rule_notes(recipient)
    limits = _limits(recipient, notes, now=now)
    server = _server(recipient, now=now)
    checks = [*_at_launch(recipient), *limits, *_built(recipient), *_at_last(recipient, notes), server]
    told: list[Check] = []
    is_over = False
    for check in checks:
        told.append(check if not is_over else Check(check.rule, check.label, Result.NOT_ASKED))
        is_over = is_over or check.result == Result.STOPPED
    return told


def rule_notes(recipient: Recipient) -> list[RuleNote]:
    """Return what sending rules did to a recipient, oldest first."""
    found = RuleNote.objects.filter(contact=recipient.contact_id, recipient=recipient.pk)
    return list(found.order_by("at", "pk")[:100])


def note_detail(note: RuleNote) -> str:
    """Say by which rule, as it was then."""
    if note.rule == RuleNote.Rule.QUIET:
        return _("Quiet hours from %(starts)s to %(ends)s, by the clock of %(zone)s") % {
            "starts": note.facts["starts"][:5],
            "ends": note.facts["ends"][:5],
            "zone": note.facts["zone"],
        }
    if note.rule == RuleNote.Rule.RATE:
        return _("Limited to %(limit)s") % {"limit": RateLimit(**note.facts)}
    caps = [FrequencyCap(**facts) for facts in note.facts]
    names = contacts.topic_names() if any(cap.topic for cap in caps) else {}
    return " · ".join(cap.sentence(names.get(cap.topic, cap.topic)) for cap in caps)


def _at_launch(recipient: Recipient) -> list[Check]:
    """The rules of the statement that froze the audience."""
    message = recipient.message
    reason = recipient.reason if recipient.state == State.EXCLUDED else ""
    told = str(recipient.get_reason_display()) if reason else ""

    def check(rule: str, label: str, reasons: set[Exclusion]) -> Check:
        is_it = reason in reasons
        return Check(rule, label, Result.STOPPED if is_it else Result.PASSED, told if is_it else "")

    checks = [
        Check("audience", _("In the audience"), Result.PASSED),
        check("reachable", _("Could be written to at launch: address, consent, suppressions"), OF_THE_PERSON),
        check("control_group", _("Not in the control group"), {Exclusion.CONTROL}),
    ]
    if message.holdout_percent or reason == Exclusion.HOLDOUT:
        checks.append(check("holdout", _("Not held out of this message"), {Exclusion.HOLDOUT}))
    return [*checks, *_experiment(recipient), _hour(recipient)]


def _experiment(recipient: Recipient) -> list[Check]:
    """Which variant it was to be, and why; nothing of a message that tries none out."""
    experiment = experiment_of(recipient.message)
    if experiment is None:
        return []
    label = _("A variant was chosen")
    if recipient.is_sample and recipient.variant is not None:
        told = _("Drawn for the sample: variant %(letter)s") % {"letter": LETTERS[recipient.variant]}
        return [Check("experiment", label, Result.PASSED, told)]
    if experiment.is_decided:
        told = _("Not in the sample. %(decision)s") % {"decision": experiment.decision}
        return [
            Check("experiment", label, Result.STOPPED if experiment.winner is None else Result.PASSED, told)
        ]
    told = _("Not in the sample: waits for the winner, which is chosen when the sample has got it.")
    if experiment.decide_at:
        when = _moment(experiment.decide_at, "")
        told = _("Not in the sample: waits for the winner, which is chosen %(when)s.") % {"when": when}
    is_waiting = recipient.state == State.AWAITING
    return [Check("experiment", label, Result.HELD if is_waiting else Result.NOT_ASKED, told)]


def _hour(recipient: Recipient) -> Check:
    label = _("Its hour has come")
    shown = _moment(recipient.due_at, recipient.contact.timezone)
    if recipient.message.local_at:
        shown = _("%(hour)s, by the clock where the person is") % {"hour": shown}
    is_waiting = (
        recipient.state == State.PLANNED and not recipient.waits_for_id and not _was_put_off(recipient)
    )
    return Check("hour", label, Result.HELD if is_waiting else Result.PASSED, shown)


def _limits(recipient: Recipient, notes: Sequence[RuleNote], *, now: datetime) -> list[Check]:
    """Who waits for a limit now, or once did; nothing of limits that never held anybody up."""
    label = _("Within the rate limits")
    if brake := recipient_brake(recipient, now=now):
        return [Check("rate_limits", label, Result.HELD, brake)]
    held = [note for note in notes if note.rule == RuleNote.Rule.RATE]
    return [Check("rate_limits", label, Result.PASSED, note_detail(held[-1]))] if held else []


def _built(recipient: Recipient) -> list[Check]:
    """That the mail could not be built for this person: no server was asked. Nothing of those that could."""
    if recipient.state != State.FAILED or recipient.attempts:
        return []
    return [Check("mail", _("The mail could be built for this person"), Result.STOPPED, recipient.answer)]


def _at_last(recipient: Recipient, notes: Sequence[RuleNote]) -> list[Check]:
    """The rules of the statement that passes the point of no return."""
    has_passed = recipient.attempts > 0 or recipient.state in {State.SENDING, State.SENT, State.UNKNOWN}
    passed = Result.PASSED if has_passed else Result.NOT_ASKED
    is_skipped = recipient.state == State.SKIPPED
    is_capped = is_skipped and recipient.reason == Exclusion.CAPPED
    in_time = Result.STOPPED if recipient.state == State.EXPIRED else passed
    is_wanted = Result.STOPPED if recipient.state == State.CANCELLED else passed
    checks = [*_pause(recipient), Check("not_cancelled", _("Not cancelled"), is_wanted)]
    if recipient.message.not_after:
        until = _moment(recipient.message.not_after, "")
        checks.append(Check("not_after", _("Not too late"), in_time, _("Until %(when)s") % {"when": until}))
    if is_skipped and not is_capped:
        reason = str(recipient.get_reason_display())
        checks.append(Check("reachable_still", _("Could still be written to"), Result.STOPPED, reason))
    else:
        asked = Result.PASSED if is_capped else passed
        checks.append(Check("reachable_still", _("Could still be written to"), asked))
    return [*checks, _quiet(recipient, notes, passed, is_capped), _caps(notes, passed, is_capped)]


def _pause(recipient: Recipient) -> list[Check]:
    """That they wait because the message is paused, and why it is; nothing of one that is not."""
    message = recipient.message
    if message.state != Message.State.PAUSED or recipient.state not in WAITING:
        return []
    return [Check("not_paused", _("The message is not paused"), Result.HELD, message.pause_reason)]


def _quiet(recipient: Recipient, notes: Sequence[RuleNote], passed: Result, is_capped: bool) -> Check:
    held = [note for note in notes if note.rule == RuleNote.Rule.QUIET]
    detail = ""
    if held:
        until = _moment(held[-1].until or held[-1].at, str(held[-1].facts["zone"]))
        detail = f"{note_detail(held[-1])} · " + _("held until %(when)s") % {"when": until}
    is_waiting = recipient.state == State.PLANNED and bool(held) and held[-1].until == recipient.due_at
    result = Result.HELD if is_waiting else Result.PASSED if is_capped else passed
    return Check("quiet_hours", _("Outside quiet hours"), result, detail)


def _caps(notes: Sequence[RuleNote], passed: Result, is_capped: bool) -> Check:
    caps = [note for note in notes if note.rule == RuleNote.Rule.CAP]
    detail = note_detail(caps[-1]) if is_capped and caps else ""
    return Check("caps", _("Within the frequency caps"), Result.STOPPED if is_capped else passed, detail)


def _was_put_off(recipient: Recipient) -> bool:
    """Test if a server said “not now”, and it is tried again by itself."""
    return recipient.state == State.PLANNED and recipient.attempts > 0 and recipient.answer != ""


def _server(recipient: Recipient, *, now: datetime) -> Check:
    label = _("Taken by the mail server")
    if _was_put_off(recipient):
        told = {"answer": recipient.answer, "when": _moment(recipient.due_at, "")}
        if not recipient.message.is_running:
            told["when"] = _("once the message goes on")
        return Check("server", label, Result.HELD, _("%(answer)s · tried again %(when)s") % told)
    provider = waited_for(recipient.message, now=now) if recipient.state == State.QUEUED else None
    if provider and provider.waits_until:
        asked = {"provider": provider.name, "when": _moment(provider.waits_until, "")}
        return Check("server", label, Result.HELD, _("“%(provider)s” asks to wait until %(when)s") % asked)
    results = {State.SENT: Result.PASSED, State.FAILED: Result.STOPPED, State.UNKNOWN: Result.HELD}
    result = results.get(State(recipient.state), Result.NOT_ASKED)
    detail = recipient.answer
    if recipient.state == State.UNKNOWN:
        detail = _("Nobody can know whether it arrived; it is not sent again.")
    return Check("server", label, result, detail if result != Result.NOT_ASKED else "")


def _moment(at: datetime, zone: str) -> str:
    """Return a moment as clocks there show it; without a zone, the reader's."""
    is_known = zone in available_timezones()
    local = at.astimezone(ZoneInfo(zone) if is_known else timezone.get_current_timezone())
    return formats.date_format(local, "j F Y, H:i") + (f" ({zone})" if is_known else "")
