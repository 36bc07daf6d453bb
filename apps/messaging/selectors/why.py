"""Why a person got a message, or did not: each rule in the order in which it was asked, from stored facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from apps.contacts import selectors as contacts
from apps.contacts.models import Exclusion
from apps.core.display import clock_time
from apps.messaging.models import (
    BOUNCES,
    LETTERS,
    WAITING,
    DeliveryReport,
    FrequencyCap,
    Message,
    RateLimit,
    Recipient,
    RuleNote,
    SendingPolicy,
    Verdict,
)
from apps.messaging.selectors.delays import message_hour, waited_for
from apps.messaging.selectors.experiments import experiment_of
from apps.messaging.selectors.rates import recipient_brake

State = Recipient.State
CAP_NAMES = 3  # of the messages that filled a cap
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
    last = [*_built(recipient), *_at_last(recipient, notes), server, *_returned(recipient)]
    checks = [*_at_launch(recipient, notes), *limits, *last]
    told: list[Check] = []
    is_over = False
    for check in checks:
        told.append(check if not is_over else Check(check.rule, check.label, Result.NOT_ASKED))
        is_over = is_over or check.result == Result.STOPPED
    return told


def row_sentence(recipient: Recipient, *, now: datetime) -> str:
    """Say where somebody is and why: by the rule that said no, or the last one that lets them wait."""
    checks = recipient_checks(recipient, now=now)
    state = str(recipient.get_state_display())
    stops = [check for check in checks if check.result == Result.STOPPED]
    waits = [check for check in checks if check.result == Result.HELD]
    deciding = (stops[:1] or waits[-1:] or checks[-1:])[0]
    return f"{state}: {deciding.detail or deciding.label}" if deciding.result != Result.NOT_ASKED else state


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


def report_said(report: DeliveryReport) -> str:
    """Say what a mail system reported: what it means, the status, and its own words."""
    return " · ".join(filter(None, [str(report.get_verdict_display()), report.status, report.answer]))


def left_out_detail(recipient: Recipient) -> str:
    """Say why somebody was left out, and what was on record: whose word, which lot, since when."""
    reason, message = Exclusion(recipient.reason), recipient.message
    label = str(reason.label)
    if reason == Exclusion.CONTROL:
        percent = SendingPolicy.objects.current().control_percent
        told = _("drawn by lot, the same people for every message: today %(percent)s %% of all contacts")
        return f"{label} · {told % {'percent': percent}}"
    if reason == Exclusion.HOLDOUT:
        told = _("drawn by lot for this message: %(percent)s %% of its audience")
        return f"{label} · {told % {'percent': message.holdout_percent}}"
    at = message.launched_at if recipient.state == State.EXCLUDED else recipient.finished_at
    fact = contacts.exclusion_fact(
        recipient.contact, reason, channel=message.way, topic=message.topic, at=at or recipient.due_at
    )
    return f"{label} · {fact}" if fact else label


def _at_launch(recipient: Recipient, notes: Sequence[RuleNote]) -> list[Check]:
    """The rules of the statement that froze the audience."""
    message = recipient.message
    reason = recipient.reason if recipient.state == State.EXCLUDED else ""
    told = left_out_detail(recipient) if reason else ""

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
    return [*checks, *_experiment(recipient), _hour(recipient, notes)]


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
        when = clock_time(experiment.decide_at)
        told = _("Not in the sample: waits for the winner, which is chosen %(when)s.") % {"when": when}
    is_waiting = recipient.state == State.AWAITING
    return [Check("experiment", label, Result.HELD if is_waiting else Result.NOT_ASKED, told)]


def _hour(recipient: Recipient, notes: Sequence[RuleNote]) -> Check:
    """Whether the hour that was meant for them has come; what holds them beyond it is told further down."""
    label = _("Its hour has come")
    message = recipient.message
    is_hushed = _waits_for_quiet(recipient, notes)
    if message.local_at:
        zone = recipient.contact.timezone or SendingPolicy.objects.current().timezone
        hour = f"{message.local_at:%H:%M}" if is_hushed else clock_time(recipient.due_at, zone)
        shown = _("%(hour)s, by the clock where the person is") % {"hour": hour}
    else:  # not the row's, which is that of its next try
        shown = clock_time(message_hour(message) or recipient.due_at, recipient.contact.timezone)
    is_waiting = recipient.state == State.PLANNED and not (
        is_hushed or recipient.waits_for_id or _was_put_off(recipient)
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
        told = _("Until %(when)s") % {"when": clock_time(recipient.message.not_after)}
        held = _held_detail(notes) if recipient.state == State.EXPIRED else ""
        checks.append(Check("not_after", _("Not too late"), in_time, " · ".join(filter(None, [told, held]))))
    if is_skipped and not is_capped:
        told = left_out_detail(recipient)
        checks.append(Check("reachable_still", _("Could still be written to"), Result.STOPPED, told))
    else:
        asked = Result.PASSED if is_capped else passed
        checks.append(Check("reachable_still", _("Could still be written to"), asked))
    return [*checks, _quiet(recipient, notes, passed, is_capped), _caps(recipient, notes, passed, is_capped)]


def _pause(recipient: Recipient) -> list[Check]:
    """That they wait because the message is paused, and why it is; nothing of one that is not."""
    message = recipient.message
    if message.state != Message.State.PAUSED or recipient.state not in WAITING:
        return []
    return [Check("not_paused", _("The message is not paused"), Result.HELD, message.pause_reason)]


def _quiet(recipient: Recipient, notes: Sequence[RuleNote], passed: Result, is_capped: bool) -> Check:
    result = Result.PASSED if is_capped else passed
    if _waits_for_quiet(recipient, notes):
        result = Result.HELD
    return Check("quiet_hours", _("Outside quiet hours"), result, _held_detail(notes))


def _held_detail(notes: Sequence[RuleNote]) -> str:
    """Say by which quiet hours somebody was held last, and until when; '' if by none."""
    held = [note for note in notes if note.rule == RuleNote.Rule.QUIET]
    if not held:
        return ""
    until = clock_time(held[-1].until or held[-1].at, str(held[-1].facts["zone"]))
    return f"{note_detail(held[-1])} · " + _("held until %(when)s") % {"when": until}


def _waits_for_quiet(recipient: Recipient, notes: Sequence[RuleNote]) -> bool:
    """Test if somebody waits for the end of quiet hours, and for nothing else."""
    held = [note.until for note in notes if note.rule == RuleNote.Rule.QUIET]
    return recipient.state == State.PLANNED and bool(held) and held[-1] == recipient.due_at


def _caps(recipient: Recipient, notes: Sequence[RuleNote], passed: Result, is_capped: bool) -> Check:
    caps = [note for note in notes if note.rule == RuleNote.Rule.CAP]
    detail = _capped_detail(recipient, caps[-1]) if is_capped and caps else ""
    return Check("caps", _("Within the frequency caps"), Result.STOPPED if is_capped else passed, detail)


def _capped_detail(recipient: Recipient, note: RuleNote) -> str:
    """Say which caps were full, and of what: the messages of those calendar days, where the person is."""
    names = contacts.topic_names()
    told = []
    for cap in (FrequencyCap(**facts) for facts in note.facts):
        had = _had(recipient, cap, at=note.at)
        if len(had) >= cap.most:
            which = ", ".join(f"“{name}”" for name in had[:CAP_NAMES])
            more = ", …" if len(had) > CAP_NAMES else ""
            sentence = cap.sentence(names.get(cap.topic, cap.topic))
            told.append(_("%(cap)s · had by then: %(which)s") % {"cap": sentence, "which": which + more})
    return " · ".join(told) or note_detail(note)


def _had(recipient: Recipient, cap: FrequencyCap, *, at: datetime) -> list[str]:
    """Return the messages that counted towards a cap at a moment, by name, latest first."""
    told = recipient.contact.timezone or SendingPolicy.objects.current().timezone
    zone = ZoneInfo(told) if told in available_timezones() else UTC
    first = at.astimezone(zone).date() - timedelta(days=cap.days - 1)
    since = datetime.combine(first, time.min, zone)
    got = Recipient.objects.filter(contact=recipient.contact_id, finished_at__range=(since, at))
    got = got.filter(state__in=[State.SENT, State.UNKNOWN]).exclude(pk=recipient.pk)
    rows = got.select_related("message__channel").order_by("-finished_at")[: 2 * FrequencyCap.MOST]
    return [row.message.name for row in rows if cap.fits(topic=row.message.topic, channel=row.message.way)]


def _was_put_off(recipient: Recipient) -> bool:
    """Test if a server said “not now”, and it is tried again by itself."""
    return recipient.state == State.PLANNED and recipient.attempts > 0 and recipient.answer != ""


def _server(recipient: Recipient, *, now: datetime) -> Check:
    label = _("Taken by the mail server")
    if _was_put_off(recipient):
        told = {"answer": recipient.answer, "when": clock_time(recipient.due_at)}
        if not recipient.message.is_running:
            told["when"] = _("once the message goes on")
        return Check("server", label, Result.HELD, _("%(answer)s · tried again %(when)s") % told)
    provider = waited_for(recipient.message, now=now) if recipient.state == State.QUEUED else None
    if provider and provider.waits_until:
        asked = {"provider": provider.name, "when": clock_time(provider.waits_until)}
        return Check("server", label, Result.HELD, _("“%(provider)s” asks to wait until %(when)s") % asked)
    results = {State.SENT: Result.PASSED, State.FAILED: Result.STOPPED, State.UNKNOWN: Result.HELD}
    result = results.get(State(recipient.state), Result.NOT_ASKED)
    detail = recipient.answer
    if recipient.state == State.UNKNOWN:
        doubt = _("Nobody can know whether it arrived; it is not sent again.")
        detail = f"{recipient.answer} · {doubt}" if recipient.answer else doubt
    return Check("server", label, result, detail if result != Result.NOT_ASKED else "")


def _returned(recipient: Recipient) -> list[Check]:
    """Whether a mail system has sent it back, or said that it arrived; nothing of those unheard of."""
    if recipient.state not in {State.SENT, State.UNKNOWN}:
        return []
    heard = recipient.reports.filter(verdict__in=[*BOUNCES, Verdict.DELIVERED])
    report = heard.order_by("-at", "-pk").first()
    if report is None:
        return []
    told = {"when": clock_time(report.at), "said": report_said(report)}
    label = _("It did not come back")
    if report.verdict in BOUNCES:
        return [Check("returned", label, Result.STOPPED, _("Came back on %(when)s: %(said)s") % told)]
    return [Check("returned", label, Result.PASSED, _("%(said)s on %(when)s") % told)]
