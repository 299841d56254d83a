"""Whether a symbol is a piece of its own, by the characters beside it.

``begin`` and ``stop``: where the characters that may belong to one piece start and end; ``start``
and ``end``: where the symbol among them does; ``habits``: those of the language.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner
from language_id.piece_classes import (
    AMOUNT,
    CLOSES,
    DIGIT,
    EACH_SYMBOL,
    ENDS,
    HYPHEN,
    ICON,
    INNER_COLON,
    INNER_DASH,
    INNER_SIGN,
    INNER_SLASH,
    LEADING_SLASH,
    LETTER,
    NUMBER,
    NUMBER_DOT,
    NUMBER_RELATION,
    OPENS,
    OPERATOR,
    ORDINAL_DOT,
    OUTER_DASH,
    PAUSE,
    PERCENT,
    RELATION,
    SOLID_RANGE,
    UNIT,
    UPPER,
)

PERCENT_SIGN, COMMA, DASH, DOT, SLASH, COLON = 0x25, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A

Codes = NDArray[np.uint32]
Bits = NDArray[np.uint32]
Whole = int | np.integer
"""A whole number, in Python or in a kernel."""


@inner
def bits_at(codes: Codes, bits: Bits, at: Whole) -> int:
    """Return the bits of the character at ``at``."""
    return np.int64(bits[codes[np.uintp(at)]])  # type: ignore[return-value]


@inner
def number_dots(codes: Codes, bits: Bits, start: Whole, end: Whole) -> int:
    """How many full stops of ``start:end`` stand before a digit, inside."""
    found = 0
    for at in range(start + 1, end - 1):
        found += int(codes[at] == DOT and bits_at(codes, bits, at + 1) & DIGIT != 0)
    return found


@inner
def are_two(codes: Codes, start: Whole, end: Whole, code: int) -> bool:
    """Whether a symbol is two of a character, or more."""
    return bool(end - start > 1 and codes[start] == code and codes[start + 1] == code)


@inner
def opens(codes: Codes, bits: Bits, start: Whole, end: Whole, habits: int) -> bool:
    """Whether a symbol is cut off before a word."""
    if habits & OUTER_DASH and codes[start] == DASH:
        return True
    if habits & LEADING_SLASH and codes[start] == SLASH:
        return True
    return bits_at(codes, bits, start) & OPENS != 0 or are_two(codes, start, end, DOT)


@inner
def _ends_sentence(codes: Codes, bits: Bits, begin: Whole, at: Whole, habits: int) -> bool:
    """Whether the full stop at ``at`` is no part of an abbreviation or ordinal number."""
    before = bits_at(codes, bits, at - 1)
    if before & DIGIT:
        return not habits & ORDINAL_DOT
    if before & UPPER and at - 2 >= begin:
        return bits_at(codes, bits, at - 2) & UPPER != 0
    return before & ENDS != 0


@inner
def closes(codes: Codes, bits: Bits, begin: Whole, start: Whole, end: Whole, habits: int) -> bool:
    """Whether a symbol is cut off behind what starts at ``begin``; where nothing does, it is."""
    own = bits_at(codes, bits, start)
    if own & CLOSES or habits & EACH_SYMBOL or start == begin or are_two(codes, start, end, DOT):
        return True
    if habits & OUTER_DASH and codes[start] == DASH:
        return True
    if codes[start] == DOT:
        return _ends_sentence(codes, bits, begin, start, habits)
    if own & AMOUNT and bits_at(codes, bits, start - 1) & DIGIT:
        return codes[start] != PERCENT_SIGN or not habits & PERCENT
    return False


@inner
def _cuts_before_letter(
    codes: Codes, own: int, before: int, start: Whole, end: Whole, habits: int
) -> bool:
    """Whether a symbol before a letter is cut out."""
    if before & LETTER and (own & PAUSE or (end - start == 2 and are_two(codes, start, end, DASH))):
        return True
    if end - start > 1:
        return False
    if own & RELATION and before & (LETTER if habits & NUMBER_RELATION else LETTER | NUMBER):
        kept = INNER_COLON if codes[start] == COLON else INNER_SLASH
        return codes[start] not in (COLON, SLASH) or not habits & kept
    return bool(own & HYPHEN and before & DIGIT and habits & UNIT)


@inner
def cuts(
    codes: Codes, bits: Bits, begin: Whole, start: Whole, end: Whole, stop: Whole, habits: int
) -> bool:
    """Whether a symbol inside ``begin:stop`` is cut out."""
    own = bits_at(codes, bits, start)
    if own & ICON or are_two(codes, start, end, DOT):
        return True
    if start == begin or end == stop:
        return False
    before, behind = bits_at(codes, bits, start - 1), bits_at(codes, bits, end)
    dash = own & HYPHEN and habits & INNER_DASH and end - start == 1
    if dash or (codes[start] == DOT and habits & NUMBER_DOT and behind & DIGIT):
        return True
    if behind & LETTER:
        return _cuts_before_letter(codes, own, before, start, end, habits)
    solid = INNER_SIGN | SOLID_RANGE if codes[start] == DASH else INNER_SIGN
    if own & OPERATOR and before & DIGIT and not habits & solid:
        return bool(behind & DIGIT or codes[end] == DASH)
    return False
