"""Repeated word n-grams (Rae et al. 2021, arXiv:2112.11446, table A1), in linear time.

N-grams are of all pieces, punctuation included, case-sensitive, and compared by 64-bit hashes:
equal n-grams are always found, different ones confused once in 2**64 / n**2.

An n-gram that comes twice starts and ends with (n - 1)-grams that come twice. So pairs are looked
up only where both pieces may repeat, and longer n-grams only where their two halves do: in a clean
text hardly any. Which pieces may is asked of a table too small to hold their hashes: counts up to
two of some of their bits, so that a piece that comes once is now and then taken for one that
repeats, which costs time, and none that repeats is missed.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.counting import ONE, RANK, Whole, count_of_rank, counted, first_place
from filters.spans import as_key, set_bits

BASE = np.uint64(0xD1342543DE82EF95)
SHORTEST, LONGEST_TOP, LONGEST = 2, 4, 10
REPEATS = 2
SPARSER = 2
"""Bits by which counts have more slots than a hash table of the pieces."""


@njit(cache=True)
def _power(exponent: int) -> np.uint64:
    value = np.uint64(1)
    for _ in range(exponent):
        value *= BASE
    return value


@njit(cache=True)
def _extended(places: NDArray[np.int32], count: int, pieces: int, size: int) -> int:
    """Keep the places where n-grams of ``size`` may repeat; how many are kept.

    These are the places where shorter ones repeat, with another such place right behind.
    """
    kept = 0
    for index in range(count - 1):
        place = places[index]
        places[kept] = place
        kept += (places[index + 1] == place + 1) & (place + size <= pieces)
    return kept


@njit(cache=True)
def _count_ngrams(
    prefixes: NDArray[np.uint64],
    places: NDArray[np.int32],
    count: int,
    size: int,
    table: NDArray[np.uint64],
    slots: NDArray[np.int32],
) -> tuple[Whole, Whole]:
    """Count the n-grams at the places; the first place and the count of the most frequent one."""
    bits = set_bits(count)
    table[: 1 << bits] = 0
    power = _power(size)
    best = np.uint64(0)
    for index in range(count):
        first = np.int64(places[index])
        key = as_key(prefixes[first + size] - prefixes[first] * power)
        slot = counted(table, bits, key, first)
        best = max(best, table[slot, RANK])
        slots[index] = slot
    return first_place(best), count_of_rank(best)


@njit(cache=True)
def _repeated(
    places: NDArray[np.int32], count: int, table: NDArray[np.uint64], slots: NDArray[np.int32]
) -> int:
    """Keep the places whose n-gram comes twice or more; how many there are."""
    kept = 0
    for index in range(count):
        places[kept] = places[index]
        slots[kept] = slots[index]
        kept += table[slots[index], RANK] >= ONE + ONE
    return kept


@njit(cache=True)
def _duplicate_chars(
    places: NDArray[np.int32],
    count: int,
    size: int,
    chars: NDArray[np.int64],
    table: NDArray[np.uint64],
    slots: NDArray[np.int32],
) -> int:
    """Characters in n-grams seen before, from left to right; a hit skips its ``size`` pieces.

    ``places``: of n-grams that come twice, the only ones a scan can hit. Clears their ranks.
    """
    found, free = 0, 0
    for index in range(count):
        first = places[index]
        if first < free:
            continue
        if table[slots[index], RANK] == 0:  # seen
            found += chars[first + size] - chars[first]
            free = first + size
        table[slots[index], RANK] = 0
    return found


@njit(cache=True)
def _fill_prefixes(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    prefixes: NDArray[np.uint64],
    chars: NDArray[np.int64],
) -> None:
    """Fill in prefix hashes and character sums, from which any n-gram's follow."""
    for piece in range(len(hashes)):
        prefixes[piece + 1] = prefixes[piece] * BASE + hashes[piece]
        chars[piece + 1] = chars[piece] + ends[piece] - starts[piece]


@njit(cache=True)
def _may_repeat(
    hashes: NDArray[np.uint64], counts: NDArray[np.uint8], places: NDArray[np.int32]
) -> int:
    """Write the places of pieces that may come twice; how many there are."""
    bits = set_bits(len(hashes)) + SPARSER
    shift = np.uint64(64 - bits)
    counts[: 1 << bits] = 0
    for hashed in hashes:
        slot = np.uintp(hashed >> shift)
        counts[slot] += counts[slot] < REPEATS
    count = 0
    for piece in range(len(hashes)):
        places[count] = piece
        count += counts[np.uintp(hashes[piece] >> shift)] == REPEATS
    return count


@njit(cache=True)
def measure_repetition(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    doc_offsets: NDArray[np.int64],
    char_counts: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write 9 columns, in the order of ``filters.signals.REPETITION_SIGNALS``.

    They are the share of the document's characters in its top 2-, 3- and 4-gram, joined by spaces,
    and in duplicated 5- to 10-grams, joined by nothing. Too few pieces give 0. Memory: up to 104
    bytes a piece of the longest document.
    """
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    room = 1 << set_bits(longest)
    table = np.empty((room, 2), dtype=np.uint64)
    counts = np.empty(room << SPARSER, dtype=np.uint8)
    slots = np.empty(longest, dtype=np.int32)
    places = np.empty(longest, dtype=np.int32)
    prefixes = np.zeros(longest + 1, dtype=np.uint64)
    chars = np.zeros(longest + 1, dtype=np.int64)
    for document in range(len(doc_offsets) - 1):
        out[document] = 0
        base, end = doc_offsets[document], doc_offsets[document + 1]
        pieces = end - base
        total = max(char_counts[document], 1)
        own = slice(base, end)
        _fill_prefixes(hashes[own], starts[own], ends[own], prefixes, chars)
        candidates = _may_repeat(hashes[own], counts, places)
        for size in range(SHORTEST, min(LONGEST, pieces) + 1):
            candidates = _extended(places, candidates, pieces, size)
            first, count = _count_ngrams(prefixes, places, candidates, size, table, slots)
            candidates = _repeated(places, candidates, table, slots)
            column = size - SHORTEST
            if size <= LONGEST_TOP:
                if candidates == 0:  # each comes once: the first of equals is the text's first
                    first, count = 0, 1
                joined = chars[first + size] - chars[first] + size - 1
                out[document, column] = joined * count / total
            elif candidates == 0:
                break
            else:
                found = _duplicate_chars(places, candidates, size, chars, table, slots)
                out[document, column] = found / total
