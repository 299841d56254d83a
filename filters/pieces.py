"""Words as treebank tokenisers cut them, for the signals whose published bounds were set on these.

``language_id.words`` cuts at every symbol, which suits hashing; FineWeb-2's bounds, and the code
that runs Gopher's, count words of spaCy, jieba and SudachiPy. There "--option", "/etc",
"IP/06/123", "9%-os" and a URL are one word each, and a text full of them has half the words. So,
between two white spaces:

- Brackets, quotes, marks and symbols are cut from both ends, each one piece; a full stop from the
  right end after a lower-case letter, a digit, a mark or two capitals. "-", "/" and such stay.
- What is left is one piece, but for marks between letters (":", "/", "=", ","), operators between
  digits, hyphens between letters, apostrophes (before or, where a language elides, behind),
  ellipses and pictures. A URL is never cut.
- A run of a script written without spaces is cut where Han, Hiragana and Katakana meet, and between
  characters whose pair hashes low: the same string is cut alike everywhere, into pieces about as
  long as a dictionary's words (jieba: 1.7 characters, SudachiPy: 1.9).

``filters.piece_traits.LANGUAGES`` says what differs by language, as spaCy 3.8's rules for it do.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.piece_cuts import (
    dots,
    inner_cut,
    is_url,
    left_end,
    loose_end,
    right_start,
    unspaced_end,
)
from filters.piece_traits import (
    ALPHA,
    BESIDE,
    BLANK,
    ENGLISH,
    LANGUAGES,
    LONE,
    LOOSE,
    SPOKEN,
    SYMBOL,
    TRAITS,
)
from language_id.decoded import Characters
from language_id.words import ALPHABETIC, NO_SPACE, WORD, Tokens


@njit(cache=True)
def _kind(seen: int | np.integer) -> int:
    """Of a piece with characters of these traits."""
    kind = (seen & SPOKEN != 0) * WORD | (seen & ALPHA != 0) * ALPHABETIC
    return kind | (seen & LONE != 0) * NO_SPACE


@njit(cache=True)
def _loose(
    codes: NDArray[np.uint32], start: int, end: int, bits: int,
    traits: NDArray[np.uint16], ends: NDArray[np.int64], count: int,
) -> int:  # fmt: skip
    """``_chunk`` beside or in a script without spaces."""
    while start < end:
        if traits[codes[start]] & LONE:
            start = unspaced_end(codes, start, end, traits, bits & ENGLISH != 0)
        else:
            start = loose_end(codes, start, end, traits)
        ends[count] = start
        count += 1
    return count


@njit(cache=True)
def _core(
    codes: NDArray[np.uint32], start: int, end: int, bits: int,
    traits: NDArray[np.uint16], ends: NDArray[np.int64], count: int,
) -> int:  # fmt: skip
    """``_chunk`` for what lies between its two ends."""
    at = end if is_url(codes, start, end) else start + 1
    piece = start
    while at < end - 1:
        if traits[codes[at]] & SPOKEN:
            at += 1
            continue
        before, after = inner_cut(codes, at, end, bits, traits)
        if before > piece:
            ends[count], piece, count = before, before, count + 1
        if after > piece:
            ends[count], piece, count = after, after, count + 1
        at = max(after, at + 1)
    if piece < end:
        ends[count], count = end, count + 1
    return count


@njit(cache=True)
def _chunk(
    codes: NDArray[np.uint32], start: int, end: int, bits: int,
    traits: NDArray[np.uint16], ends: NDArray[np.int64], count: int,
) -> int:  # fmt: skip
    """Write where the pieces of a chunk end; they leave nothing out. Return the new count."""
    while start < end:
        stop = left_end(codes, start, end, bits, traits)
        if stop == start:
            break
        ends[count], start, count = stop, stop, count + 1
    core = end
    while core > start:
        stop = right_start(codes, start, core, bits, traits)
        if stop == core:
            break
        core = stop
    if core > start:
        count = _core(codes, start, core, bits, traits, ends, count)
    at = core
    while at < end:
        stop = dots(codes, at, end)
        at = stop if stop - at > 1 else at + 1
        ends[count], count = at, count + 1
    return count


@njit(cache=True)
def _pieces(
    codes: NDArray[np.uint32], offsets: NDArray[np.int64], bits: NDArray[np.int64],
    traits: NDArray[np.uint16],
    starts: NDArray[np.int64], ends: NDArray[np.int64], kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
) -> int:  # fmt: skip
    count = 0
    for document in range(len(offsets) - 1):
        doc_offsets[document] = count
        at, end = offsets[document], offsets[document + 1]
        while at < end:
            if traits[codes[at]] & BLANK:
                at += 1
                continue
            stop, seen = at, np.uint16(0)
            while stop < end and not traits[codes[stop]] & BLANK:
                seen |= traits[codes[stop]]
                stop += 1
            if seen == BESIDE:  # format characters alone
                at = stop
                continue
            if not (seen & (SYMBOL | LONE) or bits[document] & LOOSE):  # as most
                starts[count], ends[count], kinds[count] = at, stop, _kind(seen)
                at, count = stop, count + 1
                continue
            if seen & LONE or bits[document] & LOOSE:
                after = _loose(codes, at, stop, bits[document], traits, ends, count)
            else:
                after = _chunk(codes, at, stop, bits[document], traits, ends, count)
            while count < after:
                starts[count] = at
                seen = np.uint16(0)
                while at < ends[count]:
                    seen |= traits[codes[at]]
                    at += 1
                kinds[count] = _kind(seen)
                count += 1
    doc_offsets[len(offsets) - 1] = count
    return count


def pieces(characters: Characters, langs: Sequence[str]) -> Tokens:
    """Return the pieces of each document as ``tokenize`` returns tokens; time is linear.

    ``langs``: a label per document. ``NO_SPACE`` tells a piece of a script without spaces.
    """
    japanese = {"jpn": ENGLISH}  # among loose languages the bit tells Japanese
    codes, offsets = characters
    bits = np.array(
        [LANGUAGES.get(lang[:3], 0) | japanese.get(lang[:3], 0) for lang in langs], dtype=np.int64
    )
    room = int(offsets[-1] - offsets[0])
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    doc_offsets = np.zeros(len(offsets), dtype=np.int64)
    count = _pieces(codes, offsets, bits, TRAITS, starts, ends, kinds, doc_offsets)
    return Tokens(starts[:count], ends[:count], kinds[:count], doc_offsets)
