"""Wikipedia's citation marks: "[1]", "[edit]" and "[citation needed]", which are no text."""

import numpy as np
from numpy.typing import NDArray

from filters.phrases import packed
from language_id.inner import inner

OPEN_BRACKET, CLOSE_BRACKET = 0x5B, 0x5D
DIGIT_0, DIGIT_9 = 0x30, 0x39
NOTES = ("[edit]", "[citation needed]")
MAX_NOTE_CHARS = max(map(len, NOTES))
NOTE_CODES, NOTE_LENGTHS = packed(list(NOTES))


@inner
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


@inner
def before_citation(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Return where the citation mark that ends at ``end`` starts; ``end`` where there is none."""
    at = end - 2
    while at > start and codes[at] != OPEN_BRACKET and end - at < MAX_NOTE_CHARS:
        at -= 1
    while at > start and codes[at] >= DIGIT_0 and codes[at] <= DIGIT_9:
        at -= 1
    if at >= start and codes[at] == OPEN_BRACKET and after_citation(codes, at, end) == end:
        return at
    return end


@inner
def write_uncited(codes: NDArray[np.uint32], at: int, end: int, written: NDArray[np.uint32]) -> int:
    """Write a line without its citation marks; return how many characters it has left."""
    count = 0
    while at < end:
        code = codes[np.uintp(at)]
        after = after_citation(codes, at, end) if code == OPEN_BRACKET else at
        if after != at:
            at = after
            continue
        written[count] = code
        count += 1
        at += 1
    return count
