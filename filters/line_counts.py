"""What stands in each line, counted once for every kernel that asks.

Every code point belongs to one of some dozens of classes (``filters.traits`` and
``filters.web_docs_classes`` together); a class adds to several counts at once, which lie side by
side in the lanes of one 64-bit number. So a character costs two look-ups and a sum, however many
counts there are.
"""

import numpy as np
from numpy.typing import NDArray

from filters import web_docs_classes
from filters.traits import BLANK, BRACKET, DIGIT, PLAIN, SINGLE, TRAITS, UPPER
from filters.web_docs_classes import CHARACTER_CLASSES
from language_id.hashing import BITS, GOLDEN, absorbed, mix, packed, three_at
from language_id.inner import inner

PLAINS, BLANKS, DIGITS, UPPERS, BRACKETS = 0, 1, 2, 3, 4
"""Characters of a line that have the trait."""
WORD_CHARS, PUNCTUATIONS, SYMBOLS, NUMERALS, JOINERS = 5, 6, 7, 8, 9
"""Characters of the Web Docs Scorer's kinds; a joiner is punctuation unless it joins."""
WORDS = 10
"""Pieces between white space; a letter of a script written without spaces is one of its own."""
COUNTS = 11

LANE_BITS, LANES = 6, 10
LANE = np.uint64((1 << LANE_BITS) - 1)
FLUSH_CHARS = (1 << LANE_BITS) - 1  # a lane holds no more
CONTINUES = np.uint64(63)
"""The bit above the lanes of what goes on a word that goes on: no white space, no word alone."""


def _classes() -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Return each code point's class, and what a class adds to the lanes, shape (classes,)."""
    both = TRAITS.astype(np.uint16) << 3 | CHARACTER_CLASSES
    kinds = np.flatnonzero(np.bincount(both))  # unlike a sort, without much memory
    place_of = np.zeros(kinds[-1] + 1, dtype=np.uint8)
    place_of[kinds] = np.arange(len(kinds))
    sums = np.zeros(len(kinds), dtype=np.uint64)
    for place, kind in enumerate(kinds.tolist()):
        traits, own = kind >> 3, kind & 7
        own = web_docs_classes.WORD if own == web_docs_classes.URL_LETTER else own
        lanes = [bool(traits & trait) for trait in (PLAIN, BLANK, DIGIT, UPPER, BRACKET)]
        lanes += [own == one for one in range(1, 1 + JOINERS - BRACKETS)]
        continues = not traits & (BLANK | SINGLE)
        sums[place] = continues << int(CONTINUES) | sum(
            adds << lane * LANE_BITS for lane, adds in enumerate(lanes)
        )
    classes = place_of[both]
    for table in (classes, sums):
        table.flags.writeable = False
    return classes, sums


CLASSES, SUMS = _classes()


@inner
def count_line(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    classes: NDArray[np.uint8],
    counts: NDArray[np.int32],
) -> np.uint64:
    """Write a line's ``COUNTS`` counts; return its ``span_hash``, from the same reading.

    Words are the characters that are no white space, less those that go on a word: the second of
    two neighbours that both continue.
    """
    counts[:] = 0
    length, pairs, last = end - at, np.uint64(0), np.uint64(0)
    state, rest = np.uint64(length) * GOLDEN, np.uint64(0)
    while at < end:
        stop = min(end, at + FLUSH_CHARS)
        lanes = np.uint64(0)
        threes = stop - (stop - at) % 3  # ``stop`` but at the end of the line
        for place in range(at, threes, 3):
            first, second, third = three_at(codes, np.uintp(place))
            one, two = SUMS[classes[first]], SUMS[classes[second]]
            own = SUMS[classes[third]]
            lanes += one + two + own  # the bit above the lanes runs over, and no lane minds
            pairs += (last & one) >> CONTINUES
            pairs += (one & two) >> CONTINUES
            pairs += (two & own) >> CONTINUES
            last = own
            state = absorbed(state, packed(first, second, third))
        for place in range(threes, stop):
            code = codes[np.uintp(place)]
            own = SUMS[classes[code]]
            lanes += own
            pairs += (last & own) >> CONTINUES
            last = own
            rest = (rest << BITS) | np.uint64(code)
        for lane in range(LANES):
            counts[lane] += np.int32((lanes >> np.uint64(lane * LANE_BITS)) & LANE)
        at = stop
    counts[WORDS] = length - counts[BLANKS] - np.int32(pairs)
    return mix(absorbed(state, rest))
