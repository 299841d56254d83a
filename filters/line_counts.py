"""What stands in each line, counted once for every kernel that asks.

Every code point belongs to one of some dozens of classes (``filters.traits`` and
``filters.web_docs_classes`` together); a class adds to several counts at once, which lie side by
side in the lanes of two 64-bit numbers. So a character costs three look-ups, however many counts
there are.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters import web_docs_classes
from filters.traits import BLANK, BRACKET, DIGIT, PLAIN, SINGLE, TRAITS, UPPER
from filters.web_docs_classes import CHARACTER_CLASSES

PLAINS, BLANKS, DIGITS, UPPERS, BRACKETS = 0, 1, 2, 3, 4
"""Characters of a line that have the trait."""
WORD_CHARS, PUNCTUATIONS, SYMBOLS, NUMERALS, JOINERS = 5, 6, 7, 8, 9
"""Characters of the Web Docs Scorer's kinds; a joiner is punctuation unless it joins."""
WORDS = 10
"""Pieces between white space; a letter of a script written without spaces is one of its own."""
COUNTS = 11

LANE_BITS = 12
LANES = 5
LANE = np.uint64((1 << LANE_BITS) - 1)
FLUSH_CHARS = (1 << LANE_BITS) - 1  # a lane holds no more
ONE = np.uint64(1)
FILLED, SOLE = np.uint64(60), np.uint64(61)
"""Bits above the lanes of the first number: of no white space; of a word of its own."""


def _classes() -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Return each code point's class, and what a class adds to the lanes, shape (2, classes)."""
    both = TRAITS.astype(np.uint16) << 3 | CHARACTER_CLASSES
    kinds, places = np.unique(both, return_inverse=True)
    sums = np.zeros((2, len(kinds)), dtype=np.uint64)
    for place, kind in enumerate(kinds.tolist()):
        traits, own = kind >> 3, kind & 7
        for lane, trait in enumerate((PLAIN, BLANK, DIGIT, UPPER, BRACKET)):
            sums[0, place] += np.uint64(bool(traits & trait) << (lane * LANE_BITS))
        if own:
            own = web_docs_classes.WORD if own == web_docs_classes.URL_LETTER else own
            sums[1, place] = np.uint64(1 << ((own - 1) * LANE_BITS))
        sums[0, place] |= np.uint64(not traits & BLANK) << FILLED
        sums[0, place] |= np.uint64(bool(traits & SINGLE)) << SOLE
    classes = places.astype(np.uint8).reshape(TRAITS.shape)
    for table in (classes, sums):
        table.flags.writeable = False
    return classes, sums


CLASSES, SUMS = _classes()


@njit(cache=True)
def _flush(first: np.uint64, second: np.uint64, counts: NDArray[np.int32]) -> None:
    for lane in range(LANES):
        shift = np.uint64(lane * LANE_BITS)
        counts[lane] += np.int32((first >> shift) & LANE)
        counts[LANES + lane] += np.int32((second >> shift) & LANE)


@njit(cache=True)
def count_line(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    classes: NDArray[np.uint8],
    counts: NDArray[np.int32],
) -> None:
    """Write a line's ``COUNTS`` counts."""
    counts[:] = 0
    words, outside = np.uint64(0), ONE
    while at < end:
        stop = min(end, at + FLUSH_CHARS)
        first, second = np.uint64(0), np.uint64(0)
        while at < stop:
            kind = classes[codes[np.uintp(at)]]
            own = SUMS[0, kind]
            first += own  # the bits above the lanes run over, and no lane minds
            second += SUMS[1, kind]
            filled, sole = (own >> FILLED) & ONE, own >> SOLE
            words += sole | (filled & outside)
            outside = (filled ^ ONE) | sole
            at += 1
        _flush(first, second, counts)
    counts[WORDS] = words
