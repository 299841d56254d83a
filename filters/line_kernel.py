r"""Measurements over a document's lines and paragraphs.

A line is a piece between newlines that is not empty: ``re.split(r"\n+", text)`` without the empty
strings it gives where a text starts or ends with a newline. A paragraph is a piece of
``re.split(r"\n{2,}", text.strip())``.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import TERMINAL
from filters.spans import (
    NEWLINE,
    char_count,
    previous,
    seen_before,
    set_bits,
    span_hash,
    strip,
)
from language_id.words import decode

BULLET = 0x2022
HYPHEN = 0x2D
DOT = 0x2E
ELLIPSIS = 0x2026
SHORT_LINE_CHARS = 30


@njit(cache=True)
def next_newline(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Where the next newline from ``at`` on is, else ``end``."""
    while at < end and data[np.uintp(at)] != NEWLINE:
        at += 1
    return at


@njit(cache=True)
def _line_ends(
    data: NDArray[np.uint8], start: int, end: int, flags: NDArray[np.uint8]
) -> tuple[bool, bool, bool]:
    """Of a stripped line: starts with a bullet, ends in an ellipsis, ends in a terminal mark."""
    first, _ = decode(data, start, end)
    last, _ = decode(data, previous(data, start, end), end)
    dots = end - start >= 3 and data[end - 1] == DOT
    dots = dots and data[end - 2] == DOT and data[end - 3] == DOT
    bullet = first in (BULLET, HYPHEN)
    return bullet, dots or last == ELLIPSIS, (flags[last] & TERMINAL) != 0


@njit(cache=True)
def _paragraphs(
    data: NDArray[np.uint8], start: int, end: int, keys: NDArray[np.uint64], bits: int
) -> tuple[int, int, int]:
    """Of a stripped text: paragraphs, those seen before, and the characters of these."""
    count, duplicates, duplicate_chars = 0, 0, 0
    at = start
    while at < end:
        stop = next_newline(data, at, end)
        while stop < end and data[stop + 1] != NEWLINE:  # stripped: a newline is never the last
            stop = next_newline(data, stop + 1, end)
        count += 1
        if seen_before(keys, bits, span_hash(data, at, stop)):
            duplicates += 1
            duplicate_chars += char_count(data, at, stop)
        at = stop
        while at < end and data[at] == NEWLINE:
            at += 1
    return count, duplicates, duplicate_chars


@njit(cache=True)
def _lines(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    flags: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    bits: int,
    counts: NDArray[np.int64],
) -> None:
    """Count, in the order of ``measure_lines``'s variables."""
    counts[:] = 0
    at = start
    while at < end:
        stop = next_newline(data, at, end)
        if stop == at:
            at += 1
            continue
        chars = char_count(data, at, stop)
        duplicate = seen_before(keys, bits, span_hash(data, at, stop))
        counts[0] += 1
        counts[1] += duplicate
        counts[2] += duplicate * chars
        first, last = strip(data, at, stop, flags)
        if first < last:
            bullet, ellipsis, terminal = _line_ends(data, first, last, flags)
            counts[3] += 1
            counts[4] += chars
            counts[5] += duplicate * chars
            counts[6] += bullet
            counts[7] += ellipsis
            counts[8] += terminal
            counts[9] += chars <= SHORT_LINE_CHARS
        at = stop + 1


@njit(cache=True)
def _newlines(data: NDArray[np.uint8], start: int, end: int) -> int:
    count = 0
    for at in range(start, end):
        count += data[at] == NEWLINE
    return count


@njit(cache=True)
def measure_lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
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
        newlines = _newlines(data, start, end)
        bits = set_bits(newlines + 1)
        if len(keys) < 1 << bits:
            keys = np.zeros(1 << bits, dtype=np.uint64)
        keys[: 1 << bits] = 0
        _lines(data, start, end, flags, keys, bits, counts)
        keys[: 1 << bits] = 0
        first, last = strip(data, start, end, flags)
        paragraphs, same_paragraphs, same_paragraph_chars = _paragraphs(
            data, first, last, keys, bits
        )
        lines, same_lines, same_line_chars, filled, filled_chars = counts[:5]
        chars = max(char_count(data, start, end), 1)
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
