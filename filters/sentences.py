"""Sentences of a batch's lines, found once for every kernel that asks, and how a line ends.

- A sentence ends at a mark of Sentence_Terminal, then closing quotes or brackets, then space; none
  ends at a full stop before a lower-case letter; Chinese and Japanese marks need no space. A piece
  without letter or number is no sentence. White space at its ends is not its own.
- Terminal marks are those of every script (``filters.flags.TERMINAL``), space after a citation mark
  does not hide them, and "…" is an ellipsis like "...".

Marks are one character in ninety: between them a character costs one look-up, of a number in which
everything that is counted has a lane of its own.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.citations import CLOSE_BRACKET, OPEN_BRACKET, before_citation, write_uncited
from filters.flags import BLANK, CLOSER, FLAGS, LOWER, SENTENCE, SPOKEN, TERMINAL, WIDE
from filters.lines import Lines
from filters.traits import DIGIT, TRAITS, UPPER
from language_id.decoded import Characters
from language_id.inner import inner

DOT, ELLIPSIS = 0x2E, 0x2026
ABBREVIATING, ENDING, ENDING_WIDE = 1, 2, 3

LANE_BITS = 15
LANE = (1 << LANE_BITS) - 1
"""The most characters of a sentence whose ``counts`` are right."""
_MARK = np.uint32(1 << 31)


class Sentences(NamedTuple):
    """Sentences as spans of characters; document d owns ``doc_offsets[d]:doc_offsets[d + 1]``.

    ``counts``: of each sentence the technical characters (``TECHNICAL`` and digits), and from bit
    ``LANE_BITS`` on the capitals; ``line_counts``: sentences of each of the lines, citation marks
    aside. 12 bytes a sentence, 4 a line.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    counts: NDArray[np.uint32]
    doc_offsets: NDArray[np.int64]
    line_counts: NDArray[np.int32]


TECHNICAL = frozenset("{}+/()>")


def _table() -> NDArray[np.uint32]:
    table = np.zeros(len(TRAITS), dtype=np.uint32)
    table[(TRAITS & DIGIT) != 0] = 1
    table[[ord(character) for character in TECHNICAL]] = 1
    table[(TRAITS & UPPER) != 0] |= 1 << LANE_BITS
    table[(FLAGS & SENTENCE) != 0] |= _MARK
    table[OPEN_BRACKET] |= _MARK
    table.flags.writeable = False
    return table


ADDENDS = _table()
"""What each code point adds to ``counts``, its highest bit set for marks, shape (0x110000,)."""


@inner
def _is_spoken(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    while at < end and not flags[codes[np.uintp(at)]] & SPOKEN:  # at most the first is not
        at += 1
    return at < end


@inner
def _split(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    flags: NDArray[np.uint8],
    addends: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.uint32],
    count: int,
) -> tuple[int, bool]:
    """Write the sentences of a stripped line from place ``count`` on.

    Returns how many sentences are written then, and whether there is an opening bracket.
    """
    at, total, before, bracket = start, np.uint64(0), np.uint64(0), False
    while at < end:
        code = codes[np.uintp(at)]
        own = addends[code]
        if not own & _MARK:  # as nearly every character
            total += np.uint64(own)
            at += 1
            continue
        if code == OPEN_BRACKET:
            bracket = True
            at += 1
            continue
        pending = 0
        while at < end:  # the marks and what closes
            code = codes[np.uintp(at)]
            flag = flags[code]
            if flag & SENTENCE:
                ending = ENDING_WIDE if flag & WIDE else ABBREVIATING if code == DOT else ENDING
                pending = max(pending, ending)
            elif not flag & CLOSER:
                break
            total += np.uint64(addends[code])
            at += 1
        stop = at
        while at < end and flags[codes[np.uintp(at)]] & BLANK:
            at += 1
        if at == end or (at == stop and pending != ENDING_WIDE):
            continue
        if pending == ABBREVIATING and flags[codes[np.uintp(at)]] & LOWER:
            continue
        if _is_spoken(codes, start, stop, flags):
            starts[count], ends[count], counts[count] = start, stop, total - before
            count += 1
        start, before = at, total
    if _is_spoken(codes, start, end, flags):
        starts[count], ends[count], counts[count] = start, end, total - before
        count += 1
    return count, bracket


@njit(cache=True)
def _find_sentences(
    codes: NDArray[np.uint32],
    firsts: NDArray[np.int32],
    lasts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    flags: NDArray[np.uint8],
    addends: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.uint32],
    doc_offsets: NDArray[np.int64],
    line_counts: NDArray[np.int32],
) -> int:
    longest = np.max(lasts - firsts) if len(firsts) else 0
    uncited = np.empty(longest, dtype=np.uint32)
    count = 0
    for document in range(len(line_offsets) - 1):
        doc_offsets[document] = count
        for line in range(line_offsets[document], line_offsets[document + 1]):
            first, last, before = firsts[line], lasts[line], count
            count, bracket = _split(codes, first, last, flags, addends, starts, ends, counts, count)
            beyond = count
            if bracket:  # what is written beyond the count is overwritten
                left = write_uncited(codes, first, last, uncited)
                beyond, _ = _split(uncited, 0, left, flags, addends, starts, ends, counts, count)
                before = count
            line_counts[line] = beyond - before
    doc_offsets[len(line_offsets) - 1] = count
    return count


def sentences_of(characters: Characters, lines: Lines) -> Sentences:
    """Return the sentences of each document; time is linear in characters.

    Memory: what ``Sentences`` holds, in arrays that reserve address space for one a character.
    """
    room = int(characters.offsets[-1] - characters.offsets[0]) + 2
    starts, ends = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    counts = np.empty(room, dtype=np.uint32)
    doc_offsets = np.zeros(len(lines.doc_offsets), dtype=np.int64)
    line_counts = np.zeros(len(lines.starts), dtype=np.int32)
    count = _find_sentences(
        characters.codes, lines.firsts, lines.lasts, lines.doc_offsets, FLAGS, ADDENDS,
        starts, ends, counts, doc_offsets, line_counts,
    )  # fmt: skip
    return Sentences(starts[:count], ends[:count], counts[:count], doc_offsets, line_counts)


@inner
def ends_sentence(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    """Whether a line ends in a terminal mark that is no ellipsis, citation marks aside."""
    dots = 0
    while end > at:
        code = codes[np.uintp(end - 1)]
        if code == CLOSE_BRACKET:
            before = before_citation(codes, at, end)
            if before != end:
                end = before
                continue
        if flags[code] & BLANK and dots == 0:
            end -= 1
            continue
        if dots == 0 and code != DOT:
            return bool(flags[code] & TERMINAL) and code != ELLIPSIS
        if code != DOT:
            break
        dots += 1
        if dots == 3:
            return False
        end -= 1
    return dots > 0
