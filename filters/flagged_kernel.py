"""Occurrences of listed words and phrases in a document's tokens."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import slot_of
from filters.vocabulary_kernel import sequence_key
from language_id.inner import inner
from language_id.words import WORD

NO_LIST = -1
FIRST_BITS = 12
"""The first bits of a token's hash, by which ``lengths`` are kept."""
FEWEST = 3
"""Occurrences from which on their share tells something of a document."""


@inner
def _longest(
    hashes: NDArray[np.uint64],
    first: int,
    end: int,
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
) -> int:
    """Tokens of the longest entry of one of the ``lengths`` that starts at ``first``, or 0."""
    longest, length, remaining = 0, 1, lengths >> 1
    while remaining and first + length <= end:
        if remaining & 1:
            key = sequence_key(hashes, first, length)
            if keys[slot_of(keys, bits, key)] == key:
                longest = length
        length += 1
        remaining >>= 1
    return longest


@njit(cache=True)
def count_flagged_words(
    hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write two columns, in the order of ``filters.flagged_rules.FLAGGED_SIGNALS``.

    They are: occurrences, -1 where the language has no list; and these by words, 0 where they are
    fewer than ``FEWEST``. From left to right the longest entry counts, and the next one starts
    behind it. ``hashes``: of lower-cased tokens; ``kinds``: of these tokens. List l is the set
    ``keys[l, :1 << bits[l]]``; bit k of ``lengths[l, b]`` tells that it holds an entry of k tokens
    whose first has a hash that begins with b, so that nearly every token costs one look. Time is
    linear in tokens, times the entries' lengths (62 at most).
    """
    for document in range(len(doc_offsets) - 1):
        which = list_of_doc[document]
        if which < 0:
            out[document, 0], out[document, 1] = NO_LIST, 0.0
            continue
        own_keys, own_bits, own_lengths = keys[which], bits[which], lengths[which]
        shift = np.uint64(64 - FIRST_BITS)
        start, end = doc_offsets[document], doc_offsets[document + 1]
        found, words = 0, 0
        for token in range(start, end):
            words += int(kinds[np.uintp(token)] & WORD)
        at = start
        while at < end:
            possible = own_lengths[np.uintp(hashes[np.uintp(at)] >> shift)]
            length = 0
            if possible:
                length = _longest(hashes, at, end, own_keys, own_bits, possible)
                found += length > 0
            at += max(length, 1)
        out[document, 0] = found
        out[document, 1] = found / max(words, 1) if found >= FEWEST else 0.0
