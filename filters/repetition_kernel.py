"""Repeated word n-grams (Rae et al. 2021, arXiv:2112.11446, table A1), in linear time.

N-grams are of all tokens, punctuation included, case-sensitive, and compared by 64-bit hashes:
equal n-grams are always found, different ones confused once in 2**64 / n**2.

An n-gram that comes twice starts and ends with (n - 1)-grams that come twice. So every pair is
looked up, but of longer n-grams only those whose two halves are known to repeat: in a clean text
hardly any.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import as_key, set_bits, slot_of

BASE = np.uint64(0xD1342543DE82EF95)
SHORTEST, LONGEST_TOP, LONGEST = 2, 4, 10
COUNT_SHIFT = 32
FIRST_MASK = (1 << COUNT_SHIFT) - 1


@njit(cache=True)
def _power(exponent: int) -> np.uint64:
    value = np.uint64(1)
    for _ in range(exponent):
        value *= BASE
    return value


@njit(cache=True)
def _extended(places: NDArray[np.int32], count: int, tokens: int, size: int) -> int:
    """Keep the places where n-grams of ``size`` may repeat; how many are kept.

    These are the places where shorter ones repeat, with another such place right behind.
    """
    kept = 0
    for index in range(count - 1):
        place = places[index]
        if places[index + 1] == place + 1 and place + size <= tokens:
            places[kept] = place
            kept += 1
    return kept


@njit(cache=True)
def _count_ngrams(
    prefixes: NDArray[np.uint64],
    places: NDArray[np.int32],
    count: int,
    size: int,
    keys: NDArray[np.uint64],
    ranks: NDArray[np.int64],
    slots: NDArray[np.int32],
) -> tuple[int, int]:
    """Count the n-grams at the places; the first place and the count of the most frequent one.

    A slot's rank is its count above the complement of its first place, so that the greatest rank is
    the greatest count and, among equals, the earliest.
    """
    bits = set_bits(count)
    keys[: 1 << bits] = 0
    power = _power(size)
    best = 0
    for index in range(count):
        first = np.int64(places[index])
        key = as_key(prefixes[first + size] - prefixes[first] * power)
        slot = slot_of(keys, bits, key)
        if keys[slot] == 0:
            keys[slot] = key
            ranks[slot] = FIRST_MASK - first
        ranks[slot] += 1 << COUNT_SHIFT
        best = max(best, ranks[slot])
        slots[index] = slot
    return FIRST_MASK - (best & FIRST_MASK), best >> COUNT_SHIFT


@njit(cache=True)
def _repeated(
    places: NDArray[np.int32], count: int, ranks: NDArray[np.int64], slots: NDArray[np.int32]
) -> int:
    """Keep the places whose n-gram comes twice or more; how many there are."""
    kept = 0
    for index in range(count):
        if ranks[slots[index]] >> COUNT_SHIFT > 1:
            places[kept] = places[index]
            slots[kept] = slots[index]
            kept += 1
    return kept


@njit(cache=True)
def _duplicate_chars(
    places: NDArray[np.int32],
    count: int,
    size: int,
    chars: NDArray[np.int64],
    ranks: NDArray[np.int64],
    slots: NDArray[np.int32],
) -> int:
    """Characters in n-grams seen before, from left to right; a hit skips its ``size`` tokens.

    ``places``: of n-grams that come twice, the only ones a scan can hit. Clears their ranks.
    """
    found, free = 0, 0
    for index in range(count):
        first = places[index]
        if first < free:
            continue
        if ranks[slots[index]] == 0:  # seen
            found += chars[first + size] - chars[first]
            free = first + size
        ranks[slots[index]] = 0
    return found


@njit(cache=True)
def _fill_prefixes(
    hashes: NDArray[np.uint64],
    chars_of_token: NDArray[np.int32],
    prefixes: NDArray[np.uint64],
    chars: NDArray[np.int64],
    places: NDArray[np.int32],
) -> None:
    """Fill in prefix hashes and character sums, from which any n-gram's follow; and all places."""
    for token in range(len(hashes)):
        prefixes[token + 1] = prefixes[token] * BASE + hashes[token]
        chars[token + 1] = chars[token] + chars_of_token[token]
        places[token] = token


@njit(cache=True)
def measure_repetition(
    hashes: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
    chars_of_token: NDArray[np.int32],
    char_counts: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write 9 columns, in the order of ``filters.signals.REPETITION_SIGNALS``.

    They are the share of the document's characters in its top 2-, 3- and 4-gram, joined by spaces,
    and in duplicated 5- to 10-grams, joined by nothing. Too few tokens give 0. Memory: up to 88
    bytes a token of the longest document.
    """
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    room = 1 << set_bits(longest)
    keys = np.empty(room, dtype=np.uint64)
    ranks = np.empty(room, dtype=np.int64)
    slots = np.empty(longest, dtype=np.int32)
    places = np.empty(longest, dtype=np.int32)
    prefixes = np.zeros(longest + 1, dtype=np.uint64)
    chars = np.zeros(longest + 1, dtype=np.int64)
    for document in range(len(doc_offsets) - 1):
        out[document] = 0
        base, end = doc_offsets[document], doc_offsets[document + 1]
        tokens = end - base
        total = max(char_counts[document], 1)
        _fill_prefixes(hashes[base:end], chars_of_token[base:end], prefixes, chars, places)
        candidates = tokens
        for size in range(SHORTEST, min(LONGEST, tokens) + 1):
            candidates = _extended(places, candidates, tokens, size)
            first, count = _count_ngrams(prefixes, places, candidates, size, keys, ranks, slots)
            candidates = _repeated(places, candidates, ranks, slots)
            column = size - SHORTEST
            if size <= LONGEST_TOP:
                if candidates == 0:  # each comes once: the first of equals is the text's first
                    first, count = 0, 1
                joined = chars[first + size] - chars[first] + size - 1
                out[document, column] = joined * count / total
            elif candidates == 0:
                break
            else:
                found = _duplicate_chars(places, candidates, size, chars, ranks, slots)
                out[document, column] = found / total
