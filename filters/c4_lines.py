"""What C4 does with a line, over code points: which rule drops it, and its citation marks.

The same rules as ``filters.c4_kernel`` counts; its docstring tells where they differ from the
field's. As there, a line is judged with its citation marks, which are removed from lines that stay.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.c4_kernel import (
    FEW_WORDS,
    JAVASCRIPT,
    KEPT,
    LONG_WORD,
    MAX_WORD_CHARS,
    MIN_LINE_WORDS,
    NO_TERMINAL,
    NOTES,
    PHRASES,
    POLICY,
)
from filters.flags import BLANK, SINGLE, TERMINAL

OPEN_BRACKET, CLOSE_BRACKET = 0x5B, 0x5D
DOT, ELLIPSIS, DIGIT_0, DIGIT_9 = 0x2E, 0x2026, 0x30, 0x39
UPPER_A, UPPER_Z, TO_LOWER = 0x41, 0x5A, 0x20


def _packed(texts: tuple[str, ...]) -> NDArray[np.uint32]:
    """Return ASCII texts as code points, a row each, padded with 0."""
    rows = np.zeros((len(texts), max(map(len, texts)) + 1), dtype=np.uint32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [ord(character) for character in text]
    return rows


PHRASE_CODES = _packed(tuple(text for _, text in PHRASES))
PHRASE_FATES = np.array([fate for fate, _ in PHRASES], dtype=np.int64)
NOTE_CODES = _packed(NOTES)
BEGINS = np.zeros(128, dtype=np.bool_)
BEGINS[PHRASE_CODES[:, 0]] = True


@njit(cache=True)
def _lowered(code: np.uint32) -> np.uint32:
    return np.uint32(code | TO_LOWER) if code >= UPPER_A and code <= UPPER_Z else code


@njit(cache=True)
def _length_at(codes: NDArray[np.uint32], at: int, end: int, phrase: NDArray[np.uint32]) -> int:
    """Return the length of the phrase if it stands at ``at``, ASCII letter case ignored; else 0."""
    length = 0
    while phrase[length]:
        if at + length == end or _lowered(codes[at + length]) != phrase[length]:
            return 0
        length += 1
    return length


@njit(cache=True)
def _phrase_fate(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Return JAVASCRIPT where the line holds it, else POLICY where it holds a policy phrase."""
    fate = KEPT
    for place in range(at, end):
        first = _lowered(codes[np.uintp(place)])
        if first >= len(BEGINS) or not BEGINS[first]:
            continue
        for row in range(len(PHRASE_FATES)):
            if _length_at(codes, place, end, PHRASE_CODES[row]):
                if PHRASE_FATES[row] == JAVASCRIPT:
                    return JAVASCRIPT
                fate = POLICY
    return fate


@njit(cache=True)
def after_citation(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Return where the citation mark at the bracket at ``at`` ends; ``at`` where there is none."""
    stop = at + 1
    while stop < end and codes[stop] >= DIGIT_0 and codes[stop] <= DIGIT_9:
        stop += 1
    if stop < end and codes[stop] == CLOSE_BRACKET:
        return stop + 1
    for row in range(len(NOTE_CODES)):
        length, matches = 0, True
        while NOTE_CODES[row, length] and matches:
            matches = at + length < end and codes[at + length] == NOTE_CODES[row, length]
            length += 1
        if matches:
            return at + length
    return at


@njit(cache=True)
def _word_fate(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> int:
    """Return LONG_WORD, FEW_WORDS or KEPT; stops where both are settled."""
    words, chars = 0, 0
    may_be_long = end - at > MAX_WORD_CHARS
    while at < end and (may_be_long or words < MIN_LINE_WORDS):
        flag = flags[np.uintp(codes[np.uintp(at)])]
        at += 1
        if flag & (BLANK | SINGLE):
            words += (flag & SINGLE) != 0
            chars = 0
            continue
        words += chars == 0
        chars += 1
        if chars > MAX_WORD_CHARS:
            return LONG_WORD
    return FEW_WORDS if words < MIN_LINE_WORDS else KEPT


@njit(cache=True)
def _ends_terminal(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    """Tell whether the line, less its citation marks, ends in a terminal mark, not an ellipsis."""
    dots, last, spaced = 0, np.uint32(0), False
    while at < end:
        code = codes[np.uintp(at)]
        if code == OPEN_BRACKET:
            after = after_citation(codes, at, end)
            if after != at:
                at = after
                continue
        at += 1
        if flags[np.uintp(code)] & BLANK:
            spaced = True
            continue
        dots = (1 if spaced else dots + 1) if code == DOT else 0
        last, spaced = code, False
    return bool(flags[np.uintp(last)] & TERMINAL and dots < 3 and last != ELLIPSIS)


@njit(cache=True)
def c4_fate(
    codes: NDArray[np.uint32], at: int, end: int, ask_terminal: bool, flags: NDArray[np.uint8]
) -> int:
    """Return the first of C4's rules that drops the stripped line ``codes[at:end]``, else KEPT.

    With ``ask_terminal`` a line must end in a terminal mark, as published; FineWeb does not ask.
    """
    fate = _word_fate(codes, at, end, flags)
    if fate == KEPT:
        fate = _phrase_fate(codes, at, end)
    if fate == KEPT and ask_terminal and not _ends_terminal(codes, at, end, flags):
        return NO_TERMINAL
    return fate
