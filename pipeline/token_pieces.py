r"""The pieces a text is cut into before bytes are merged: Tekken's pattern, as a scanner.

The pattern, of tekken_240911.json (mistral-common), with its alternatives one below the other;
the first that matches wins:

    [^\r\n\p{L}\p{N}]? [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]* [\p{Ll}\p{Lm}\p{Lo}\p{M}]+
    [^\r\n\p{L}\p{N}]? [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+ [\p{Ll}\p{Lm}\p{Lo}\p{M}]*
    \p{N}
    [ ]? [^\s\p{L}\p{N}]+ [\r\n/]*
    \s* [\r\n]+
    \s+ (?!\S)
    \s+

What a regular expression finds by trying and going back, the scanner knows from the last place it
could go back to, so that no character is looked at more than three times, in any text.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from language_id.characters import Run, table
from language_id.inner import inner

# What the pattern tells apart. Up to MARK a character can stand before letters, as their prefix.
BLANK, SPACE, SYMBOL, MARK, UNCASED, LOWER, UPPER, NUMBER, LINE_END = range(9)
PATTERN: Final = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LETTERS: Final = {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lm": UNCASED, "Lo": UNCASED}
_CONTROL_BLANKS: Final = (0x09, 0x0B, 0x0C, 0x85)
_CR, _LF, _SLASH = 0x0D, 0x0A, 0x2F


def _class_of(run: Run) -> int:
    major = run.category[0]
    if major == "L":
        return _LETTERS[run.category]
    return {"M": MARK, "N": NUMBER, "Z": BLANK}.get(major, SYMBOL)


CLASSES = table(_class_of, unassigned=SYMBOL)
CLASSES[list(_CONTROL_BLANKS)] = BLANK
CLASSES[0x20] = SPACE
CLASSES[[_CR, _LF]] = LINE_END
CLASSES.flags.writeable = False
"""What every code point is to the pattern, shape (0x110000,), by Unicode 17 like all of ours.

To tiktoken a letter newer than its own Unicode is a symbol, which may be other tokens.
"""


@inner
def piece_end(codes: NDArray[np.uint32], classes: NDArray[np.uint8], start: int, end: int) -> int:
    """Return where the piece ends that begins at ``start``, which is before ``end``."""
    first = classes[codes[np.uintp(start)]]
    if first == NUMBER:
        return start + 1
    if first != LINE_END:
        found = _letters_end(codes, classes, start, end)
        if found > start:
            return found
        found = _symbols_end(codes, classes, start, end)
        if found > start:
            return found
    return _blanks_end(codes, classes, start, end)


@inner
def _letters_end(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], start: int, end: int
) -> int:
    """Return where the first or the second alternative ends; ``start`` where neither matches."""
    first = classes[codes[np.uintp(start)]]
    letters = start + 1 if first <= MARK else start
    at, uncased = letters, start - 1
    while at < end:
        kind = classes[codes[np.uintp(at)]]
        if MARK <= kind <= UNCASED:
            uncased = at
        elif kind != UPPER:
            break
        at += 1
    if at < end and classes[codes[np.uintp(at)]] == LOWER:
        while at < end and MARK <= classes[codes[np.uintp(at)]] <= LOWER:
            at += 1
        return at
    if uncased >= start:  # gone back to what may end the first alternative
        return uncased + 1
    return start + 1 if first == MARK else at if at > letters else start


@inner
def _symbols_end(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], start: int, end: int
) -> int:
    """Return where the fourth alternative ends; ``start`` where it does not match."""
    first = start + 1 if classes[codes[np.uintp(start)]] == SPACE else start
    at = first
    while at < end and SYMBOL <= classes[codes[np.uintp(at)]] <= MARK:
        at += 1
    if at == first:
        return start
    while at < end:
        code = codes[np.uintp(at)]
        if code not in (_CR, _LF, _SLASH):
            break
        at += 1
    return at


@inner
def _blanks_end(codes: NDArray[np.uint32], classes: NDArray[np.uint8], start: int, end: int) -> int:
    """Return where white space ends: behind its last line end, else before its last character."""
    at, line_end = start, start - 1
    while at < end:
        kind = classes[codes[np.uintp(at)]]
        if kind == LINE_END:
            line_end = at
        elif kind > SPACE:
            break
        at += 1
    if line_end >= start:
        return line_end + 1
    return at if at == end or at == start + 1 else at - 1
