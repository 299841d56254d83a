"""Shingles: hashes of every run of five consecutive words, the set a text is compared by."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.hashing import mix
from language_id.inner import inner
from language_id.words import WORD

SHINGLE_WORDS = 5
BASE = np.uint64(0x9FB21C651E98DF2B)


def shingle_hashes(
    word_hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    words: int = SHINGLE_WORDS,
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of the shingles of every document, and the n + 1 offsets of each document's.

    Only tokens with WORD in ``kinds`` count, so punctuation changes nothing. Scripts written
    without spaces have one token a character, so the same five tokens are the field's character
    5-grams. A text of fewer words gives one shingle of all of them, a text of none gives none.
    Shingles are in order and repeat where the text does; MinHash does not mind.

    A shingle is the polynomial of its word hashes in ``BASE`` modulo 2^64, rolled along the text
    and finished with a mixer: 8 bytes a word of memory, time independent of ``words``. Word hashes
    must be well mixed. ``BASE`` is 3 modulo 8, so ``BASE - 1`` and ``BASE + 1`` hold few factors of
    two and swapping two words of a shingle collides with a chance of 2^-60 or less.

    Raises ValueError when ``words`` is less than 1.
    """
    if words < 1:
        raise ValueError(f"a shingle needs at least one word, not {words}")
    offsets = np.zeros(len(doc_offsets), dtype=np.int64)
    _count(kinds, doc_offsets, words, offsets)
    hashes = np.empty(offsets[-1], dtype=np.uint64)
    _roll(word_hashes, kinds, doc_offsets, words, offsets, hashes)
    return hashes, offsets


@inner
def _count(
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    words: int,
    offsets: NDArray[np.int64],
) -> None:
    for doc in range(len(doc_offsets) - 1):
        found = 0
        for token in range(doc_offsets[doc], doc_offsets[doc + 1]):
            found += int(kinds[np.uintp(token)] & WORD)
        shingles = max(found - words + 1, min(found, 1))
        offsets[doc + 1] = offsets[doc] + shingles


@njit(cache=True)
def _roll(
    word_hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    words: int,
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> None:
    leaving_factor = np.uint64(1)
    for _ in range(words):
        leaving_factor *= BASE
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    own = np.empty(longest, dtype=np.uint64)  # the hashes of a document's words
    for doc in range(len(doc_offsets) - 1):
        rolled, found, out = np.uint64(0), 0, offsets[doc]
        for token in range(doc_offsets[doc], doc_offsets[doc + 1]):
            own[np.uintp(found)] = word_hashes[np.uintp(token)]
            found += int(kinds[np.uintp(token)] & WORD)
        for word in range(min(found, words)):
            rolled = rolled * BASE + own[word]
        if found > 0:
            hashes[out] = mix(rolled)
        for word in range(words, found):
            left = leaving_factor * own[np.uintp(word - words)]
            rolled = rolled * BASE + own[np.uintp(word)] - left
            hashes[np.uintp(out + word - words + 1)] = mix(rolled)
