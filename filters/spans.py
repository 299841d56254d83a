"""Spans of code points without the space around them; and a set of 64-bit keys.

Everything here is called from other kernels, reads each character a bounded number of times and
allocates nothing.
"""

import numpy as np
from numpy.typing import NDArray

from filters.flags import BLANK
from language_id.hashing import GOLDEN
from language_id.inner import inner

NEWLINE = np.uint32(0x0A)


@inner
def strip(
    codes: NDArray[np.uint32], start: int, end: int, flags: NDArray[np.uint8]
) -> tuple[int, int]:
    """Return the span as ``str.strip`` leaves it; an empty one stands at ``end``."""
    while start < end and flags[codes[np.uintp(start)]] & BLANK:
        start += 1
    while start < end and flags[codes[np.uintp(end - 1)]] & BLANK:
        end -= 1
    return start, end


@inner
def set_bits(items: int) -> int:
    """Return the power of two of slots that ``items`` keys fill at most to half."""
    bits = 4
    while (1 << bits) < 2 * items:
        bits += 1
    return bits


@inner
def slot_of(keys: NDArray[np.uint64], bits: int, key: np.uint64) -> np.int64:
    """Return the slot that holds ``key``, or the free one (0) where it belongs; linear probing.

    ``keys`` must have a free slot and ``key`` must not be 0: see ``as_key``.
    """
    mask = (1 << bits) - 1
    slot = np.int64((key * GOLDEN) >> np.uint64(64 - bits))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@inner
def as_key(value: np.uint64) -> np.uint64:
    """Return the hash, never 0, which marks a free slot."""
    return value if value != 0 else GOLDEN


@inner
def seen_before(keys: NDArray[np.uint64], bits: int, value: np.uint64) -> bool:
    """Tell whether the set holds the hash, and add it."""
    key = as_key(value)
    slot = slot_of(keys, bits, key)
    if keys[slot] == key:
        return True
    keys[slot] = key
    return False
