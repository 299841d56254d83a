"""Repeated word n-grams (Rae et al. 2021, arXiv:2112.11446, table A1), in linear time.

N-grams are of all pieces, punctuation included, case-sensitive, and compared by 64-bit hashes:
equal n-grams are always found, different ones confused once in 2**64 / n**2.

An n-gram that comes twice starts and ends with (n - 1)-grams that come twice, so longer n-grams
are made only where their two halves repeat: in a clean text hardly any. And before n-grams are
counted, those that come once are sifted out with a table too small to hold their hashes. It counts
up to two of some of their bits, so that one that comes once is now and then taken for one that
repeats, which costs time, and none that repeats is missed.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.counting import Counts, count_keys, room_for
from filters.spans import set_bits
from language_id.inner import inner

BASE = np.uint64(0xD1342543DE82EF95)
SHORTEST, LONGEST_TOP, LONGEST = 2, 4, 10
REPEATS = 2
SPARSER = 2
"""Bits by which the sieve has more slots than a hash table of the n-grams."""


@inner
def _pairs(hashes: NDArray[np.uint64], places: NDArray[np.int32], keys: NDArray[np.uint64]) -> int:
    """Write the place and the key of every pair of pieces; how many there are."""
    count = len(hashes) - 1
    for place in range(count):
        keys[place] = hashes[place] * BASE + hashes[place + 1]
        places[place] = place
    return count


@inner
def _extended(
    hashes: NDArray[np.uint64],
    places: NDArray[np.int32],
    keys: NDArray[np.uint64],
    count: int,
    size: int,
) -> int:
    """Keep the places where n-grams of ``size`` may repeat, with their keys; how many are kept.

    These are the places where shorter ones repeat, with another such place right behind.
    """
    kept = 0
    for index in range(count - 1):
        place = places[index]
        keys[kept] = keys[index] * BASE + hashes[np.uintp(place + size - 1)]
        places[kept] = place
        kept += places[index + 1] == place + 1
    return kept


@inner
def _sifted(
    places: NDArray[np.int32], keys: NDArray[np.uint64], count: int, sieve: NDArray[np.uint8]
) -> int:
    """Keep the places whose key may come twice; how many there are."""
    bits = set_bits(count) + SPARSER
    shift = np.uint64(64 - bits)
    sieve[: 1 << bits] = 0
    for index in range(count):
        slot = np.uintp(keys[index] >> shift)
        sieve[slot] += sieve[slot] < REPEATS
    kept = 0
    for index in range(count):
        key = keys[index]
        keys[kept] = key
        places[kept] = places[index]
        kept += sieve[np.uintp(key >> shift)] == REPEATS
    return kept


@inner
def _repeated(
    places: NDArray[np.int32],
    keys: NDArray[np.uint64],
    entries_of: NDArray[np.int32],
    count: int,
    counts: NDArray[np.int32],
) -> int:
    """Keep the places whose n-gram comes twice or more; how many there are."""
    kept = 0
    for index in range(count):
        keys[kept] = keys[index]
        places[kept] = places[index]
        entries_of[kept] = entries_of[index]
        kept += counts[entries_of[index]] >= REPEATS
    return kept


@inner
def _chars(starts: NDArray[np.int32], ends: NDArray[np.int32], first: int, size: int) -> int:
    """Characters of an n-gram, joined by nothing."""
    found = 0
    for piece in range(first, first + size):
        found += ends[piece] - starts[piece]
    return found


@inner
def _duplicate_chars(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    places: NDArray[np.int32],
    entries_of: NDArray[np.int32],
    count: int,
    size: int,
    counts: NDArray[np.int32],
) -> int:
    """Characters in n-grams seen before, from left to right; a hit skips its ``size`` pieces.

    ``places``: of n-grams that come twice, the only ones a scan can hit. Clears their counts.
    """
    found, free = 0, 0
    for index in range(count):
        first = places[index]
        if first < free:
            continue
        if counts[entries_of[index]] == 0:  # seen
            found += _chars(starts, ends, first, size)
            free = first + size
        counts[entries_of[index]] = 0
    return found


@inner
def _top_chars(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    places: NDArray[np.int32],
    entries: int,
    size: int,
    table: Counts,
) -> int:
    """Characters of all occurrences of the most frequent n-gram, joined by spaces.

    Of equals the first counts: where each comes once, the first of the text.
    """
    first, most = 0, 1
    for entry in range(entries):
        if table.counts[entry] > most:
            first, most = places[table.firsts[entry]], table.counts[entry]
    return most * (_chars(starts, ends, first, size) + size - 1)


@njit(cache=True)
def measure_repetition(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    char_counts: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write 9 columns, in the order of ``filters.signals.REPETITION_SIGNALS``.

    They are the share of the document's characters in its top 2-, 3- and 4-gram, joined by spaces,
    and in duplicated 5- to 10-grams, joined by nothing. Too few pieces give 0. Memory: up to 64
    bytes a piece of the longest document.
    """
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    table = room_for(longest)
    sieve = np.empty(1 << (set_bits(longest) + SPARSER), dtype=np.uint8)
    keys = np.empty(longest, dtype=np.uint64)
    places = np.empty(longest, dtype=np.int32)
    entries_of = np.empty(longest, dtype=np.int32)
    for document in range(len(doc_offsets) - 1):
        out[document] = 0
        own = slice(doc_offsets[document], doc_offsets[document + 1])
        own_hashes, own_starts, own_ends = hashes[own], starts[own], ends[own]
        total = max(char_counts[document], 1)
        count = 0
        for size in range(SHORTEST, min(LONGEST, len(own_hashes)) + 1):
            if size == SHORTEST:
                count = _sifted(places, keys, _pairs(own_hashes, places, keys), sieve)
            else:
                count = _extended(own_hashes, places, keys, count, size)
            entries = count_keys(table, set_bits(count), keys[:count], entries_of)
            column = size - SHORTEST
            if size <= LONGEST_TOP:
                found = _top_chars(own_starts, own_ends, places, entries, size, table)
                out[document, column] = found / total
            count = _repeated(places, keys, entries_of, count, table.counts)
            if size > LONGEST_TOP:
                if count == 0:
                    break
                found = _duplicate_chars(
                    own_starts, own_ends, places, entries_of, count, size, table.counts
                )
                out[document, column] = found / total
