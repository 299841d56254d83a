r"""Lines of a batch of texts, found once for every kernel that asks about lines.

A line is a piece between newlines that is not empty: ``re.split(r"\n+", text)`` without the empty
strings it gives where a text starts or ends with a newline.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import FLAGS
from filters.line_counts import CLASSES, COUNTS, count_line
from filters.spans import NEWLINE, strip
from language_id.decoded import Characters
from language_id.inner import inner

BLOCK = 32
"""Characters compared at once: shorter loops are unrolled and then not vectorised."""


class Lines(NamedTuple):
    """Lines as spans of characters, whole (``starts:ends``) and stripped (``firsts:lasts``).

    Document d owns lines ``doc_offsets[d]:doc_offsets[d + 1]``. A blank line has an empty stripped
    span. ``hashes``: ``span_hash`` of each whole line; ``counts``: what stands in it, shape (lines,
    ``filters.line_counts.COUNTS``). 68 bytes a line.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    firsts: NDArray[np.int32]
    lasts: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    counts: NDArray[np.int32]
    doc_offsets: NDArray[np.int64]


@inner
def next_newline(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Where the next newline from ``at`` on is, else ``end``.

    Whole blocks are compared without a branch, which a compiler turns into vector instructions.
    """
    while at + BLOCK <= end:
        found = False
        for place in range(BLOCK):
            found |= codes[np.uintp(at + place)] == NEWLINE
        if found:
            break
        at += BLOCK
    while at < end and codes[np.uintp(at)] != NEWLINE:
        at += 1
    return at


@inner
def count_of(codes: NDArray[np.uint32], start: int, end: int, code: np.uint32) -> int:
    """How often a code point occurs."""
    count = 0
    for at in range(start, end):
        count += codes[np.uintp(at)] == code
    return count


@njit(cache=True)
def _find_lines(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    spans: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    counts: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
) -> int:
    count = 0
    for document in range(len(offsets) - 1):
        doc_offsets[document] = count
        at, end = offsets[document], offsets[document + 1]
        while at < end:
            stop = next_newline(codes, at, end)
            if stop > at:
                spans[0, count], spans[1, count] = at, stop
                spans[2, count], spans[3, count] = strip(codes, at, stop, flags)
                hashes[count] = count_line(codes, at, stop, classes, counts[count])
                count += 1
            at = stop + 1
    doc_offsets[len(offsets) - 1] = count
    return count


def lines_of(characters: Characters) -> Lines:
    """Return the lines of each document; time is linear in characters."""
    codes, offsets = characters
    documents = len(offsets) - 1
    room = int(count_of(codes, offsets[0], offsets[-1], NEWLINE)) + documents
    spans = np.empty((4, room), dtype=np.int32)
    doc_offsets = np.zeros(documents + 1, dtype=np.int64)
    hashes = np.empty(room, dtype=np.uint64)
    counts = np.empty((room, COUNTS), dtype=np.int32)
    count = _find_lines(codes, offsets, FLAGS, CLASSES, spans, hashes, counts, doc_offsets)
    starts, ends, firsts, lasts = (row[:count] for row in spans)
    return Lines(starts, ends, firsts, lasts, hashes[:count], counts[:count], doc_offsets)
