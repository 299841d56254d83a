"""Phrases in text: sequences of lower-cased words, looked up by their hash.

A word is a run of letters, marks and numbers; a letter of a script written without spaces is one of
its own, with its marks. Between the words of a phrase stand at most three other characters and no
newline, so "log in", "Log-In" and "LOG  IN" are one phrase. A phrase is asked for where a word
starts; nearly all starts are told by their first two characters, and what is read beyond them is
bounded, so the time is linear.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import as_key, slot_of
from filters.traits import MARK, SINGLE, WORD
from language_id.words import MULTIPLIER_1, MULTIPLIER_2, mix

NEWLINE = 0x0A
MAX_PHRASE_CHARS = 80
MAX_BETWEEN_CHARS = 3
NO_LIST, NOT_FOUND = -1, -1
START_BITS = 12
OUTSIDE, INSIDE, INSIDE_SINGLE = 0, 1, 2


@njit(cache=True)
def step(inside: int, trait: int) -> int:
    """Return where the reader stands after a character: in no word, a word, a word of one letter.

    A word starts where the result is not OUTSIDE and ``starts_word`` is true.
    """
    if not trait & WORD:
        return OUTSIDE
    if trait & SINGLE:
        return INSIDE_SINGLE
    return INSIDE_SINGLE if inside == INSIDE_SINGLE and trait & MARK else INSIDE


@njit(cache=True)
def starts_word(inside: int, trait: int) -> bool:
    """Tell whether the character starts a word, for a reader that stood at ``inside`` before it."""
    if not trait & WORD:
        return False
    if trait & SINGLE or inside == OUTSIDE:
        return True
    return bool(inside == INSIDE_SINGLE and not trait & MARK)


@njit(cache=True)
def start_key(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.int32],
) -> np.int64:
    """Return START_BITS bits of a word's first two characters, of its first where it is alone."""
    first = codes[np.uintp(at)]
    key = np.int64(lower[np.uintp(first)]) * 31
    if at + 1 < end and not traits[np.uintp(first)] & SINGLE:
        second = codes[np.uintp(at + 1)]
        if traits[np.uintp(second)] & (WORD | SINGLE) == WORD:
            key += np.int64(lower[np.uintp(second)])
    return (key ^ (key >> START_BITS)) & ((1 << START_BITS) - 1)


@njit(cache=True)
def _absorbed(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ ((value + np.uint64(1)) * MULTIPLIER_1)) * MULTIPLIER_2
    return (state << np.uint64(29)) | (state >> np.uint64(35))


@njit(cache=True)
def hashed_word(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    state: np.uint64,
    traits: NDArray[np.uint8],
    lower: NDArray[np.int32],
) -> tuple[int, np.uint64]:
    """Return where the word that starts at ``at`` ends, before ``end``, and the state after it."""
    code = codes[np.uintp(at)]
    alone = traits[np.uintp(code)] & SINGLE
    state = _absorbed(state, np.uint64(lower[np.uintp(code)]))
    at += 1
    while at < end:
        code = codes[np.uintp(at)]
        trait = traits[np.uintp(code)]
        if not trait & (MARK if alone else WORD) or trait & SINGLE:
            break
        state = _absorbed(state, np.uint64(lower[np.uintp(code)]))
        at += 1
    return at, _absorbed(state, np.uint64(1 << 32))


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
    lower: NDArray[np.int32],
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
    lower: NDArray[np.int32],
) -> int:
    """Add a phrase to a set and its bitmap of beginnings; return how many words it has."""
    state, words, at, end = np.uint64(0), 0, 0, len(codes)
    while at < end:
        if not traits[np.uintp(codes[np.uintp(at)])] & WORD:
            at += 1
            continue
        if words == 0:
            starts[start_key(codes, at, end, traits, lower)] = True
        at, state = hashed_word(codes, at, end, state, traits, lower)
        words += 1
    key = as_key(mix(state))
    keys[slot_of(keys, bits, key)] = key
    return words
