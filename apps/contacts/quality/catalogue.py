"""The rules, with what they come with, and the acts that mend what they find."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
Told = int | list[str]


class Kind(Enum):
    NUMBER = "number"
    WORDS = "words"
    FIELDS = "fields"  # e-mail, telephone, and attributes of the dictionary


@dataclass(frozen=True)
class Setting:
    """One thing that can be tuned about a rule. `low` and `high` bound numbers, both included."""

    key: str
    label: Text
    kind: Kind
    default: Told
    help: Text = ""
    low: int = 1
    high: int = 3650


@dataclass(frozen=True)
class Rule:
    """
    One kind of fault. `weight` says how much it counts in the score; `details` are its words for
    `QualityFinding.detail`, where that is not the key of an attribute; `advice` is what to do where no act
    mends it for all at once.
    """

    key: str
    label: Text
    meaning: Text
    weight: int
    settings: Sequence[Setting] = ()
    acts: Sequence[str] = ()
    details: tuple[tuple[str, Text], ...] = ()
    advice: Text = ""


ROLE_NAMES = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "billing",
    "careers",
    "contact",
    "enquiries",
    "finance",
    "hello",
    "help",
    "helpdesk",
    "hostmaster",
    "hr",
    "info",
    "jobs",
    "kontakt",
    "mail",
    "marketing",
    "newsletter",
    "no-reply",
    "noreply",
    "office",
    "orders",
    "postmaster",
    "press",
    "privacy",
    "sales",
    "security",
    "service",
    "shop",
    "support",
    "team",
    "webmaster",
]

_RULES = (
    Rule(
        "completeness",
        _("Something is missing"),
        _("A field that everybody should have is blank."),
        2,
        (
            Setting(
                "fields",
                _("Fields that everybody should have"),
                Kind.FIELDS,
                ["email"],
                _("Each blank one is a finding of its own."),
            ),
        ),
        advice=_(
            "Nobody can guess what is missing. Keep them as a list and ask them by a form or a call; or "
            "export the list, fill the blanks in a spreadsheet, and import it with the rule “if empty”."
        ),
    ),
    Rule(
        "address_validity",
        _("Addresses that cannot be written to"),
        _("It is no e-mail address or telephone number, or its domain is mistyped, as in gmial.com."),
        3,
        details=(
            ("email", _("E-mail")),
            ("domain", _("Domain mistyped")),
            ("phone", _("Telephone")),
        ),
        advice=_(
            "What somebody meant to type, they know best: correct those that are plain, and keep the "
            "others as a list to leave out of messages."
        ),
    ),
    Rule(
        "value_validity",
        _("Values that do not fit the dictionary"),
        _("A value is not of the type that the dictionary says, or is none of its choices."),
        2,
        acts=("values_clear",),
    ),
    Rule(
        "staleness",
        _("Nothing heard for long"),
        _("Neither an event nor a change within the time."),
        1,
        (Setting("days", _("Days without event or change"), Kind.NUMBER, 365),),
        advice=_(
            "To write to them as to all others harms the name of the sender. Keep them as a list, ask "
            "once whether they want to stay, and leave out of the other messages who does not answer."
        ),
    ),
    Rule(
        "exact_duplicates",
        _("The same person twice"),
        _("The same name with the same number, day of birth or city, or one mailbox spelt in two ways."),
        3,
        acts=("merge",),
        details=(
            ("mailbox", _("The same mailbox")),
            ("phone_name", _("Same name and number")),
            ("name_birth", _("Same name and day of birth")),
            ("name_place", _("Same name and city")),
        ),
        advice=_(
            "Those who say different things of themselves, or share but a name and a city, are compared "
            "one by one in the queue of suggested merges."
        ),
    ),
    Rule(
        "similar_duplicates",
        _("Perhaps the same person"),
        _("Names that sound alike and share a day of birth, city or domain; one address at two providers."),
        1,
        (
            Setting(
                "likeness",
                _("How alike, in percent"),
                Kind.NUMBER,
                45,
                _("Lower finds more, and is wrong more often."),
                30,
                100,
            ),
        ),
        details=(("name_alike", _("Names alike")), ("local_alike", _("Addresses alike"))),
        advice=_("Only somebody who compares the two can tell: they are in the queue of suggested merges."),
    ),
    Rule(
        "role_addresses",
        _("Addresses of a role"),
        _("Mail goes to a desk, not to a person: info@, sales@."),
        1,
        (Setting("words", _("What stands before the @"), Kind.WORDS, ROLE_NAMES, _("One in each line.")),),
        ("suppress",),
    ),
    Rule(
        "disposable_addresses",
        _("Addresses to throw away"),
        _("The domain belongs to a service for mailboxes that live for minutes."),
        2,
        (
            Setting("more", _("More such domains"), Kind.WORDS, [], _("One in each line.")),
            Setting("allowed", _("Domains that are none"), Kind.WORDS, [], _("One in each line.")),
        ),
        ("suppress",),
    ),
    Rule(
        "swapped_names",
        _("First and last name swapped"),
        _("The first name is a last name of many others, and the other way round; or it ends with a comma."),
        1,
        acts=("names_swap",),
    ),
    Rule(
        "suspicious_names",
        _("Names that nobody has"),
        _("Digits, capitals throughout, spaces too many, “test”, or a row of the keyboard."),
        1,
        acts=("names_tidy", "names_clear"),
        details=(
            ("spaces", _("Spaces too many")),
            ("capitals", _("All in capitals, or none")),
            ("digits", _("Digits")),
            ("placeholder", _("A word instead of a name")),
            ("keyboard", _("A row of the keyboard")),
        ),
    ),
    Rule(
        "shared_addresses",
        _("Several people on one address"),
        _("One number or address belongs to contacts of different names."),
        1,
        (Setting("people", _("From how many people on"), Kind.NUMBER, 3, low=2, high=1000),),
        details=(("phone", _("Telephone")), ("email", _("E-mail"))),
        advice=_(
            "A household, a switchboard, or a number somebody typed to get past a form. Take it away from"
            " those whose it is not; keep the others as a list, so that one message does not ring there "
            "several times."
        ),
    ),
)
RULES = {rule.key: rule for rule in _RULES}


@dataclass(frozen=True)
class Act:
    """One way to mend many. `details` are those it mends; empty: any. `consequence` is told beforehand."""

    key: str
    label: Text
    consequence: Text
    details: tuple[str, ...] = ()


_ACTS = (
    Act(
        "names_tidy",
        _("Tidy up spaces and capitals"),
        _("Spaces too many go; names all in capitals, or all in small letters, get one capital a word."),
        ("spaces", "capitals"),
    ),
    Act(
        "names_clear",
        _("Take away what is no name"),
        _("Names such as “test” or “asdf” are taken away; the contacts stay."),
        ("placeholder", "keyboard"),
    ),
    Act(
        "names_swap",
        _("Swap first and last name"),
        _("First and last name change places."),
    ),
    Act(
        "values_clear",
        _("Take away the values"),
        _("Values that do not fit are taken away, as if nobody had ever told them."),
    ),
    Act(
        "merge",
        _("Merge those that contradict nothing"),
        _(
            "Of two that are the same person, whoever was known first is kept, and gets what the other has. "
            "Two that say different things of themselves are left for the queue."
        ),
        ("mailbox", "phone_name", "name_birth"),
    ),
    Act(
        "suppress",
        _("Suppress the addresses"),
        _("Nobody at these addresses is written to any more, whatever consent says."),
    ),
)
ACTS = {act.key: act for act in _ACTS}


def details_label(rule: Rule, detail: str) -> Text:
    """Return the rule's own word; the detail itself where that is the key of an attribute."""
    return dict(rule.details).get(detail, detail)
