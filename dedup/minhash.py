"""MinHash signatures: the smallest value of each of many hash functions over a set of shingles.

Two sets agree in one value with a chance equal to their Jaccard similarity (Broder 1997, "On the
resemblance and containment of documents"), so the share of equal values estimates it with a
standard error of sqrt(J (1 - J) / hashes): 0.042 for J = 0.72 and 112 hashes.

The hash functions are ``h_i(x) = ((x ^ s_i) * a_i mod 2^64) >> 32`` with odd ``a_i`` and any
``s_i``, drawn from SplitMix64. Why this family:

- Each h_i is a bijection of 64 bits cut to its top half. Shingle hashes are well mixed, so their
  images are uniform, and every shingle is as likely as any other to be the smallest.
- The exclusive or is what keeps two functions apart: ``a_i x + b_i`` alone makes any two of them
  lie on a lattice, and where a_i / a_j is close to a fraction of small numbers they share minima.
- It wraps by definition. The customary ``(a x + b) mod (2^61 - 1)`` overflows 64 bits unless
  x has at most 32 of them, after which it is no longer the family it is named after.
- One multiplication, one shift and one minimum per value, in vector registers.

That the estimate is unbiased and its error that of independent functions is measured by the
tests, not proven. Nothing here withstands an adversary who chooses texts to collide.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

HASHES = 112
SEED = 1
FAMILY = "xor, odd factor, top 32 bits; SplitMix64"
"""Name of the hash functions, for tables that are compared with others made elsewhere."""
EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of a document without shingles."""

_WORD = (1 << 64) - 1
MOST = np.uint64(_WORD)


def signatures(
    shingles: NDArray[np.uint64],
    shingle_offsets: NDArray[np.int64],
    hashes: int = HASHES,
    seed: int = SEED,
) -> NDArray[np.uint32]:
    """MinHash signatures of n documents, shape (n, hashes), 4 bytes a value.

    Document d owns ``shingles[shingle_offsets[d]:shingle_offsets[d + 1]]``. One without shingles
    has ``EMPTY`` for every value and says nothing about similarity: see ``without_shingles``.
    Signatures compare only when made with the same ``seed``; the first k values do not depend on
    ``hashes``. Raises ValueError when ``hashes`` is less than 1.
    """
    if hashes < 1:
        raise ValueError(f"a signature needs at least one hash, not {hashes}")
    factors, masks = _family(hashes, seed)
    values = np.full((len(shingle_offsets) - 1, hashes), EMPTY, dtype=np.uint32)
    _minima(shingles, shingle_offsets, factors, masks, values)
    return values


def without_shingles(signature: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which rows of (n, hashes) belong to documents without shingles: never to be bucketed."""
    return np.asarray((signature == EMPTY).all(axis=-1))


def similarity(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.float64]:
    """Share of equal values along the last axis: an estimate of the Jaccard similarity, 0..1."""
    return np.asarray(np.mean(left == right, axis=-1), dtype=np.float64)


def sketches(signature: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Lowest 8 bits of every value: enough to check similarity, at a quarter of the size.

    Unequal values agree in 8 bits with a chance of 1/256 (Li and König 2010, "b-bit minwise
    hashing", WWW); ``equal_bytes_needed`` allows for it.
    """
    return signature.astype(np.uint8)


def sketch_similarity(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.float64]:
    """Estimate of the Jaccard similarity from sketches, 0..1: equal bytes less those by chance."""
    return np.asarray(np.clip((similarity(left, right) - 1 / 256) / (1 - 1 / 256), 0, 1))


def equal_bytes_needed(minimum_similarity: float, hashes: int) -> int:
    """How many of ``hashes`` sketch bytes are equal, on average, at that similarity, rounded up."""
    equal = minimum_similarity + (1 - minimum_similarity) / 256 if minimum_similarity > 0 else 0.0
    return int(np.ceil(equal * hashes - 1e-9))


@lru_cache(maxsize=8)
def _family(hashes: int, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Odd factors and masks of the hash functions, from SplitMix64 (Steele et al. 2014)."""
    state = seed * 0xD1342543DE82EF95
    drawn = []
    for _ in range(2 * hashes):
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        drawn.append(mixed ^ (mixed >> 31))
    return np.array(drawn[::2], np.uint64) | np.uint64(1), np.array(drawn[1::2], np.uint64)


@njit(cache=True)
def _minima(
    shingles: NDArray[np.uint64],
    shingle_offsets: NDArray[np.int64],
    factors: NDArray[np.uint64],
    masks: NDArray[np.uint64],
    values: NDArray[np.uint32],
) -> None:
    # The inner loops run over hash functions: contiguous arrays, so they are vectorised. Whole
    # products are compared, of which the top halves are the values, four shingles at a time: so
    # factors, masks and minima are read from memory a quarter as often.
    one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
    least = np.empty(len(factors), dtype=np.uint64)
    for doc in range(len(shingle_offsets) - 1):
        least[:] = MOST
        at, end = np.uintp(shingle_offsets[doc]), np.uintp(shingle_offsets[doc + 1])
        while at + four <= end:
            first, second = shingles[at], shingles[at + one]
            third, fourth = shingles[at + two], shingles[at + three]
            for i in range(len(factors)):
                mask, factor = masks[i], factors[i]
                left = min((first ^ mask) * factor, (second ^ mask) * factor)
                right = min((third ^ mask) * factor, (fourth ^ mask) * factor)
                least[i] = min(least[i], min(left, right))  # noqa: PLW3301 - numba compiles pairs
            at += four
        while at < end:
            for i in range(len(factors)):
                least[i] = min(least[i], (shingles[at] ^ masks[i]) * factors[i])
            at += one
        for i in range(len(factors)):
            values[doc, i] = np.uint32(least[i] >> np.uint64(32))
