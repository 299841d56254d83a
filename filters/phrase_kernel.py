"""Phrases in text: sequences of lower-cased words, looked up by their hash.

A word is a run of letters, marks and numbers; a letter of a script written without spaces is one of
its own, with its marks. Between the words of a phrase stand at most three other characters and no
newline, so "log in", "Log-In" and "LOG  IN" are one phrase. A phrase starts where a token of
``language_id.words`` does, and with one of ``filters.phrase_lists.first_tokens``: nearly every
token fails at that. What ``phrase_end`` reads is bounded, so the time is linear.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import as_key, slot_of
from filters.traits import MARK, SINGLE, WORD
from language_id.hashing import ABSORB, GOLDEN, mix
from language_id.inner import inner

NEWLINE = 0x0A
MAX_PHRASE_CHARS = 80
MAX_BETWEEN_CHARS = 3
NO_LIST, NOT_FOUND = -1, -1
START_BITS = 16
"""The first bits of a token's hash, by which lists tell with what their phrases start: 65,536 bits
are 8 KB, of which few are set, so that nearly no other token passes."""
PREFIX = np.uint64(0xA0761D6478BD642F)
"""Makes the key of a phrase's beginning another than that of a phrase."""
_BYTE_SHIFT, _BIT_SHIFT = np.uint64(64 - START_BITS + 3), np.uint64(64 - START_BITS)
_BIT_MASK = np.uint64(7)


@inner
def word_end(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Return where the word that starts at ``at`` ends."""
    rest = MARK if traits[np.uintp(codes[np.uintp(at)])] & SINGLE else WORD
    at += 1
    while at < end and traits[np.uintp(codes[np.uintp(at)])] & (rest | SINGLE) == rest:
        at += 1
    return at


@njit(cache=True)
def add_starts(hashes: NDArray[np.uint64], starts: NDArray[np.uint8]) -> None:
    """Set the bits of tokens that phrases start with; ``starts``: 2 ** ``START_BITS`` bits."""
    for value in hashes:
        bit = np.uint8(1 << ((value >> _BIT_SHIFT) & _BIT_MASK))
        starts[value >> _BYTE_SHIFT] |= bit


@inner
def _candidates(
    codes: NDArray[np.uint32],
    token_starts: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    starts: NDArray[np.uint8],
    traits: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> int:
    """Write where a phrase may start; return how many places there are.

    Three loops without a branch, so that the processor waits for many cache misses at once.
    """
    count, words = np.int64(0), 0
    for token in range(len(hashes)):
        value = hashes[np.uintp(token)]
        bit = np.int64((value >> _BIT_SHIFT) & _BIT_MASK)
        places[np.uintp(count)] = token
        count += (np.int64(starts[value >> _BYTE_SHIFT]) >> bit) & 1
    for place in range(count):
        places[place] = token_starts[np.uintp(places[place])]
    for place in range(count):
        at = places[place]
        places[words] = at
        words += (traits[codes[np.uintp(at)]] & WORD) != 0
    return words


@inner
def phrase_places(
    codes: NDArray[np.uint32],
    end: int,
    token_starts: NDArray[np.int32],
    token_hashes: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    starts: NDArray[np.uint8],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    places: NDArray[np.int64],
) -> int:
    """Write where phrases of a list start, among the starts of a document's tokens.

    ``end``: of the document; ``token_hashes``: of its tokens in lower case; ``keys`` to ``starts``:
    the list; ``places``: as long as the tokens. Returns how many there are.
    """
    count = 0
    for candidate in range(_candidates(codes, token_starts, token_hashes, starts, traits, places)):
        at = places[candidate]
        if phrase_end(codes, at, end, keys, bits, lengths, traits, lower) >= 0:
            places[count] = at  # of the candidates it has read this one
            count += 1
    return count


@inner
def _absorbed(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ ((value + np.uint64(1)) * GOLDEN)) * ABSORB
    return (state << np.uint64(29)) | (state >> np.uint64(35))


@inner
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


@inner
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


@inner
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
        prefix = as_key(mix(state ^ PREFIX))
        if keys[slot_of(keys, bits, prefix)] != prefix:  # no phrase goes on like this
            break
        at = _next_word(codes, at, end, traits)
    return found


@njit(cache=True)
def add_phrase(
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    bits: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Add a phrase and what it starts with to a set; return how many words it has."""
    state, words, at, end = np.uint64(0), 0, 0, len(codes)
    while at < end:
        if not traits[np.uintp(codes[np.uintp(at)])] & WORD:
            at += 1
            continue
        if words > 0:
            prefix = as_key(mix(state ^ PREFIX))
            keys[slot_of(keys, bits, prefix)] = prefix
        at, state = hashed_word(codes, at, end, state, traits, lower)
        words += 1
    key = as_key(mix(state))
    keys[slot_of(keys, bits, key)] = key
    return words
