"""Phrases of C4's rules, found in linear time: four letters first, the whole only where they stand.

All phrases have ten letters or more, so four letters in a row that start at every seventh place of
a text are of any phrase in it, and nearly all others are of none. Letter case is ignored for ASCII
only, in which all phrases are.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.hashing import GOLDEN
from language_id.inner import inner

JAVASCRIPT, POLICY, LOREM_IPSUM, CURLY_BRACKET = 0, 1, 2, 3
"""What is found, a bit each."""

PHRASES = (
    (JAVASCRIPT, "javascript"),
    (POLICY, "terms of use"),
    (POLICY, "privacy policy"),
    (POLICY, "cookie policy"),
    (POLICY, "uses cookies"),
    (POLICY, "use of cookies"),
    (POLICY, "use cookies"),
    (LOREM_IPSUM, "lorem ipsum"),
)
GRAM = 4
"""Letters in a row that are looked up."""
STRIDE = min(len(text) for _, text in PHRASES) - GRAM + 1
"""How far apart they may stand: of each phrase one such place is looked at."""
GRAM_BITS = 13


def packed(phrases: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return phrases as code points, a row each, padded with 0; and the length of each."""
    rows = np.zeros((len(phrases), max(map(len, phrases))), dtype=np.uint32)
    for row, text in zip(rows, phrases, strict=True):
        row[: len(text)] = [ord(letter) for letter in text]
    return rows, np.array([len(text) for text in phrases], dtype=np.int64)


CODES, LENGTHS = packed([text for _, text in PHRASES])
KINDS = np.array([kind for kind, _ in PHRASES], dtype=np.int64)
# Of the width of a code point, or the compiler widens every comparison.
CASE, CURLY = np.uint32(0x20), np.uint32(0x7B)
UPPER_A, UPPER_Z = 0x41, 0x5A
_16, _32, _48 = np.uint64(16), np.uint64(32), np.uint64(48)
_CASES = np.uint64(0x0020002000200020)
_GRAM_SHIFT = np.uint64(64 - GRAM_BITS)


@inner
def _gram(codes: NDArray[np.uint32], at: int) -> np.uint64:
    """Return the place of four letters, in any case, in the table."""
    place = np.uintp(at)
    key = np.uint64(codes[place]) | np.uint64(codes[place + np.uintp(1)]) << _16
    key |= np.uint64(codes[place + np.uintp(2)]) << _32
    key |= np.uint64(codes[place + np.uintp(3)]) << _48
    return ((key | _CASES) * GOLDEN) >> _GRAM_SHIFT


def _grams() -> NDArray[np.uint8]:
    """Say how far into a phrase four letters may stand, a bit each, shape (2 ** GRAM_BITS,)."""
    found = np.zeros(1 << GRAM_BITS, dtype=np.uint8)
    for phrase in CODES:
        for at in range(STRIDE):
            found[_gram(phrase, at)] |= 1 << at
    found.flags.writeable = False
    return found


GRAMS = _grams()


@inner
def _stands_at(
    codes: NDArray[np.uint32], at: int, end: int, phrase: NDArray[np.uint32], length: int
) -> bool:
    """Tell whether the phrase stands there, in any case."""
    if at + length > end:
        return False
    for place in range(length):
        code = codes[np.uintp(at + place)]
        if code >= UPPER_A and code <= UPPER_Z:
            code |= CASE
        if code != phrase[place]:
            return False
    return True


@inner
def _phrases_at(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Return one bit for each kind of phrase that starts at ``at``."""
    found, first = 0, codes[np.uintp(at)] | CASE
    for row in range(len(KINDS)):
        if first == CODES[row, 0] and _stands_at(codes, at, end, CODES[row], LENGTHS[row]):
            found |= 1 << KINDS[row]
    return found


@inner
def _holds(codes: NDArray[np.uint32], start: int, end: int, code: np.uint32) -> bool:
    """Whether a code point occurs; without a way out, for vector instructions."""
    found = False
    for at in range(start, end):
        found |= codes[np.uintp(at)] == code
    return found


@inner
def phrases_in(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Return one bit for each kind of phrase that occurs."""
    found = int(_holds(codes, start, end, CURLY)) << CURLY_BRACKET
    for at in range(start, end - GRAM + 1, STRIDE):
        before = GRAMS[_gram(codes, at)]
        if before:  # as of one place in some dozens
            for first in range(at, max(start, at - STRIDE + 1) - 1, -1):
                if (before >> (at - first)) & 1:
                    found |= _phrases_at(codes, first, end)
    return found
