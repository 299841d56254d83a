"""Measurements over a document's words and characters.

Kernels write float64 rows; ``filters.signals`` names the columns and gives them their type.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import LOWER
from filters.spans import NEWLINE
from language_id.inner import inner
from language_id.words import ALPHABETIC, WORD, Tokens

# Of the width of a code point, or the compiler widens every comparison.
HASH, DOT, ELLIPSIS = np.uint32(0x23), np.uint32(0x2E), np.uint32(0x2026)
NO = np.uint32(0)


@inner
def _characters(codes: NDArray[np.uint32], start: int, end: int) -> tuple[int, int, int, int]:
    """How many newlines, hash marks, full stops and ellipses there are."""
    newlines, hashes, dots, ellipses = NO, NO, NO, NO
    for at in range(start, end):
        code = codes[np.uintp(at)]
        newlines = np.uint32(newlines + np.uint32(code == NEWLINE))
        hashes = np.uint32(hashes + np.uint32(code == HASH))
        dots = np.uint32(dots + np.uint32(code == DOT))
        ellipses = np.uint32(ellipses + np.uint32(code == ELLIPSIS))
    return int(newlines), int(hashes), int(dots), int(ellipses)


@inner
def _has_three_dots(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether "..." occurs; counted, not searched for, which vector registers do."""
    found = NO
    for at in range(start, end - 2):
        one, two, three = np.uintp(at), np.uintp(at + 1), np.uintp(at + 2)
        dots = (codes[one] == DOT) & (codes[two] == DOT) & (codes[three] == DOT)
        found = np.uint32(found | np.uint32(dots))
    return bool(found)


@inner
def _dots_in_threes(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """How often "..." occurs, as ``str.count`` has it."""
    count, dots = 0, 0
    for at in range(start, end):
        if codes[np.uintp(at)] == DOT:
            dots += 1
        else:
            count += dots // 3
            dots = 0
    return count + dots // 3


@inner
def _is_all_caps(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    flags: NDArray[np.uint8],
) -> bool:
    """Whether no small letter stands in a word that holds a capital one; most end in one."""
    for at in range(end - 1, start - 1, -1):  # noqa: SIM110 - numba knows no generator
        if flags[codes[np.uintp(at)]] & LOWER:
            return False
    return True


@njit(cache=True)
def measure_words(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the first 8 columns, in the order of ``filters.signals.WORD_SIGNALS``.

    They are: characters, pieces, words, characters a word, share of alphabetic pieces, hash marks,
    ellipses and newlines a piece. A document without pieces has 0 in each ratio.
    """
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        newlines, hashes, dots, ellipses = _characters(codes, start, end)
        if dots >= 3 and _has_three_dots(codes, start, end):
            ellipses += _dots_in_threes(codes, start, end)
        words, word_chars, alphabetic = 0, 0, 0
        for place in range(doc_offsets[document], doc_offsets[document + 1]):
            piece = np.uintp(place)
            kind = int(kinds[piece])
            word = kind & WORD
            words += word
            word_chars += -word & (ends[piece] - starts[piece])
            alphabetic += kind & ALPHABETIC
        pieces = doc_offsets[document + 1] - doc_offsets[document]
        out[document, 0] = end - start
        out[document, 1] = pieces
        out[document, 2] = words
        out[document, 3] = word_chars / max(words, 1)
        out[document, 4] = alphabetic // ALPHABETIC / max(pieces, 1)
        out[document, 5] = hashes / max(pieces, 1)
        out[document, 6] = ellipses / max(pieces, 1)
        out[document, 7] = newlines / max(pieces, 1)


@njit(cache=True)
def all_caps_shares(
    codes: NDArray[np.uint32],
    tokens: Tokens,
    exact: NDArray[np.uint64],
    lowered: NDArray[np.uint64],
    flags: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Return which share of each document's words, here tokens, is in capitals, 0 without words.

    ``exact`` and ``lowered``: the tokens' hashes.
    """
    starts, ends, kinds, doc_offsets = tokens
    out = np.zeros(len(doc_offsets) - 1)
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    capitalised = np.empty(longest, dtype=np.int64)
    for document in range(len(doc_offsets) - 1):
        words, count, capitals = 0, 0, 0
        for place in range(doc_offsets[document], doc_offsets[document + 1]):
            words += int(kinds[np.uintp(place)] & WORD)
        for place in range(doc_offsets[document], doc_offsets[document + 1]):
            token = np.uintp(place)
            capitalised[np.uintp(count)] = place
            count += exact[token] != lowered[token]  # a word with a capital letter
        for token in capitalised[:count]:
            capitals += _is_all_caps(codes, starts[token], ends[token], flags)
        out[document] = capitals / max(words, 1)
    return out
