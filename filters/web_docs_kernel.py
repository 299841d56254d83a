"""The Web Docs Scorer's counts over a document's lines, and its scores.

A line is a piece between newlines that holds a word character, a mark, a symbol or a numeral.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.compressibility import BINS, TABLE_BITS, compressed_bits
from filters.line_counts import JOINERS
from filters.line_counts import NUMERALS as LINE_NUMERALS
from filters.line_counts import PUNCTUATIONS as LINE_PUNCTUATIONS
from filters.line_counts import SYMBOLS as LINE_SYMBOLS
from filters.line_counts import WORD_CHARS as LINE_WORD_CHARS
from filters.lines import BLOCK
from filters.spans import as_key, set_bits, slot_of
from filters.web_docs_classes import JOINER, joins
from filters.web_docs_scores import (
    BARE_LINES,
    CHARS,
    COMPRESSED_BITS,
    COUNTS,
    GREAT_CHARS,
    GREAT_FROM,
    GREAT_LINES,
    GREAT_SUM,
    LENGTH,
    LINES,
    LONG_CHARS,
    LONG_LINES,
    MENU_CHARS,
    NUMERALS,
    PUNCTUATION_POINTS,
    PUNCTUATIONS,
    REPEATABLE_LINES,
    REPEATED_LINES,
    SHORT_LINES,
    SYMBOLS,
    URLS,
    WORD_CHARS,
    write_scores,
)
from filters.web_docs_scores import PUNCTUATION as PUNCTUATION_FACTOR
from language_id.inner import inner

COMPRESSED_CHARS = 4096
"""Of longer texts the beginning is looked at: it shows how far they compress, at half the cost."""
REPEATABLE_CHARS = 4
"""Only lines of more characters are looked at for repetition."""
_BARE = PUNCTUATION_POINTS[0][0]
_H, _P, _T, _W = np.uint32(0x68), np.uint32(0x70), np.uint32(0x74), np.uint32(0x77)
_SMALL = np.uint32(0x20)
"""The bit that makes a capital of ASCII small."""


@inner
def _may_hold_url(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether "ww" or "tp" in any case stands in a block, in one expression, for vectors."""
    likely = False
    for place in range(BLOCK):
        first = codes[np.uintp(at + place)] | _SMALL
        second = codes[np.uintp(at + place + 1)] | _SMALL
        likely |= ((first == _W) & (second == _W)) | ((first == _T) & (second == _P))
    return likely


@inner
def _ends_url_mark(codes: NDArray[np.uint32], first: int, at: int) -> bool:
    """Tell whether "www" or "http" in any case ends at ``at`` and starts at ``first`` or later."""
    last = codes[np.uintp(at)] | _SMALL
    if last == _W and at - 2 >= first:
        middle, start = codes[np.uintp(at - 1)] | _SMALL, codes[np.uintp(at - 2)] | _SMALL
        return bool(middle == _W and start == _W)
    if last == _P and at - 3 >= first and codes[np.uintp(at - 1)] | _SMALL == _T:
        second, start = codes[np.uintp(at - 2)] | _SMALL, codes[np.uintp(at - 3)] | _SMALL
        return bool(second == _T and start == _H)
    return False


@inner
def _url_marks(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Count "www" and "http" in any case, from left to right, none over another."""
    count, at, free = 0, start, start
    while at < end:
        stop = end
        if at + BLOCK < end:  # the second letter may be the next block's first
            stop = at + BLOCK - 1
            if not _may_hold_url(codes, max(at - 1, start)):
                at = stop
                continue
        while at < stop:
            if _ends_url_mark(codes, free, at):
                count += 1
                free = at + 1
            at += 1
    return count


@inner
def _newly_repeated(
    keys: NDArray[np.uint64], again: NDArray[np.bool_], bits: int, value: np.uint64
) -> int:
    """Add a line to the set; by how many lines that occur more than once there are more now."""
    key = as_key(value)
    slot = slot_of(keys, bits, key)
    if keys[slot] != key:
        keys[slot] = key
        again[slot] = False
        return 0
    first_time = not again[slot]
    again[slot] = True
    return 2 if first_time else 1


@inner
def _add_line(
    words: int, punctuation: int, factors: NDArray[np.float64], counts: NDArray[np.float64]
) -> None:
    """Count a line by its word characters and punctuation."""
    counts[LINES] += 1
    counts[WORD_CHARS] += words
    counts[PUNCTUATIONS] += punctuation
    length = factors[LENGTH]
    if words <= MENU_CHARS * length:
        counts[SHORT_LINES] += 1
    if words < LONG_CHARS * length:
        return
    counts[LONG_LINES] += 1
    counts[BARE_LINES] += 100 * punctuation < _BARE * factors[PUNCTUATION_FACTOR] * words
    greatness = min((words / length - LONG_CHARS) / (GREAT_CHARS - LONG_CHARS), 1.0)
    if greatness > GREAT_FROM:
        counts[GREAT_LINES] += 1
        counts[GREAT_SUM] += greatness


@inner
def _unjoined(
    codes: NDArray[np.uint32],
    start: int,
    at: int,
    end: int,
    joiners: int,
    classes: NDArray[np.uint8],
) -> int:
    """Count the joiners from ``at`` on that join nothing.

    ``joiners``: how many there are in the line; ``start``: of the document; ``end``: of the line.
    """
    count = 0
    for _ in range(joiners):
        while classes[codes[np.uintp(at)]] != JOINER:
            at += 1
        count += not joins(codes, start, at, end, classes)
        at += 1
    return count


@inner
def _count(
    codes: NDArray[np.uint32],
    start: int,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    line_counts: NDArray[np.int32],
    classes: NDArray[np.uint8],
    factors: NDArray[np.float64],
    keys: NDArray[np.uint64],
    again: NDArray[np.bool_],
    bits: int,
    counts: NDArray[np.float64],
) -> None:
    """Fill in the counts of a document's lines; ``start``: where it starts."""
    for line in range(len(starts)):
        own = line_counts[line]
        words, punctuation = own[LINE_WORD_CHARS], own[LINE_PUNCTUATIONS]
        punctuation += _unjoined(codes, start, starts[line], ends[line], own[JOINERS], classes)
        if words + punctuation + own[LINE_SYMBOLS] + own[LINE_NUMERALS] == 0:
            continue
        _add_line(words, punctuation, factors, counts)
        counts[SYMBOLS] += own[LINE_SYMBOLS]
        counts[NUMERALS] += own[LINE_NUMERALS]
        if ends[line] - starts[line] > REPEATABLE_CHARS:
            counts[REPEATABLE_LINES] += 1
            counts[REPEATED_LINES] += _newly_repeated(keys, again, bits, hashes[line])


@njit(cache=True)
def measure_web_docs(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    line_counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    factors: NDArray[np.float64],
    factors_of_doc: NDArray[np.int64],
    language_share: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the 11 columns of ``filters.web_docs.WEB_DOCS_SIGNALS``.

    ``codes``, ``offsets``: code points and n + 1 document bounds; ``starts`` to ``line_offsets``:
    of ``filters.lines.Lines``; ``classes``: the class of every code point; ``factors``: a row per
    language (``filters.web_docs_scores``), ``factors_of_doc`` its number for each document;
    ``language_share``: of each document's longer lines, 0 to 1. Time is linear in characters.
    Memory: 24 KB, and at most 36 bytes a line of the longest document.
    """
    keys = np.zeros(16, dtype=np.uint64)
    again = np.zeros(16, dtype=np.bool_)
    strings = np.zeros(1 << TABLE_BITS, dtype=np.uint64)
    places = np.zeros(1 << TABLE_BITS, dtype=np.uint32)
    bins = np.zeros(BINS, dtype=np.int64)
    counts = np.zeros(COUNTS)
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        own = factors[factors_of_doc[document]]
        lines = slice(line_offsets[document], line_offsets[document + 1])
        bits = set_bits(lines.stop - lines.start)
        if len(keys) < 1 << bits:
            keys = np.zeros(1 << bits, dtype=np.uint64)
            again = np.zeros(1 << bits, dtype=np.bool_)
        keys[: 1 << bits] = 0
        counts[:] = 0
        _count(
            codes, start, starts[lines], ends[lines], hashes[lines], line_counts[lines],
            classes, own, keys, again, bits, counts,
        )  # fmt: skip
        counts[URLS] = _url_marks(codes, start, end)
        stop = min(end, start + COMPRESSED_CHARS)
        counts[CHARS] = stop - start
        counts[COMPRESSED_BITS] = compressed_bits(codes, start, stop, strings, places, bins)
        write_scores(counts, own, language_share[document], out[document])
