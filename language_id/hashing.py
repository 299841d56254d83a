"""64-bit hashes of spans of code points, of words as of lines.

Part of the stored format: signatures and text hashes are made of them, so a change here makes
stored tables incomparable with new ones.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ABSORB = np.uint64(0xC2B2AE3D27D4EB4F)
BITS = np.uint64(21)
"""Bits of a code point: three of them fill 63 bits, so they are taken in at once."""


@inner
def mix(value: np.uint64) -> np.uint64:
    """Mix 64 bits so that each depends on every other: MurmurHash3's finaliser, a bijection."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@inner
def absorbed(state: np.uint64, three: np.uint64) -> np.uint64:
    """Return the state of a hash that has taken in 64 bits more."""
    state = (state ^ three) * ABSORB
    return state ^ (state >> np.uint64(32))


@inner
def three_at(codes: NDArray[np.uint32], at: np.uintp) -> tuple[np.uint32, np.uint32, np.uint32]:
    """Return the code point at ``at`` and the two behind it."""
    return codes[at], codes[at + np.uintp(1)], codes[at + np.uintp(2)]


@inner
def packed(first: np.uint32, second: np.uint32, third: np.uint32) -> np.uint64:
    """Return three code points in one number."""
    return np.uint64(first) | np.uint64(second) << BITS | np.uint64(third) << (BITS + BITS)


@inner
def span_hash(codes: NDArray[np.uint32], start: int, end: int) -> np.uint64:
    """Return a well-mixed hash of the code points ``codes[start:end]``, their number included."""
    state = np.uint64(end - start) * GOLDEN
    while end - start >= 3:
        first, second, third = three_at(codes, np.uintp(start))
        state = absorbed(state, packed(first, second, third))
        start += 3
    rest = np.uint64(0)
    for at in range(start, end):
        rest = (rest << BITS) | np.uint64(codes[np.uintp(at)])
    return mix(absorbed(state, rest))


@inner
def mapped_hash(
    codes: NDArray[np.uint32], start: int, end: int, mapping: NDArray[np.uint32]
) -> np.uint64:
    """Return ``span_hash`` of the code points after a mapping, such as lower case."""
    state = np.uint64(end - start) * GOLDEN
    while end - start >= 3:
        first, second, third = three_at(codes, np.uintp(start))
        three = packed(mapping[first], mapping[second], mapping[third])
        state = absorbed(state, three)
        start += 3
    rest = np.uint64(0)
    for at in range(start, end):
        rest = (rest << BITS) | np.uint64(mapping[codes[np.uintp(at)]])
    return mix(absorbed(state, rest))


@inner
def hash_and_change(
    codes: NDArray[np.uint32], start: int, end: int, mapping: NDArray[np.uint32]
) -> tuple[np.uint64, bool]:
    """Return ``span_hash``, and whether a mapping changes any of the code points.

    In one loop: where a short word ends cannot be foreseen, and each loop guesses wrong.
    """
    at, stop = np.uintp(start), np.uintp(end)
    one, three = np.uintp(1), np.uintp(3)
    state, changes = np.uint64(stop - at) * GOLDEN, np.uint32(0)
    while at + three <= stop:
        first, second, third = three_at(codes, at)
        changes |= (first ^ mapping[first]) | (second ^ mapping[second]) | (third ^ mapping[third])
        state = absorbed(state, packed(first, second, third))
        at += three
    rest = np.uint64(0)
    if at < stop:
        first = codes[at]
        changes |= first ^ mapping[first]
        rest = np.uint64(first)
        if at + one < stop:
            second = codes[at + one]
            changes |= second ^ mapping[second]
            rest = (rest << BITS) | np.uint64(second)
    return mix(absorbed(state, rest)), changes != 0
