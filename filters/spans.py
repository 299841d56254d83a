"""Spans of UTF-8 bytes: their characters, their hash, their ends; and a set of 64-bit keys.

Everything here is called from other kernels, reads each byte a bounded number of times and
allocates nothing.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import BLANK
from language_id.words import decode, mix

NEWLINE = 0x0A
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True)
def char_count(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Count the code points in ``data[start:end]``: the bytes that continue none."""
    count = 0
    for at in range(start, end):
        count += (data[at] & 0xC0) != 0x80
    return count


@njit(cache=True)
def _eight_bytes(data: NDArray[np.uint8], at: int) -> np.uint64:
    """Return the eight bytes from ``at`` on, little endian; compiled to one load."""
    value = np.uint64(0)
    for place in range(8):
        value |= np.uint64(data[np.uintp(at + place)]) << np.uint64(8 * place)
    return value


@njit(cache=True)
def span_hash(data: NDArray[np.uint8], start: int, end: int) -> np.uint64:
    """Return a 64-bit hash of the bytes, their number included."""
    state = np.uint64(end - start) * GOLDEN
    while end - start >= 8:
        state = mix(state ^ _eight_bytes(data, start))
        start += 8
    rest = np.uint64(0)
    for at in range(start, end):
        rest = (rest << np.uint64(8)) | np.uint64(data[at])
    return mix(state ^ rest)


@njit(cache=True)
def previous(data: NDArray[np.uint8], start: int, at: int) -> int:
    """Return where the character that ends at ``at`` starts, not before ``start``."""
    at -= 1
    while at > start and (data[at] & 0xC0) == 0x80:
        at -= 1
    return at


@njit(cache=True)
def strip(
    data: NDArray[np.uint8], start: int, end: int, flags: NDArray[np.uint8]
) -> tuple[int, int]:
    """Return the span as ``str.strip`` leaves it; an empty one stands at ``end``."""
    while start < end:
        code, after = decode(data, start, end)
        if not flags[np.uintp(code)] & BLANK:
            break
        start = after
    while start < end:
        before = previous(data, start, end)
        code, _ = decode(data, before, end)
        if not flags[np.uintp(code)] & BLANK:
            break
        end = before
    return start, end


@njit(cache=True)
def set_bits(items: int) -> int:
    """Return the power of two of slots that ``items`` keys fill at most to half."""
    bits = 4
    while (1 << bits) < 2 * items:
        bits += 1
    return bits


@njit(cache=True)
def slot_of(keys: NDArray[np.uint64], bits: int, key: np.uint64) -> np.int64:
    """Return the slot that holds ``key``, or the free one (0) where it belongs; linear probing.

    ``keys`` must have a free slot and ``key`` must not be 0: see ``as_key``.
    """
    mask = (1 << bits) - 1
    slot = np.int64((key * GOLDEN) >> np.uint64(64 - bits))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def as_key(value: np.uint64) -> np.uint64:
    """Return the hash, never 0, which marks a free slot."""
    return value if value != 0 else GOLDEN


@njit(cache=True)
def seen_before(keys: NDArray[np.uint64], bits: int, value: np.uint64) -> bool:
    """Tell whether the set holds the hash, and add it."""
    key = as_key(value)
    slot = slot_of(keys, bits, key)
    if keys[slot] == key:
        return True
    keys[slot] = key
    return False
