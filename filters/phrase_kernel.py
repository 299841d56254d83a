"""Phrases in text: sequences of lower-cased words, looked up by their hash.

A word is a run of letters, marks and numbers; a letter of a script written without spaces is one of
its own, with its marks. Between the words of a phrase stand at most three other characters and no
newline, so "log in", "Log-In" and "LOG  IN" are one phrase. A reader asks ``start_key`` of each
word first, which nearly every word fails; what ``phrase_end`` reads is bounded, so the time is
linear.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import as_key, slot_of
from filters.traits import MARK, SINGLE, WORD
from language_id.hashing import ABSORB, GOLDEN, mix

NEWLINE = 0x0A
MAX_PHRASE_CHARS = 80
MAX_BETWEEN_CHARS = 3
NO_LIST, NOT_FOUND = -1, -1
START_BITS = 14


@njit(cache=True)
def word_end(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Return where the word that starts at ``at`` ends."""
    rest = MARK if traits[np.uintp(codes[np.uintp(at)])] & SINGLE else WORD
    at += 1
    while at < end and traits[np.uintp(codes[np.uintp(at)])] & (rest | SINGLE) == rest:
        at += 1
    return at


@njit(cache=True)
def _run_bounds(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    traits: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> tuple[int, bool]:
    """Write where runs of letters, marks and numbers start and end, in turns.

    Return how many there are, and whether they are words: with letters that are words of their own
    they are not. Without a branch, for on text no processor guesses well where words end.
    """
    count, before, seen = 0, np.uint8(0), np.uint8(0)
    for place in range(at, end):
        trait = traits[np.uintp(codes[np.uintp(place)])]
        seen |= trait
        word = (trait >> 3) & 1
        bounds[np.uintp(count)] = place
        count += word ^ before
        before = word
    bounds[count] = end
    return (count + 1) >> 1, not seen & SINGLE


@njit(cache=True)
def word_bounds(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    traits: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> int:
    """Write where each word starts and ends, in turns; return their number."""
    words, are_words = _run_bounds(codes, at, end, traits, bounds)
    if are_words:
        return words
    words = 0
    while at < end:
        if traits[np.uintp(codes[np.uintp(at)])] & WORD:
            bounds[2 * words] = at
            at = word_end(codes, at, end, traits)
            bounds[2 * words + 1] = at
            words += 1
        else:
            at += 1
    return words


@njit(cache=True)
def start_key(codes: NDArray[np.uint32], at: int, stop: int, lower: NDArray[np.uint32]) -> np.int64:
    """Return START_BITS bits of the word ``codes[at:stop]``: of its length and three characters."""
    first = np.int64(lower[np.uintp(codes[np.uintp(at)])])
    second = np.int64(lower[np.uintp(codes[np.uintp(min(at + 1, stop - 1))])])
    last = np.int64(lower[np.uintp(codes[np.uintp(stop - 1)])])
    key = ((first * 31 + second) * 31 + last) * 31 + (stop - at)
    return (key ^ (key >> START_BITS)) & ((1 << START_BITS) - 1)


@njit(cache=True)
def _absorbed(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ ((value + np.uint64(1)) * GOLDEN)) * ABSORB
    return (state << np.uint64(29)) | (state >> np.uint64(35))


@njit(cache=True)
def hashed_word(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    state: np.uint64,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> tuple[int, np.uint64]:
    """Return where the word that starts at ``at`` ends, before ``end``, and the state after it."""
    stop = word_end(codes, at, end, traits)
    for place in range(at, stop):
        state = _absorbed(state, np.uint64(lower[np.uintp(codes[np.uintp(place)])]))
    return stop, _absorbed(state, np.uint64(1 << 32))


@njit(cache=True)
def _next_word(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Return where the next word of a phrase may start, ``end`` where none may."""
    stop = min(end, at + MAX_BETWEEN_CHARS + 1)
    while at < stop:
        code = codes[np.uintp(at)]
        if code == NEWLINE:
            return end
        if traits[np.uintp(code)] & WORD:
            return at
        at += 1
    return end


@njit(cache=True)
def phrase_end(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Return where the longest phrase that starts with the word at ``at`` ends, else NOT_FOUND.

    ``keys``, ``bits``: the set of the phrases; bit k of ``lengths``: it holds one of k words.
    """
    end = min(end, at + MAX_PHRASE_CHARS)
    state, words, found = np.uint64(0), 0, NOT_FOUND
    while at < end and lengths >> (words + 1):
        at, state = hashed_word(codes, at, end, state, traits, lower)
        words += 1
        if (lengths >> words) & 1:
            key = as_key(mix(state))
            if keys[slot_of(keys, bits, key)] == key:
                found = at
        at = _next_word(codes, at, end, traits)
    return found


@njit(cache=True)
def add_phrase(
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    bits: int,
    starts: NDArray[np.bool_],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Add a phrase to a set and its bitmap of beginnings; return how many words it has."""
    state, words, at, end = np.uint64(0), 0, 0, len(codes)
    while at < end:
        if not traits[np.uintp(codes[np.uintp(at)])] & WORD:
            at += 1
            continue
        if words == 0:
            stop = word_end(codes, at, end, traits)
            starts[start_key(codes, at, stop, lower)] = True
        at, state = hashed_word(codes, at, end, state, traits, lower)
        words += 1
    key = as_key(mix(state))
    keys[slot_of(keys, bits, key)] = key
    return words
