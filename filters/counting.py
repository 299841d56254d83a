"""A hash table that counts 64-bit keys and remembers where each came first.

``table[slot, KEY]`` is a key, 0 where the slot is free; ``table[slot, RANK]`` its count above the
complement of its first place, so that the greatest rank is the greatest count and, among equals,
the earliest. Both lie in one line of the cache.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.hashing import GOLDEN

KEY, RANK = 0, 1
COUNT_SHIFT = np.uint64(32)
ONE = np.uint64(1 << 32)
FIRST_MASK = np.uint64((1 << 32) - 1)


Whole = int | np.integer
"""A whole number, in Python or in a kernel."""


@njit(cache=True)
def slot_in(table: NDArray[np.uint64], bits: int, key: np.uint64) -> Whole:
    """Return the slot that holds ``key``, or the free one where it belongs; linear probing.

    The first ``1 << bits`` slots must include a free one, and ``key`` must not be 0.
    """
    mask = (1 << bits) - 1
    slot = np.int64((key * GOLDEN) >> np.uint64(64 - bits))
    while table[slot, KEY] != 0 and table[slot, KEY] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def counted(table: NDArray[np.uint64], bits: int, key: np.uint64, place: int | np.integer) -> Whole:
    """Count one more of ``key``, at ``place`` (under 2**32); return its slot."""
    slot = slot_in(table, bits, key)
    if table[slot, KEY] == 0:
        table[slot, KEY] = key
        table[slot, RANK] = FIRST_MASK - np.uint64(place)
    table[slot, RANK] += ONE
    return slot


@njit(cache=True)
def first_place(rank: np.uint64) -> Whole:
    """Return where the key came first."""
    return np.int64(FIRST_MASK - (rank & FIRST_MASK))


@njit(cache=True)
def count_of_rank(rank: np.uint64) -> Whole:
    """Return how often the key came."""
    return np.int64(rank >> COUNT_SHIFT)
