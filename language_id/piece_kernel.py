"""Where pieces start in chunks of scripts written with spaces.

Tokens without space between them are a chunk, and its pieces are its characters, cut: from left to
right a kernel writes where a piece starts, and the next start is its end.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner
from language_id.piece_classes import (
    APOSTROPHE,
    DIGIT,
    EACH_SYMBOL,
    ELISION,
    ENDING_HYPHEN,
    EXTENDS,
    HYPHEN,
    INNER_COLON,
    LETTER,
    NUMBER,
    NUMBER_DOT,
    OUTER_DASH,
    RELATION,
    RUN,
    SOLID_HYPHEN,
)
from language_id.piece_symbols import (
    COLON,
    COMMA,
    DASH,
    DOT,
    SLASH,
    Bits,
    Codes,
    are_two,
    bits_at,
    closes,
    cuts,
    number_dots,
    opens,
)
from language_id.words import ALPHABETIC, WORD

SMALL_W, LOW_LINE = 0x77, 0x5F
ADDRESS_DOTS = 3

Places = NDArray[np.int32]


@inner
def cut(starts: Places, count: int, at: int) -> int:
    """Start a piece at ``at`` unless one does already; how many there are."""
    starts[count] = at
    return count + int(starts[count - 1] != at)


@inner
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
        if codes[end - 1] == COLON and are_two(codes, end, stop, SLASH):
            return True
    return False


@inner
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


@inner
def _is_run(codes: Codes, bits: Bits, start: int | np.integer, habits: int) -> bool:
    """Whether the symbols around a word that start at ``start`` are one piece."""
    if habits & OUTER_DASH and codes[start] == DASH:
        return False
    return bits_at(codes, bits, start) & RUN != 0


@inner
def _cut_word(
    codes: Codes, bits: Bits, start: int, end: int, habits: int, starts: Places, count: int
) -> int:
    """Cut a word at apostrophes between letters, at colons before one, and at dots in numbers."""
    dotted = habits & NUMBER_DOT and number_dots(codes, bits, start, end) != ADDRESS_DOTS
    for at in range(start + 1, end - 1):
        own = bits_at(codes, bits, at)
        if dotted and codes[at] == DOT and bits_at(codes, bits, at + 1) & DIGIT:
            count = cut(starts, cut(starts, count, at), at + 1)
            continue
        if not own & (APOSTROPHE | RELATION) or not bits_at(codes, bits, at + 1) & LETTER:
            continue
        if own & APOSTROPHE:
            if bits_at(codes, bits, at - 1) & LETTER:
                count = cut(starts, count, at + (habits & ELISION != 0))
        elif not habits & INNER_COLON:
            count = cut(starts, cut(starts, count, at), at + 1)
    return count


@inner
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
            parts = lettered and kind & ALPHABETIC and starts[count - 1] < start
            if parts and not habits & SOLID_HYPHEN and bits_at(codes, bits, start - 1) & HYPHEN:
                if not habits & ENDING_HYPHEN:
                    count = cut(starts, count, start - 1)
                count = cut(starts, count, start)
            lettered |= kind & ALPHABETIC != 0
            count = _cut_word(codes, bits, start, end, habits, starts, count)
        elif cuts(codes, bits, begin, start, end, stop, habits):
            count = cut(starts, cut(starts, count, start), end)
            lettered = False
    return count


@inner
def _cut_each_symbol(
    codes: Codes, bits: Bits, start: int, end: int, starts: Places, count: int
) -> int:
    """Cut every symbol out of a word, but "." and "," between digits, and "_"."""
    for at in range(start, end):
        own = bits_at(codes, bits, at)
        if own & (LETTER | NUMBER | EXTENDS) or codes[at] == LOW_LINE:
            continue
        decimal = codes[at] in (COMMA, DOT) and at + 1 < end
        if decimal and bits_at(codes, bits, at - 1) & bits_at(codes, bits, at + 1) & DIGIT:
            continue
        count = cut(starts, cut(starts, count, at), at + 1)
    return count


@inner
def cut_spaced(
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
    if habits & EACH_SYMBOL:
        for token in range(first, last):
            start, end = token_starts[token], token_ends[token]
            count = cut_symbol(codes, bits, start, end, kinds[token] & WORD, starts, count)
            if kinds[token] & WORD:
                count = _cut_each_symbol(codes, bits, start, end, starts, count)
        return count
    left, right = first, last
    while left < last and not kinds[left] & WORD:
        start, end = token_starts[left], token_ends[left]
        if not opens(codes, bits, start, end, habits):
            break
        count = cut_symbol(
            codes, bits, start, end, _is_run(codes, bits, start, habits), starts, count
        )
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
        is_run = _is_run(codes, bits, start, habits)
        count = cut_symbol(codes, bits, start, token_ends[token], is_run, starts, count)
    return count
