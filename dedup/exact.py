"""Text hashes: equal for texts that have the same words in the same order."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.hashing import mix
from language_id.words import WORD

_SEEDS = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))
_FACTORS = (np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F))


def text_hashes(
    word_hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
) -> NDArray[np.uint64]:
    """128-bit hash of each document's normalised text, shape (n, 2).

    Only tokens with WORD in ``kinds`` count, and hashes of lower-cased words make case count for
    nothing: punctuation, symbols and white space may differ. A text without words is (0, 0), which
    equals no text's: it must not be grouped.

    Two lanes of 64 bits, with their own constants, over the words in order. The lanes share the
    words' 64-bit hashes: two texts that differ in one word alone are as safe as that word's hash,
    all others have the full 128 bits.
    """
    hashes = np.zeros((len(doc_offsets) - 1, 2), dtype=np.uint64)
    _hash_texts(word_hashes, kinds, doc_offsets, hashes)
    return hashes


@njit(cache=True)
def _hash_texts(
    word_hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> None:
    for doc in range(len(doc_offsets) - 1):
        one, other = _SEEDS
        found = False
        for place in range(doc_offsets[doc], doc_offsets[doc + 1]):
            token = np.uintp(place)
            if kinds[token] & WORD:
                word = word_hashes[token]
                one = mix(one ^ word) + _FACTORS[0]
                other = (other ^ mix(word ^ _SEEDS[1])) * _FACTORS[1]
                other ^= other >> np.uint64(29)
                found = True
        if found:
            hashes[doc, 0] = mix(one)
            hashes[doc, 1] = mix(other)
