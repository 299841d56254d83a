"""Where pieces start in chunks with characters of scripts written without spaces.

A dictionary would cut such text into words. Here its own characters do: whether two neighbours are
parted is a hash of the two, so the same string is cut the same way wherever it stands, and pieces
are about as long as a segmenter's words.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.hashing import ABSORB, GOLDEN
from language_id.inner import inner
from language_id.piece_classes import (
    DIGIT,
    EXTENDS,
    LETTER,
    NO_SPACES,
    NUMBER,
    RUN,
    RUN_UNSPACED,
    SYMBOL_RUNS,
)
from language_id.piece_kernel import Places, cut, cut_symbol
from language_id.piece_symbols import Bits, Codes, Whole, bits_at
from language_id.words import NO_SPACE, WORD

LONGEST, LONGEST_KATAKANA = 4, 12
PARTED, PARTED_KANA = np.uint64(50), np.uint64(33)
"""How many neighbours of a hundred are parted: jieba's words have 1.7 characters, SudachiPy's
1.9."""
OTHER, HIRAGANA, KATAKANA = 0, 1, 2
COMMA, DOT = 0x2C, 0x2E
TSHEG = 0x0F0B
"""Parts Tibetan syllables, and stays with the one before it: else half of the pieces were marks."""
SHIFT = np.uint64(33)


@inner
def _script(code: int | np.integer) -> int:
    if 0x3040 <= code < 0x30A0:
        return HIRAGANA
    return KATAKANA if 0x30A0 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9F else OTHER


@inner
def _percentile(first: np.uint32, second: np.uint32) -> np.uint64:
    """A hash of two characters, 0 to 99."""
    value = np.uint64(first) * GOLDEN + np.uint64(second) * ABSORB
    value = (value ^ (value >> SHIFT)) * np.uint64(0xFF51AFD7ED558CCD)
    return (value ^ (value >> SHIFT)) % np.uint64(100)


@inner
def _parts(first: np.uint32, second: np.uint32, length: int, habits: int) -> bool:
    """Whether two characters are parted, the first of which ends ``length`` characters."""
    script = _script(first)
    if script != _script(second):
        return True
    if script == KATAKANA:
        return length >= LONGEST_KATAKANA
    if length >= LONGEST:
        return True
    kana = script == HIRAGANA or habits & SYMBOL_RUNS
    return bool(_percentile(first, second) < (PARTED_KANA if kana else PARTED))


@inner
def _group(own: int) -> int:
    """Digits go together, letters and other numbers do, other characters stand alone."""
    if own & DIGIT:
        return DIGIT
    return LETTER if own & (LETTER | NUMBER) else 0


@inner
def _cut_numbers(
    codes: Codes, bits: Bits, start: Whole, end: Whole, starts: Places, count: int
) -> int:
    """Cut a word into its letters, its numbers ("1,000.5") and each other character."""
    group = _group(bits_at(codes, bits, start))
    for at in range(start + 1, end):
        own = bits_at(codes, bits, at)
        if own & EXTENDS:
            continue
        inner = group == DIGIT and codes[at] in (COMMA, DOT) and at + 1 < end
        if inner and bits_at(codes, bits, at + 1) & DIGIT:
            continue
        if group != _group(own) or group == 0:
            count = cut(starts, count, at)
        group = _group(own)
    return count


@inner
def cut_mixed(
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
    """Cut the chunk of tokens ``first:last``: such a script in it, or a language written in one."""
    for token in range(first, last):
        start, end, kind = token_starts[token], token_ends[token], kinds[token]
        if kind & NO_SPACE:
            if token > first and kinds[token - 1] & NO_SPACE:
                before = codes[token_starts[token - 1]]
                if not _parts(before, codes[start], start - starts[count - 1], habits):
                    continue
            count = cut(starts, count, start)
        elif kind & WORD:
            count = cut(starts, count, start)
            if habits & NO_SPACES:
                count = _cut_numbers(codes, bits, start, end, starts, count)
        elif codes[start] != TSHEG or token == first or not kinds[token - 1] & NO_SPACE:
            run = RUN_UNSPACED if habits & NO_SPACES else RUN
            is_run = bits[codes[start]] & run or habits & SYMBOL_RUNS
            count = cut_symbol(codes, bits, start, end, is_run, starts, count)
    return count
