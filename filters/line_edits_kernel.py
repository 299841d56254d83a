"""What line rules remove from a text, as spans of it.

Of a removed line goes so much of the newlines around it that between two lines that stay there are
as many as stood beside one of them, the more of the two: a paragraph's end stays one. What stays
and what is removed together are the text, character for character.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.c4_kernel import KEPT as C4_KEPT
from filters.c4_kernel import MIN_LINE_WORDS, NO_TERMINAL, has_few_words, line_fate
from filters.citations import OPEN_BRACKET, after_citation
from filters.line_counts import BLANKS
from filters.lines import next_newline
from filters.phrases import phrases_in
from filters.refinedweb_kernel import KEPT as REFINEDWEB_KEPT
from filters.refinedweb_kernel import refinedweb_fate
from filters.sentences import ends_sentence
from filters.spans import strip
from filters.traits import NEWLINE
from language_id.inner import inner

NONE = -1
KINDS = (
    "c4.long_word",
    "c4.few_words",
    "c4.javascript",
    "c4.policy",
    "c4.no_terminal",
    "c4.citation",
    "refinedweb.upper_case",
    "refinedweb.numeric",
    "refinedweb.counter",
    "refinedweb.few_words",
    "repeats.site_line",
    "repeats.paragraph",
)
"""What removes a span; C4's fates first, so that a fate is a kind."""
CITATION = 5
FIRST_REFINEDWEB = 6


class Edits(NamedTuple):
    """Removed spans ``starts[s]:ends[s]`` of a batch's code points, sorted, apart.

    ``kinds``: what removed each, a place in ``KINDS``. Document d owns the spans
    ``doc_offsets[d]:doc_offsets[d + 1]``. 17 bytes a span.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    doc_offsets: NDArray[np.int64]


@inner
def _room(codes: NDArray[np.uint32]) -> int:
    """Return how many spans there may be: one a line, one a bracket."""
    room = 0
    for at in range(len(codes)):
        room += codes[at] in (NEWLINE, OPEN_BRACKET)
    return room


@inner
def _joined(
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    first: int,
    count: int,
    before: int,
    after: int,
    document: tuple[int, int],
) -> None:
    """Give the spans ``first`` to ``count`` of removed lines in a row the newlines that go.

    ``before``: where the line that stays before them ends, NONE if there is none; ``after``: where
    the one after them starts, NONE if there is none; ``document``: where it starts and ends.
    """
    if first == count:
        return
    if before == NONE:
        starts[first] = document[0]
    wider_before = starts[first] - before >= after - ends[count - 1]
    if before == NONE or (after != NONE and wider_before):
        for span in range(first, count - 1):
            ends[span] = starts[span + 1]
        ends[count - 1] = document[1] if after == NONE else after
        return
    for span in range(count - 1, first, -1):
        starts[span] = ends[span - 1]
    starts[first] = before
    if after == NONE:
        ends[count - 1] = document[1]


@inner
def _citations(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    count: int,
) -> int:
    """Write a span for each citation mark of a line; return how many spans there are now."""
    while at < end:
        after = at
        if codes[np.uintp(at)] == OPEN_BRACKET:
            after = after_citation(codes, at, end)
        if after == at:
            at += 1
            continue
        starts[count], ends[count], kinds[count] = at, after, CITATION
        count += 1
        at = after
    return count


@njit(cache=True)
def c4_spans(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    ask_terminal: bool,
    flags: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return what C4 removes: starts, ends, kinds and the spans' document bounds.

    Spans are positions in ``codes``, sorted, apart. Blank lines are no rule's.
    """
    room = _room(codes) + len(offsets)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    bounds = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        document_at, first, before = (at, end), count, NONE
        anywhere = phrases_in(codes, at, end)  # most documents hold none, and their lines neither
        while at < end:
            stop = next_newline(codes, at, end)
            start, last = strip(codes, at, stop, flags)
            if start < last:
                found = phrases_in(codes, start, last) if anywhere else 0
                few_words = has_few_words(codes, start, last, flags, MIN_LINE_WORDS)
                fate = line_fate(codes, start, last, few_words, found, flags)
                if (
                    fate == C4_KEPT
                    and ask_terminal
                    and not ends_sentence(codes, start, last, flags)
                ):
                    fate = NO_TERMINAL
                if fate == C4_KEPT:
                    _joined(starts, ends, first, count, before, at, document_at)
                    count = first = _citations(codes, start, last, starts, ends, kinds, count)
                    before = stop
                else:
                    starts[count], ends[count], kinds[count] = at, stop, fate
                    count += 1
            at = stop + 1
        _joined(starts, ends, first, count, before, NONE, document_at)
        bounds[document + 1] = count
    return starts[:count], ends[:count], kinds[:count], bounds


@njit(cache=True)
def refinedweb_spans(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    line_starts: NDArray[np.int32],
    line_ends: NDArray[np.int32],
    line_counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return what RefinedWeb's line rules remove, as ``c4_spans`` does.

    ``line_starts`` to ``line_offsets``: of ``filters.lines.Lines``; ``list_of_doc`` to ``lengths``:
    the counter words (``filters.refinedweb.counter_lists``).
    """
    room = len(line_starts)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    bounds = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        which = list_of_doc[document]
        document_at, first, before = (offsets[document], offsets[document + 1]), count, NONE
        for line in range(line_offsets[document], line_offsets[document + 1]):
            at, stop, own = line_starts[line], line_ends[line], line_counts[line]
            if stop - at == own[BLANKS]:
                continue
            fate = refinedweb_fate(
                codes, at, stop, own, keys[which], bits[which], lengths[which], traits, lower
            )
            if fate == REFINEDWEB_KEPT:
                _joined(starts, ends, first, count, before, at, document_at)
                first, before = count, stop
            else:
                starts[count], ends[count] = at, stop
                kinds[count] = FIRST_REFINEDWEB + fate
                count += 1
        _joined(starts, ends, first, count, before, NONE, document_at)
        bounds[document + 1] = count
    return starts[:count], ends[:count], kinds[:count], bounds


@njit(cache=True)
def piece_spans(
    offsets: NDArray[np.int64],
    piece_starts: NDArray[np.int64],
    piece_ends: NDArray[np.int64],
    gone: NDArray[np.bool_],
    piece_offsets: NDArray[np.int64],
    kind: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return the removal of whole pieces, lines or blocks, as ``c4_spans`` does.

    ``piece_starts`` to ``piece_offsets``: of ``filters.repeats.Pieces``, and which of them go.
    """
    room = int(gone.sum())
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    kinds = np.full(room, kind, dtype=np.uint8)
    bounds = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        document_at, first, before = (offsets[document], offsets[document + 1]), count, NONE
        for piece in range(piece_offsets[document], piece_offsets[document + 1]):
            if gone[piece]:
                starts[count], ends[count] = piece_starts[piece], piece_ends[piece]
                count += 1
            else:
                _joined(starts, ends, first, count, before, piece_starts[piece], document_at)
                first, before = count, piece_ends[piece]
        _joined(starts, ends, first, count, before, NONE, document_at)
        bounds[document + 1] = count
    return starts, ends, kinds, bounds
