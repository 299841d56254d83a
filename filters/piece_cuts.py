"""Where a piece ends: the rules of ``filters.pieces``, one function each, over code points."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.piece_traits import (
    ALPHA,
    BESIDE,
    CAPITAL,
    COLON,
    DIGIT,
    EDGE,
    ELISION,
    ENGLISH,
    ICON,
    LONE,
    LOWER,
    MONEY,
    ORDINAL,
    PERCENT,
    SLASH,
    SOLID,
)
from language_id.hashing import mix

HAN_CUT, KANA_CUT, LONGEST, LONGEST_KATAKANA = 50, 28, 4, 12
"""Per cent of character pairs that are cut; longest pieces, in characters."""
HIRAGANA, KATAKANA, KANA_END = 0x3040, 0x30A0, 0x3100
PAIR_1, PAIR_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)

APOSTROPHES = (0x27, 0x2019)
CUT_BETWEEN = tuple(map(ord, ":<>=/"))
LEFT_ONLY = tuple(map(ord, "§%="))
DOT, COMMA, HYPHEN, PLUS, STAR, CARET, PER_CENT, ELLIPSIS = map(ord, ".,-+*^%…")
DASHES = tuple(map(ord, "–—~"))
HYPHENS = (0x2D, 0x2010, 0x2011)
COLON_MARK, SLASH_MARK = ord(":"), ord("/")


@njit(cache=True)
def dots(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Where the full stops at ``at`` end; ``at`` if there is none."""
    while at < end and codes[at] == DOT:
        at += 1
    return at


@njit(cache=True)
def left_end(
    codes: NDArray[np.uint32], at: int, end: int, bits: int, traits: NDArray[np.uint16]
) -> int:  # fmt: skip
    """Where the piece to be cut from the left end ends; ``at`` if there is none."""
    code = codes[at]
    if traits[code] & (EDGE | ICON) or traits[code] & MONEY or code in LEFT_ONLY:
        return at + 1
    if bits & SLASH and code in (SLASH_MARK, HYPHEN):
        return at + 1
    stop = dots(codes, at, end)
    return stop if stop - at > 1 else at


@njit(cache=True)
def right_start(
    codes: NDArray[np.uint32], start: int, end: int, bits: int, traits: NDArray[np.uint16]
) -> int:  # fmt: skip
    """Where the piece to be cut from the right end starts; ``end`` if there is none."""
    code = codes[end - 1]
    if traits[code] & (EDGE | ICON):
        return end - 1
    if end - start < 2:
        return end
    before = codes[end - 2]
    what = traits[before]
    if code == DOT:
        if before == DOT:
            at = end - 2
            while at > start and codes[at - 1] == DOT:
                at -= 1
            return at
        ends = what & (LOWER | EDGE) or before in (PER_CENT, HYPHEN, PLUS, 0xB2)
        ends = ends or (what & DIGIT and not bits & ORDINAL)
        capitals = what & CAPITAL and end - start > 2 and traits[codes[end - 3]] & CAPITAL
        return end - 1 if ends or capitals else end
    unit = traits[code] & MONEY or code == PLUS or (code == PER_CENT and not bits & PERCENT)
    return end - 1 if unit and what & DIGIT else end


@njit(cache=True)
def is_url(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Tell whether it holds "://" or starts with "www."."""
    for at in range(start + 1, end - 2):
        if codes[at] == COLON_MARK and codes[at + 1] == SLASH_MARK and codes[at + 2] == SLASH_MARK:
            return True
    w = np.uint32(0x77)
    return end - start > 4 and bool(
        codes[start] == w and codes[start + 1] == w and codes[start + 2] == w
        and codes[start + 3] == DOT
    )  # fmt: skip


@njit(cache=True)
def inner_cut(  # noqa: PLR0911 - one return a rule
    codes: NDArray[np.uint32], at: int, end: int, bits: int, traits: NDArray[np.uint16]
) -> tuple[int, int]:
    """At the symbol ``at`` inside a core: where the piece before it ends, the next one starts.

    Equal to each other: a cut without a piece between; both -1: no cut.
    """
    code, before, after = codes[at], traits[codes[at - 1]], traits[codes[at + 1]]
    if traits[code] & ICON or code == ELLIPSIS:
        return at, at + 1
    if code == DOT and codes[at + 1] == DOT:
        return at, dots(codes, at, end)
    letters = before & ALPHA and after & ALPHA
    if code in APOSTROPHES and letters:
        place = at + 1 if bits & ELISION else at
        return place, place
    if code in HYPHENS:
        if letters or (bits & ENGLISH and before & DIGIT and after & ALPHA):
            return (at + 1, at + 1) if bits & SOLID else (at, at + 1)
        if code == HYPHEN and codes[at + 1] == HYPHEN and before & ALPHA and at + 2 < end:
            return (at, at + 2) if traits[codes[at + 2]] & ALPHA else (-1, -1)
    if code in CUT_BETWEEN and before & (ALPHA | DIGIT) and after & ALPHA:
        kept = bits & COLON and code == COLON_MARK
        return (-1, -1) if kept else (at, at + 1)
    if (code == COMMA or code in DASHES) and letters:
        return at, at + 1
    operator = code in (HYPHEN, PLUS, STAR, CARET) and not bits & SOLID
    if operator and before & DIGIT and (after & DIGIT or codes[at + 1] == HYPHEN):
        return at, at + 1
    return -1, -1


@njit(cache=True)
def _kana(code: int) -> int:
    """0: Han and all else; 1: Hiragana; 2: Katakana."""
    if code < HIRAGANA or code >= KANA_END:
        return 0
    return 2 if code >= KATAKANA else 1


@njit(cache=True)
def unspaced_end(
    codes: NDArray[np.uint32], at: int, end: int,
    traits: NDArray[np.uint16], japanese: bool,
) -> int:  # fmt: skip
    """Where the piece of a script without spaces that starts at ``at`` ends."""
    chars = 0
    while at < end:
        last, at, chars = codes[at], at + 1, chars + 1
        while at < end and traits[codes[at]] & BESIDE:
            at += 1
        if at >= end or not traits[codes[at]] & LONE:
            break
        kana = _kana(last)
        if kana != _kana(codes[at]) or chars >= (LONGEST_KATAKANA if kana == 2 else LONGEST):
            break
        pair = mix(np.uint64(last) * PAIR_1 + np.uint64(codes[at]) * PAIR_2) % np.uint64(100)
        if kana != 2 and pair < (KANA_CUT if japanese or kana else HAN_CUT):
            break
    return at


@njit(cache=True)
def loose_end(
    codes: NDArray[np.uint32], at: int, end: int,
    traits: NDArray[np.uint16],
) -> int:  # fmt: skip
    """Where a word, number or run of one symbol beside a script without spaces ends."""
    code, first = codes[at], traits[codes[at]] & (ALPHA | DIGIT)
    at += 1
    while at < end:
        if first and not traits[codes[at]] & LONE and traits[codes[at]] & first:
            at += 1
        elif first == DIGIT and codes[at] in (DOT, COMMA) and at + 1 < end:
            if not traits[codes[at + 1]] & DIGIT:
                break
            at += 2
        elif not first and codes[at] == code:
            at += 1
        else:
            break
    return at
