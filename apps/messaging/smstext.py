"""How long a text message is, and in how many parts networks carry it (GSM 03.38, 03.40). Pure."""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # two units each
# Units that fit: into one message alone, and into each part of several, whose header takes the rest.
GSM, UCS = (160, 153), (70, 67)
MOST = 1600  # characters that gateways take


@dataclass(frozen=True)
class TextSize:
    """`units` of the alphabet, in `parts` that are each paid for."""

    is_gsm: bool
    units: int
    parts: int

    @property
    def alphabet(self) -> str:
        return "GSM-7" if self.is_gsm else "UCS-2"


def text_size(text: str) -> TextSize:
    """Return what a text takes. One letter beyond GSM-7 makes the whole of it UCS-2, of half the room."""
    is_gsm = all(letter in BASIC or letter in EXTENDED for letter in text)
    sizes = [_units(letter, is_gsm=is_gsm) for letter in text]
    alone, each = GSM if is_gsm else UCS
    units = sum(sizes)
    if units <= alone:
        return TextSize(is_gsm, units, 1 if text else 0)
    parts, room = 1, each
    for size in sizes:
        if size > room:  # no letter is taken apart
            parts, room = parts + 1, each
        room -= size
    return TextSize(is_gsm, units, parts)


def _units(letter: str, *, is_gsm: bool) -> int:
    if is_gsm:
        return 2 if letter in EXTENDED else 1
    return 2 if ord(letter) > 0xFFFF else 1  # UTF-16, as networks have it
