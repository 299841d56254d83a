"""Where pieces start and end: ``language_id.pieces`` says by which rules.

Tokens without space between them are a chunk, and its pieces are its characters, cut: from left to
right a kernel writes where a piece starts, and the next start is its end.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.piece_classes import (
    AMOUNT,
    APOSTROPHE,
    CLOSES,
    DIGIT,
    ELISION,
    ENDS,
    EXTENDS,
    HYPHEN,
    ICON,
    INNER_COLON,
    INNER_SIGN,
    INNER_SLASH,
    LEADING_DASH,
    LETTER,
    NUMBER,
    OPENS,
    OPERATOR,
    ORDINAL_DOT,
    PAUSE,
    PERCENT,
    RELATION,
    RUN,
    SOLID_HYPHEN,
    UNIT,
    UPPER,
)
from language_id.words import ALPHABETIC, WORD

PERCENT_SIGN, DASH, DOT, SLASH, COLON = 0x25, 0x2D, 0x2E, 0x2F, 0x3A
SMALL_W = 0x77
APO, QUOTE, COL = np.uint32(0x27), np.uint32(0x2019), np.uint32(0x3a)

Codes = NDArray[np.uint32]
Bits = NDArray[np.uint32]
Places = NDArray[np.int64]


@njit(cache=True)
def bits_at(codes: Codes, bits: Bits, at: int) -> int:
    return np.int64(bits[codes[np.uintp(at)]])  # type: ignore[return-value]


@njit(cache=True)
def cut(starts: Places, count: int, at: int) -> int:
    """Start a piece at ``at`` unless one does already; how many there are."""
    starts[count] = at
    return count + (starts[count - 1] != at)


@njit(cache=True)
def _opens(codes: Codes, bits: Bits, start: int, end: int, habits: int) -> bool:
    """Whether a symbol is cut off before a word."""
    code = codes[start]
    if code == DOT:
        return bool(end - start > 1 and codes[start + 1] == DOT)
    if habits & LEADING_DASH and code in (SLASH, DASH):
        return True
    return bits[code] & OPENS != 0


@njit(cache=True)
def closes(codes: Codes, bits: Bits, begin: int, start: int, end: int, habits: int) -> bool:
    """Whether a symbol is cut off behind what starts at ``begin``; where nothing does, it is."""
    own = bits_at(codes, bits, start)
    if own & CLOSES or start == begin:
        return True
    code, before = codes[start], bits_at(codes, bits, start - 1)
    if code == DOT:
        if before & ENDS or (end - start > 1 and codes[start + 1] == DOT):
            return True
        if before & DIGIT:
            return not habits & ORDINAL_DOT
        if before & UPPER and start - 2 >= begin:
            return bits_at(codes, bits, start - 2) & UPPER != 0
        return False
    if own & AMOUNT and before & DIGIT:
        return code != PERCENT_SIGN or not habits & PERCENT
    return False


@njit(cache=True)
def _cuts(
    codes: Codes, bits: Bits, begin: int, start: int, end: int, stop: int, habits: int
) -> bool:
    """Whether a symbol inside ``begin:stop`` is cut out."""
    code, own, length = codes[start], bits_at(codes, bits, start), end - start
    if own & ICON or (code == DOT and length > 1 and codes[start + 1] == DOT):
        return True
    if start == begin or end == stop:
        return False
    before, behind = bits_at(codes, bits, start - 1), bits_at(codes, bits, end)
    if behind & LETTER:
        if before & LETTER and (
            own & PAUSE or (code == DASH and length == 2 and codes[start + 1] == DASH)
        ):
            return True
        if length == 1 and own & RELATION and before & (LETTER | NUMBER):
            return not (
                (code == COLON and habits & INNER_COLON) or (code == SLASH and habits & INNER_SLASH)
            )
        return bool(length == 1 and own & HYPHEN and before & DIGIT and habits & UNIT)
    if own & OPERATOR and before & DIGIT and not habits & INNER_SIGN:
        return bool(behind & DIGIT or codes[end] == DASH)
    return False


@njit(cache=True)
def _is_address(
    codes: Codes, token_starts: Places, token_ends: Places, first: int, last: int
) -> bool:
    """Whether the tokens start with "www." or hold "://"."""
    begin, stop = token_starts[first], token_ends[last - 1]
    if codes[begin] == SMALL_W and stop - begin >= 4:
        second, third, fourth = codes[begin + 1], codes[begin + 2], codes[begin + 3]
        if second == SMALL_W and third == SMALL_W and fourth == DOT:
            return True
    for token in range(first, last - 1):
        end = token_ends[token]
        if codes[end] == SLASH and codes[end - 1] == COLON:
            if end + 1 < stop and codes[end + 1] == SLASH:
                return True
    return False


@njit(cache=True)
def cut_symbol(
    codes: Codes,
    bits: Bits,
    start: int,
    end: int,
    is_run: int | np.integer,
    starts: Places,
    count: int,
) -> int:
    """Start a piece with a symbol, and unless it is a run, with each of its characters."""
    count = cut(starts, count, start)
    if not is_run:
        for at in range(start + 1, end):
            if not bits_at(codes, bits, at) & EXTENDS:
                count = cut(starts, count, at)
    return count


@njit(cache=True)
def find_joints(codes: Codes, start: int, end: int, joints: Places) -> None:
    """Write where each apostrophe and colon stands, and ``end``."""
    count = 0
    for at in range(start, end):
        code = codes[np.uintp(at)]
        joints[np.uintp(count)] = at
        count += (code == APO) | (code == QUOTE) | (code == COL)
    joints[count] = end


@njit(cache=True)
def _cut_word(
    codes: Codes, bits: Bits, start: int, end: int, habits: int, starts: Places, count: int
) -> int:
    """Cut a word at apostrophes between letters and at colons before one."""
    for at in range(start + 1, end - 1):
        own = bits_at(codes, bits, at)
        if not own & (APOSTROPHE | RELATION) or not bits_at(codes, bits, at + 1) & LETTER:
            continue
        if own & APOSTROPHE:
            if bits_at(codes, bits, at - 1) & LETTER:
                count = cut(starts, count, at + (habits & ELISION != 0))
        elif not habits & INNER_COLON:
            count = cut(starts, cut(starts, count, at), at + 1)
    return count


@njit(cache=True)
def _cut_core(
    codes: Codes,
    bits: Bits,
    token_starts: Places,
    token_ends: Places,
    kinds: NDArray[np.uint8],
    first: int,
    last: int,
    habits: int,
    starts: Places,
    count: int,
) -> int:
    """Cut what is left of a chunk without the symbols around it: tokens ``first:last``."""
    begin, stop = token_starts[first], token_ends[last - 1]
    count = cut(starts, count, begin)
    if _is_address(codes, token_starts, token_ends, first, last):
        return count
    lettered = False
    for token in range(first, last):
        start, end, kind = token_starts[token], token_ends[token], kinds[token]
        if kind & WORD:
            if kind & ALPHABETIC and lettered and starts[count - 1] < start:
                if not habits & SOLID_HYPHEN and bits_at(codes, bits, start - 1) & HYPHEN:
                    count = cut(starts, cut(starts, count, start - 1), start)
            lettered |= kind & ALPHABETIC != 0
            count = _cut_word(codes, bits, start, end, habits, starts, count)
        elif _cuts(codes, bits, begin, start, end, stop, habits):
            count = cut(starts, cut(starts, count, start), end)
            lettered = False
    return count


@njit(cache=True)
def cut_chunk(
    codes: Codes,
    bits: Bits,
    token_starts: Places,
    token_ends: Places,
    kinds: NDArray[np.uint8],
    first: int,
    last: int,
    habits: int,
    starts: Places,
    count: int,
) -> int:
    """Cut the chunk of tokens ``first:last``, none of a script written without spaces."""
    left, right = first, last
    while left < last and not kinds[left] & WORD:
        start, end = token_starts[left], token_ends[left]
        if not _opens(codes, bits, start, end, habits):
            break
        is_run = bits[codes[start]] & RUN
        count = cut_symbol(codes, bits, start, end, is_run, starts, count)
        left += 1
    while right > left and not kinds[right - 1] & WORD:
        start, end = token_starts[right - 1], token_ends[right - 1]
        if not closes(codes, bits, token_starts[left], start, end, habits):
            break
        right -= 1
    if left < right:
        count = _cut_core(
            codes, bits, token_starts, token_ends, kinds, left, right, habits, starts, count
        )
    for token in range(right, last):
        start = token_starts[token]
        is_run = bits[codes[start]] & RUN
        count = cut_symbol(codes, bits, start, token_ends[token], is_run, starts, count)
    return count
