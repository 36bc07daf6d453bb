"""
Which records a sending domain has to have in DNS, and whether what is there will do.

Pure but for the `Lookup` that it is handed: what a name has of a type, or that nobody answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.utils.translation import gettext as _

from apps.messaging.models import SendingDomain


class DnsSilent(Exception):
    """No name server answered: nothing is known."""


# (name, type) -> what is there, quotes and dots at the end taken off; nothing if there is nothing.
Lookup = Callable[[str, str], list[str]]


@dataclass(frozen=True)
class Record:
    """A record to publish. `value` '': only your provider knows it."""

    key: str
    label: str
    name: str
    type: str
    value: str
    why: str


@dataclass(frozen=True)
class RecordFinding:
    """
    What was found of a record. `state`: ok, missing, wrong, or silent where DNS did not answer.

    `instead`: what to publish in its place, where what is there is to be kept.
    """

    key: str
    state: str
    found: str = ""
    told: str = ""
    instead: str = ""


def envelope_domain(domain: SendingDomain) -> str:
    """Return the domain that receivers ask for SPF: that of the return path."""
    return domain.return_path.rpartition("@")[2] or domain.name


def records_wanted(domain: SendingDomain) -> list[Record]:
    """Return the records of a domain, in the order in which one publishes them."""
    records = [_spf_record(domain), _dkim_record(domain), *_other_keys(domain), _dmarc_record(domain)]
    if domain.return_path:
        records.append(_return_record(domain))
    if domain.tracking_host:
        records.append(_tracking_record(domain))
    return records


def records_check(domain: SendingDomain, lookup: Lookup) -> list[RecordFinding]:
    """Ask DNS for each record; where nobody answers for one, the others are asked all the same."""
    checks = {
        "spf": _spf, "dkim": _dkim, "dkim-next": _dkim, "dkim-old": _dkim, "dmarc": _dmarc,
        "return": _return, "tracking": _tracking,
    }  # fmt: skip
    findings = []
    for record in records_wanted(domain):
        try:
            findings.append(checks[record.key](domain, record, lookup))
        except DnsSilent:
            findings.append(RecordFinding(record.key, "silent", told=_("No name server answered.")))
    return findings


def _spf_record(domain: SendingDomain) -> Record:
    return Record(
        key="spf",
        label=_("SPF"),
        name=envelope_domain(domain),
        type="TXT",
        value=" ".join(filter(None, ["v=spf1", domain.spf, "~all"])),
        why=_("Says which servers may send for this domain."),
    )


def _spf(domain: SendingDomain, record: Record, lookup: Lookup) -> RecordFinding:
    found = [text for text in lookup(record.name, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return RecordFinding("spf", "missing")
    text = found[0]
    if len(found) > 1:
        told = _("There are %(n)s SPF records; receivers then heed none. Make them one.")
        return RecordFinding("spf", "wrong", " / ".join(found), told % {"n": len(found)})
    terms = text.lower().split()
    missing = [term for term in domain.spf.lower().split() if term not in terms]
    if missing:
        told = _("Your mail server is not in it yet: change the record to the value below.")
        return RecordFinding("spf", "wrong", text, told, instead=_spf_with(text, missing))
    if any(term in {"+all", "all"} for term in terms):
        return RecordFinding("spf", "wrong", text, _("It allows everybody to send for this domain."))
    return RecordFinding("spf", "ok", text)


def _spf_with(text: str, terms: list[str]) -> str:
    """Return the record with terms added, in front of what holds for everybody else."""
    there = text.split()
    end = next((at for at, term in enumerate(there) if term.lower().lstrip("+-~?") == "all"), len(there))
    return " ".join([*there[:end], *terms, *there[end:]])


def _dkim_record(domain: SendingDomain) -> Record:
    return Record(
        key="dkim",
        label=_("DKIM"),
        name=f"{domain.dkim_selector}._domainkey.{domain.name}",
        type="TXT",
        value="" if domain.server_selector else _key_value(domain.public_key),
        why=_("The key with which receivers see that a mail is yours, and that nobody changed it."),
    )


def _key_value(public_key: str) -> str:
    return f"v=DKIM1; k=rsa; p={public_key}"


def _other_keys(domain: SendingDomain) -> list[Record]:
    """Return the record of the key that is to follow, or of the one that was in use before."""
    if domain.server_selector:
        return []
    told = [
        (
            "dkim-next", _("DKIM, the next key"), domain.next_selector, domain.next_public_key,
            _("Publish it beside the one above. Once it is found, switch to it."),
        ),
        (
            "dkim-old", _("DKIM, the key before"), domain.old_selector, domain.old_public_key,
            _("Leave it where it is: mails that are still under way are signed with it."),
        ),
    ]  # fmt: skip
    return [
        Record(key, label, f"{selector}._domainkey.{domain.name}", "TXT", _key_value(public_key), why)
        for key, label, selector, public_key, why in told
        if selector
    ]


def _dkim(domain: SendingDomain, record: Record, lookup: Lookup) -> RecordFinding:
    found = [text for text in lookup(record.name, "TXT") if "p=" in text]
    if not found:
        return RecordFinding(record.key, "missing")
    key = _tags(found[0]).get("p", "").replace(" ", "")
    if not key:
        return RecordFinding(record.key, "wrong", found[0], _("This key was withdrawn: it is empty."))
    if record.value and key != _tags(record.value)["p"]:
        return RecordFinding(record.key, "wrong", found[0], _("This is another key than the one below."))
    return RecordFinding(record.key, "ok", found[0])


def _dmarc_record(domain: SendingDomain) -> Record:
    return Record(
        key="dmarc",
        label=_("DMARC"),
        name=f"_dmarc.{domain.name}",
        type="TXT",
        value="v=DMARC1; p=none",
        why=_("Says what becomes of mails that are not yours. Gmail and Yahoo ask for it; none is enough."),
    )


def _dmarc(domain: SendingDomain, record: Record, lookup: Lookup) -> RecordFinding:
    """Look at the domain and then above it, as receivers do."""
    labels = domain.name.split(".")
    for start in range(len(labels) - 1):
        texts = lookup(f"_dmarc.{'.'.join(labels[start:])}", "TXT")
        if found := [text for text in texts if text.lower().replace(" ", "").startswith("v=dmarc1")]:
            policy = _tags(found[0]).get("p", "").lower()
            if policy in {"none", "quarantine", "reject"}:
                return RecordFinding("dmarc", "ok", found[0])
            return RecordFinding("dmarc", "wrong", found[0], _("It names no policy (p=none)."))
    return RecordFinding("dmarc", "missing")


def _return_record(domain: SendingDomain) -> Record:
    return Record(
        key="return",
        label=_("Return path"),
        name=envelope_domain(domain),
        type="MX",
        value=f"10 {domain.return_mx}" if domain.return_mx else "",
        why=_("Where mails that cannot be delivered come back to."),
    )


def _return(domain: SendingDomain, record: Record, lookup: Lookup) -> RecordFinding:
    found = lookup(record.name, "MX")
    hosts = {text.split()[-1].lower() for text in found if len(text.split()) == 2}
    if not hosts:
        return RecordFinding("return", "wrong" if found else "missing", " / ".join(found))
    if domain.return_mx and domain.return_mx not in hosts:
        told = _("Bounces go to another server.")
        return RecordFinding("return", "wrong", " / ".join(found), told)
    return RecordFinding("return", "ok", " / ".join(found))


def _tracking_record(domain: SendingDomain) -> Record:
    return Record(
        key="tracking",
        label=_("Host of links"),
        name=domain.tracking_host,
        type="CNAME",
        value=urlsplit(settings.TRACKING_BASE_URL).hostname or "",
        why=_("Links in mails then show your domain. The proxy needs a certificate for it."),
    )


def _tracking(domain: SendingDomain, record: Record, lookup: Lookup) -> RecordFinding:
    found = lookup(record.name, "CNAME")
    if record.value not in found:
        found = found or _addresses(record.name, lookup)
        if not set(_addresses(record.name, lookup)) & set(_addresses(record.value, lookup)):
            told = _("It leads elsewhere.") if found else ""
            return RecordFinding("tracking", "wrong" if found else "missing", " / ".join(found), told)
    if not validate_host(record.name, settings.ALLOWED_HOSTS):
        told = _("DNS is right, but this installation does not answer to it: add it to ALLOWED_HOSTS.")
        return RecordFinding("tracking", "wrong", " / ".join(found), told)
    return RecordFinding("tracking", "ok", " / ".join(found))


def _addresses(name: str, lookup: Lookup) -> list[str]:
    return [*lookup(name, "A"), *lookup(name, "AAAA")]


def _tags(text: str) -> dict[str, str]:
    """Read `k=v; k=v` as DKIM and DMARC write it."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs}
