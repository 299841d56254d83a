"""A hash table that counts 64-bit keys.

Entries stand in the order in which their keys came first, without gaps: who goes over them reads
what there is and no more. The table that leads to them holds 4 bytes a slot, so that a document's
stays in the nearest cache.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import set_bits
from language_id.hashing import GOLDEN
from language_id.inner import inner

Whole = int | np.integer
"""A whole number, in Python or in a kernel."""


class Counts(NamedTuple):
    """Entry e has the key ``keys[e]``, which came ``counts[e]`` times, first at ``firsts[e]``.

    ``slots``: one more than the entry of a key that hashes there, 0 where free.
    """

    slots: NDArray[np.int32]
    keys: NDArray[np.uint64]
    counts: NDArray[np.int32]
    firsts: NDArray[np.int32]


@njit(cache=True)
def room_for(items: int) -> Counts:
    """Return room for ``items`` keys at most: 16 bytes for each, and 4 a slot."""
    return Counts(
        np.empty(1 << set_bits(items), dtype=np.int32),
        np.empty(items, dtype=np.uint64),
        np.empty(items, dtype=np.int32),
        np.empty(items, dtype=np.int32),
    )


@inner
def entry_of(table: Counts, bits: int, key: np.uint64) -> tuple[np.uintp, int]:
    """Return the slot of ``key`` in the first ``1 << bits``, and its entry, -1 where it has none.

    Linear probing; one of the slots must be free.
    """
    mask = np.uintp((1 << bits) - 1)
    slot = np.uintp((key * GOLDEN) >> np.uint64(64 - bits))
    while True:
        entry = table.slots[slot] - 1
        if entry < 0 or table.keys[np.uintp(entry)] == key:
            return slot, entry
        slot = (slot + np.uintp(1)) & mask


@inner
def count_keys(
    table: Counts, bits: int, keys: NDArray[np.uint64], entries_of: NDArray[np.int32]
) -> int:
    """Count the keys; how many distinct ones there are. The entry of each is written."""
    table.slots[: 1 << bits] = 0
    entries = 0
    for index in range(len(keys)):
        place = np.uintp(index)
        slot, found = entry_of(table, bits, keys[place])
        entry = np.uintp(found)
        if found < 0:
            entry = np.uintp(entries)
            entries += 1
            table.slots[slot] = entries
            table.keys[entry] = keys[place]
            table.counts[entry] = 0
            table.firsts[entry] = index
        table.counts[entry] += 1
        entries_of[place] = entry
    return entries
