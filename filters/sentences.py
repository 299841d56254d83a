"""Sentences of a line, and how it ends; Wikipedia's citation marks do not count.

- A sentence ends at a mark of Sentence_Terminal, then closing quotes or brackets, then space; none
  ends at a full stop before a lower-case letter; Chinese and Japanese marks need no space. A piece
  without letter or number is no sentence.
- Terminal marks are those of every script (``filters.flags.TERMINAL``), space after a citation mark
  does not hide them, and "…" is an ellipsis like "...".
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import BLANK, CLOSER, LOWER, SENTENCE, SPOKEN, TERMINAL, WIDE
from filters.phrases import packed

OPEN_BRACKET, CLOSE_BRACKET = 0x5B, 0x5D
DOT, ELLIPSIS, DIGIT_0, DIGIT_9 = 0x2E, 0x2026, 0x30, 0x39
ABBREVIATING, ENDING, ENDING_WIDE = 1, 2, 3
NOTES = ("[edit]", "[citation needed]")
MAX_NOTE_CHARS = max(map(len, NOTES))
NOTE_CODES, NOTE_LENGTHS = packed(list(NOTES))


@njit(cache=True)
def after_citation(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Return where the citation mark at ``at`` ends; ``at`` where there is none."""
    stop = at + 1
    while stop < end and codes[stop] >= DIGIT_0 and codes[stop] <= DIGIT_9:
        stop += 1
    if stop < end and codes[stop] == CLOSE_BRACKET:
        return stop + 1
    for row in range(len(NOTE_LENGTHS)):
        length = NOTE_LENGTHS[row]
        matches = at + length <= end
        for place in range(length):
            matches = matches and codes[at + place] == NOTE_CODES[row, place]
        if matches:
            return at + int(length)
    return at


@njit(cache=True)
def _ending(code: int, flag: int, pending: int) -> int:
    """Tell how a sentence may end at this Sentence_Terminal, after others that say ``pending``."""
    if flag & WIDE:
        return ENDING_WIDE
    ending = ABBREVIATING if code == DOT else ENDING
    return max(pending, ending)


@njit(cache=True)
def _next_stop(
    codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]
) -> tuple[int, int | np.integer]:
    """Where the next character is that may end a sentence or open a citation; flags before it."""
    passed = np.uint8(0)
    while at < end:
        code = codes[np.uintp(at)]
        flag = flags[code]
        if flag & SENTENCE or code == OPEN_BRACKET:
            break
        passed |= flag
        at += 1
    return at, passed


@njit(cache=True)
def sentence_count(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> int:
    """Count the sentences of a line, citation marks aside."""
    sentences, pending = 0, 0
    spoken, spaced = False, False
    while at < end:
        if pending == 0:
            at, passed = _next_stop(codes, at, end, flags)
            spoken = spoken or (passed & SPOKEN) != 0
            if at == end:
                break
        code = codes[np.uintp(at)]
        if code == OPEN_BRACKET:
            after = after_citation(codes, at, end)
            if after != at:
                at = after
                continue
        at += 1
        flag = flags[code]
        if flag & BLANK:
            spaced = True
            continue
        if pending != 0 and (spaced or pending == ENDING_WIDE):
            goes_on = flag & (SENTENCE | CLOSER) and not spaced
            if not goes_on and not (pending == ABBREVIATING and flag & LOWER):
                sentences += spoken
                spoken = False
            pending = pending if goes_on else 0
        if flag & SENTENCE:
            pending = _ending(code, flag, pending)
        elif not flag & CLOSER:
            pending = 0
        spoken = spoken or (flag & SPOKEN) != 0
        spaced = False
    return sentences + spoken


@njit(cache=True)
def _before_citation(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Return where the citation mark that ends at ``end`` starts; ``end`` where there is none."""
    at = end - 2
    while at > start and codes[at] != OPEN_BRACKET and end - at < MAX_NOTE_CHARS:
        at -= 1
    while at > start and codes[at] >= DIGIT_0 and codes[at] <= DIGIT_9:
        at -= 1
    if at >= start and codes[at] == OPEN_BRACKET and after_citation(codes, at, end) == end:
        return at
    return end


@njit(cache=True)
def ends_sentence(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    """Whether a line ends in a terminal mark that is no ellipsis, citation marks aside."""
    dots = 0
    while end > at:
        code = codes[np.uintp(end - 1)]
        if code == CLOSE_BRACKET:
            before = _before_citation(codes, at, end)
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
