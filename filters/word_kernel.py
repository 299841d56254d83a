"""Measurements over a document's words and characters, and its stop words.

Kernels write float64 rows; ``filters.signals`` names the columns and gives them their type.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import NEWLINE, as_key, char_count, slot_of
from language_id.words import ALPHABETIC, WORD

HASH = 0x23
DOT = 0x2E
SEQUENCE = np.uint64(0xD6E8FEB86659FD93)
NO_LIST = -1


@njit(cache=True)
def token_chars(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Count the code points of each token."""
    counts = np.empty(len(starts), dtype=np.int32)
    for token in range(len(starts)):
        counts[token] = char_count(data, starts[token], ends[token])
    return counts


@njit(cache=True)
def _characters(data: NDArray[np.uint8], start: int, end: int) -> tuple[int, int, int, bool]:
    """Code points, newlines, hash marks, and whether there may be an ellipsis."""
    chars, newlines, hashes, dots, ellipses = 0, 0, 0, 0, 0
    for at in range(start, end):
        byte = data[np.uintp(at)]
        chars += (byte & 0xC0) != 0x80
        newlines += byte == NEWLINE
        hashes += byte == HASH
        dots += byte == DOT
        ellipses += byte == 0xA6
    return chars, newlines, hashes, dots >= 3 or ellipses > 0


@njit(cache=True)
def _ellipses(data: NDArray[np.uint8], start: int, end: int) -> int:
    """How often "..." (as ``str.count`` has it) and "…" (E2 80 A6) occur."""
    count, dots = 0, 0
    for at in range(start, end):
        byte = data[np.uintp(at)]
        if byte == DOT:
            dots += 1
        else:
            count += dots // 3
            dots = 0
        if byte == 0xA6 and at - start >= 2 and data[at - 1] == 0x80 and data[at - 2] == 0xE2:
            count += 1
    return count + dots // 3


@njit(cache=True)
def measure_words(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    chars_of_token: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    """Write 8 columns, in the order of ``filters.signals.WORD_SIGNALS``.

    They are: characters, tokens, words, characters a word, share of alphabetic tokens, and hash
    marks, ellipses and newlines a token. A document without tokens has 0 in each ratio.
    """
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        chars, newlines, hashes, ellipses_likely = _characters(data, start, end)
        ellipses = _ellipses(data, start, end) if ellipses_likely else 0
        words, word_chars, alphabetic = 0, 0, 0
        for token in range(doc_offsets[document], doc_offsets[document + 1]):
            if kinds[token] & WORD:
                words += 1
                word_chars += chars_of_token[token]
            alphabetic += (kinds[token] & ALPHABETIC) != 0
        tokens = doc_offsets[document + 1] - doc_offsets[document]
        out[document, 0] = chars
        out[document, 1] = tokens
        out[document, 2] = words
        out[document, 3] = word_chars / max(words, 1)
        out[document, 4] = alphabetic / max(tokens, 1)
        out[document, 5] = hashes / max(tokens, 1)
        out[document, 6] = ellipses / max(tokens, 1)
        out[document, 7] = newlines / max(tokens, 1)


@njit(cache=True)
def sequence_key(hashes: NDArray[np.uint64], first: int, length: int) -> np.uint64:
    """Return the key of ``length`` token hashes in a row; of one, the hash itself."""
    key = hashes[first]
    for token in range(first + 1, first + length):
        key = key * SEQUENCE + hashes[token]
    return as_key(key)


@njit(cache=True)
def count_stop_words(
    hashes: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the distinct stop words of each document, -1 where its language has no list.

    ``hashes``: of lower-cased tokens. List l is the set ``keys[l, :1 << bits[l]]``; bit k of
    ``lengths[l]`` tells that it holds an entry of k tokens ("l-" in Maltese has two).
    """
    seen = np.full(keys.shape, -1, dtype=np.int64)
    for document in range(len(doc_offsets) - 1):
        which = list_of_doc[document]
        if which < 0:
            out[document] = NO_LIST
            continue
        own_keys, own_seen, own_bits = keys[which], seen[which], bits[which]
        found = 0
        end = doc_offsets[document + 1]
        for first in range(doc_offsets[document], end):
            length, remaining = 1, lengths[which] >> 1
            while remaining and first + length <= end:
                if remaining & 1:
                    key = sequence_key(hashes, first, length)
                    slot = slot_of(own_keys, own_bits, key)
                    if own_keys[slot] == key and own_seen[slot] != document:
                        own_seen[slot] = document
                        found += 1
                length += 1
                remaining >>= 1
        out[document] = found
