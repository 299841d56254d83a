"""Where pieces start in chunks with characters of scripts written without spaces.

A dictionary would cut such text into words. Here its own characters do: of kana a table tells which
begin a word behind which, kanji of Japanese go two by two, and of Chinese and other scripts a hash
of two neighbours parts them. So the same string is cut the same way wherever it stands, and pieces
are about as long as a segmenter's words. A run of kana in which no word seems to begin is one piece
however long, as all katakana of half width are.
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
    NUMBER_DOTS,
    RUN,
    RUN_UNSPACED,
    SYMBOL_RUNS,
)
from language_id.piece_kana import BEGINS, FIRST_KANA, KANA, KANJI
from language_id.piece_kernel import Places, cut, cut_symbol
from language_id.piece_symbols import COMMA, DOT, Bits, Codes, Whole, bits_at, number_dots
from language_id.words import NO_SPACE, WORD

LONGEST = 4
PARTED = np.uint64(50)
"""How many neighbours of a hundred are parted: jieba's words have 1.7 characters."""
KANJI_WORD = 2
"""Characters of a word of kanji in Japanese. SudachiPy (its mode A) cuts runs of two in 1 place of
a hundred, of three behind the second in 87, of four there in 86; over Debian's manuals 94 of 100
places between kanji are as it has them, over web pages 76."""
KATAKANA_WORD = 3
"""How many katakana stand before and behind a cut, at least."""
OTHER, HIRAGANA, KATAKANA = 0, 1, 2
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
def _begins(row: int | np.integer, second: np.uint32) -> bool:
    """Whether kana begins a word, behind what the row of the table stands for."""
    return bool(BEGINS[np.uintp(row), np.uintp(second - FIRST_KANA)])


@inner
def _parts_katakana(codes: Codes, first: np.uint32, at: Whole, stop: Whole, length: Whole) -> bool:
    """Whether a word of katakana is taken to start at ``at``, ``length`` characters into a run."""
    if length < KATAKANA_WORD or stop - at < KATAKANA_WORD:
        return False
    for behind in range(at, at + KATAKANA_WORD):
        if _script(codes[behind]) != KATAKANA:
            return False
    if max(first, codes[at]) >= FIRST_KANA + KANA:  # of half width
        return False
    return _begins(first - FIRST_KANA, codes[at])


@inner
def _parts(
    codes: Codes, first: np.uint32, at: Whole, stop: Whole, length: Whole, habits: int
) -> bool:
    """Whether the character ``first``, which ends ``length`` of a piece, and the next are parted.

    ``at``: where the next one is; ``stop``: where the chunk ends.
    """
    second = codes[at]
    script, next_script = _script(first), _script(second)
    if script != next_script:
        return script != OTHER or next_script != HIRAGANA or _begins(KANJI, second)
    if script == KATAKANA:
        return _parts_katakana(codes, first, at, stop, length)
    if script == HIRAGANA:
        return _begins(first - FIRST_KANA, second)
    if habits & SYMBOL_RUNS:  # Japanese
        return bool(length >= KANJI_WORD)
    if length >= LONGEST:
        return True
    return bool(_percentile(first, second) < PARTED)


@inner
def _group(own: int) -> int:
    """Digits go together, letters and other numbers do, other characters stand alone."""
    if own & DIGIT:
        return DIGIT
    return LETTER if own & (LETTER | NUMBER) else 0


@inner
def _cut_numbers(
    codes: Codes, bits: Bits, start: Whole, end: Whole, habits: int, starts: Places, count: int
) -> int:
    """Cut a word into its letters, its numbers ("1,000.5") and each other character."""
    group = _group(bits_at(codes, bits, start))
    dotted = habits & NUMBER_DOTS and number_dots(codes, bits, start, end) > 1
    for at in range(start + 1, end):
        own = bits_at(codes, bits, at)
        if own & EXTENDS:
            continue
        is_dot = codes[at] == DOT and not dotted
        inner = group == DIGIT and (is_dot or codes[at] == COMMA) and at + 1 < end
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
    stop = token_ends[last - 1]
    for token in range(first, last):
        start, end, kind = token_starts[token], token_ends[token], kinds[token]
        if kind & NO_SPACE:
            if token > first and kinds[token - 1] & NO_SPACE:
                before = codes[token_starts[token - 1]]
                if not _parts(codes, before, start, stop, start - starts[count - 1], habits):
                    continue
            count = cut(starts, count, start)
        elif kind & WORD:
            count = cut(starts, count, start)
            if habits & NO_SPACES:
                count = _cut_numbers(codes, bits, start, end, habits, starts, count)
        elif codes[start] != TSHEG or token == first or not kinds[token - 1] & NO_SPACE:
            run = RUN_UNSPACED if habits & NO_SPACES else RUN
            is_run = bits[codes[start]] & run or habits & SYMBOL_RUNS
            count = cut_symbol(codes, bits, start, end, is_run, starts, count)
    return count
