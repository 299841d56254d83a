"""Personal data in text: where it stands, and the text without it.

Six kinds, each found by its own module: e-mail addresses, telephone numbers, public IP addresses,
bank accounts and payment cards. Each looks for something checkable (a top-level domain, a
numbering plan, a check digit) and reads the text in linear time. What is found is never logged.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from filters import cards, emails, iban, ip_addresses, phones

KINDS: Final = ("email", "phone", "ipv4", "ipv6", "iban", "card")

# Fixed, so the same text gives the same bytes in any order. No digits in a row, no at sign, no
# braces: nothing here or in the field's line rules (C4 drops lines with "{") reacts to them.
PLACEHOLDERS: Final = {
    "email": "<EMAIL>",
    "phone": "<PHONE>",
    "ipv4": "<IPV4>",
    "ipv6": "<IPV6>",
    "iban": "<IBAN>",
    "card": "<CARD>",
}


_DIGIT = re.compile(r"\d")
# What all personal data of one kind or another has, and few titles have; linear in any text.
_POSSIBLE = re.compile(
    r"[@＠]"  # e-mail
    r"|\d(?:\D{0,3}\d){5}"  # phone, card
    r"|[0-9]\.[0-9]{1,3}\.[0-9]"  # ipv4
    r"|[23][0-9A-Fa-f]{3}:"  # ipv6
    "|[0-9]{2}(?:[ \u00a0\u202f-]?[0-9A-Za-z]){11}"  # iban: check digits, and 11 at least
)


class Span(NamedTuple):
    """One piece of personal data: code points ``start`` to ``end`` of the text, of a kind."""

    start: int
    end: int
    kind: str


def is_possible(text: str) -> bool:
    """Whether a look at a text leaves it possible that :func:`find` finds something; costs less."""
    return _POSSIBLE.search(text) is not None


def find(text: str, region: str | None) -> list[Span]:
    """Return the personal data in a text, sorted, not overlapping.

    ``region`` is the ISO 3166 region whose national telephone numbers are looked for (see
    :func:`filters.urls.country_region`); with None only international numbers are. Where two
    kinds overlap one stays whole and the other goes, by this order: email, iban, card, ipv6, ipv4,
    phone. An address with its domain is surer than a number, check digits surer than none.
    """
    found = _spans("email", emails.spans(text))
    if not _DIGIT.search(text):
        return found
    found = _joined(found, _spans("iban", iban.spans(text)))
    found = _joined(found, _spans("card", cards.spans(text)))
    found = _joined(found, _spans("ipv6", ip_addresses.ipv6_spans(text)))
    found = _joined(found, _spans("ipv4", ip_addresses.ipv4_spans(text)))
    return _joined(found, _spans("phone", phones.spans(text, region)))


def mask(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """Return the text with a placeholder for each span, and where the placeholders stand in it.

    ``spans`` are sorted and do not overlap, as :func:`find` returns them; ValueError if not.
    """
    pieces: list[str] = []
    placed: list[Span] = []
    read = written = 0
    for span in spans:
        if not read <= span.start < span.end <= len(text):
            raise ValueError("spans are not sorted, overlap, or lie outside the text")
        pieces += [text[read : span.start], PLACEHOLDERS[span.kind]]
        written += span.start - read
        placed.append(Span(written, written + len(pieces[-1]), span.kind))
        written += len(pieces[-1])
        read = span.end
    pieces.append(text[read:])
    return "".join(pieces), placed


def counts(spans: Sequence[Span]) -> dict[str, int]:
    """Return how many spans there are of each kind, every kind of ``KINDS`` named."""
    found = Counter(span.kind for span in spans)
    return {kind: found[kind] for kind in KINDS}


def _spans(kind: str, places: Sequence[tuple[int, int]]) -> list[Span]:
    return [Span(start, end, kind) for start, end in places]


def _joined(kept: list[Span], further: list[Span]) -> list[Span]:
    """Return both sorted lists as one, less what of ``further`` overlaps ``kept``; linear."""
    free: list[Span] = []
    index = 0
    for span in further:
        while index < len(kept) and kept[index].end <= span.start:
            index += 1
        if index == len(kept) or kept[index].start >= span.end:
            free.append(span)
    return sorted(kept + free) if free else kept
