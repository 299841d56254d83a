r"""Measurements over a document's lines and paragraphs.

Lines are those of ``filters.lines``. A paragraph is a piece of
``re.split(r"\n{2,}", text.strip())``.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import SENTENCE
from filters.lines import count_of, next_newline
from filters.spans import NEWLINE, seen_before, set_bits, strip
from language_id.hashing import span_hash
from language_id.inner import inner

BULLET = 0x2022
HYPHEN = 0x2D
DOT = 0x2E
ELLIPSIS = 0x2026
QUOTE, APOSTROPHE = 0x22, 0x27
"""Beside the marks of Sentence_Terminal what FineWeb takes for the end of a sentence."""
SHORT_LINE_CHARS = 30


@inner
def _line_ends(
    codes: NDArray[np.uint32], start: int, end: int, flags: NDArray[np.uint8]
) -> tuple[bool, bool, bool]:
    """Of a stripped line: starts with a bullet, ends in an ellipsis, ends in a terminal mark."""
    last = codes[np.uintp(end - 1)]
    dots = last == DOT and end - start >= 3
    dots = dots and codes[np.uintp(end - 2)] == DOT and codes[np.uintp(end - 3)] == DOT
    bullet = codes[np.uintp(start)] in (BULLET, HYPHEN)
    terminal = (flags[last] & SENTENCE) != 0 or last in (QUOTE, APOSTROPHE)
    return bullet, dots or last == ELLIPSIS, terminal


@inner
def _paragraphs(
    codes: NDArray[np.uint32], start: int, end: int, keys: NDArray[np.uint64], bits: int
) -> tuple[int, int, int]:
    """Of a stripped text: paragraphs, those seen before, and the characters of these."""
    count, duplicates, duplicate_chars = 0, 0, 0
    at = start
    while at < end:
        stop = next_newline(codes, at, end)
        while stop < end and codes[stop + 1] != NEWLINE:  # stripped: a newline is never the last
            stop = next_newline(codes, stop + 1, end)
        count += 1
        if seen_before(keys, bits, span_hash(codes, at, stop)):
            duplicates += 1
            duplicate_chars += stop - at
        at = stop
        while at < end and codes[at] == NEWLINE:
            at += 1
    return count, duplicates, duplicate_chars


@inner
def _lines(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    firsts: NDArray[np.int32],
    lasts: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    bits: int,
    counts: NDArray[np.int64],
) -> None:
    """Count a document's lines, in the order of ``measure_lines``'s variables."""
    counts[:] = 0
    for line in range(len(starts)):
        start, stop = starts[line], ends[line]
        duplicate = seen_before(keys, bits, hashes[line])
        counts[0] += 1
        counts[1] += duplicate
        counts[2] += duplicate * (stop - start)
        if firsts[line] < lasts[line]:
            bullet, ellipsis, terminal = _line_ends(codes, firsts[line], lasts[line], flags)
            counts[3] += 1
            counts[4] += stop - start
            counts[5] += duplicate * (stop - start)
            counts[6] += bullet
            counts[7] += ellipsis
            counts[8] += terminal
            counts[9] += stop - start <= SHORT_LINE_CHARS


@njit(cache=True)
def measure_lines(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    firsts: NDArray[np.int32],
    lasts: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    line_offsets: NDArray[np.int64],
    words: NDArray[np.float64],
    flags: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Write 12 columns, in the order of ``filters.signals.LINE_SIGNALS``.

    They are: lines; shares of lines with a bullet, with an ellipsis; shares of duplicate lines, of
    paragraphs, and of the characters in each; of the non-blank lines the share with a terminal
    mark, the share of short ones, characters in duplicates by characters that are no newlines, and
    mean words and characters. A document without lines has 0 in each.
    """
    keys = np.zeros(16, dtype=np.uint64)
    counts = np.zeros(10, dtype=np.int64)
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        own = slice(line_offsets[document], line_offsets[document + 1])
        newlines = count_of(codes, start, end, NEWLINE)
        bits = set_bits(newlines + 1)
        if len(keys) < 1 << bits:
            keys = np.zeros(1 << bits, dtype=np.uint64)
        keys[: 1 << bits] = 0
        _lines(
            codes, starts[own], ends[own], firsts[own], lasts[own], hashes[own], flags, keys, bits,
            counts,
        )  # fmt: skip
        paragraphs, same_paragraphs, same_paragraph_chars = 1, 0, 0
        if newlines >= counts[0]:  # else no line is empty, and all is one paragraph
            keys[: 1 << bits] = 0
            first, last = strip(codes, start, end, flags)
            paragraphs, same_paragraphs, same_paragraph_chars = _paragraphs(
                codes, first, last, keys, bits
            )
        lines, same_lines, same_line_chars, filled, filled_chars = counts[:5]
        chars = max(end - start, 1)
        out[document, 0] = lines
        out[document, 1] = counts[6] / max(lines, 1)
        out[document, 2] = counts[7] / max(lines, 1)
        out[document, 3] = same_lines / max(lines, 1)
        out[document, 4] = same_paragraphs / max(paragraphs, 1)
        out[document, 5] = same_line_chars / chars
        out[document, 6] = same_paragraph_chars / chars
        out[document, 7] = counts[8] / max(filled, 1)
        out[document, 8] = counts[9] / max(filled, 1)
        out[document, 9] = counts[5] / max(chars - newlines, 1)
        out[document, 10] = words[document] / max(filled, 1)
        out[document, 11] = filled_chars / max(filled, 1)
