"""Which addresses may hold a word of a list: all that do, and few besides, read byte by byte.

An address without escapes, punycode and letters beyond ASCII is its own readable form, so its words
are looked up by their hashes, and words glued of its letters and digits by an automaton of the
strict ones (Aho and Corasick 1975, doi:10.1145/360825.360855). Any other is a suspect. A byte
costs a few nanoseconds, so few addresses are left to be taken apart in Python.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.spans import as_key, set_bits, slot_of
from language_id.hashing import ABSORB, GOLDEN
from language_id.inner import inner

LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz"
BREAK, NOT_PLAIN = 36, 37
CLASSES = np.full(256, BREAK, np.uint8)
"""Of each byte: its place in ``LETTERS``, case aside; what parts words; what makes a suspect."""
CLASSES[128:] = NOT_PLAIN
CLASSES[ord("%")] = NOT_PLAIN
CLASSES[np.frombuffer(LETTERS, np.uint8)] = np.arange(36)
CLASSES[np.frombuffer(LETTERS.upper(), np.uint8)] = np.arange(36)
_HYPHEN, _N, _X = 0x2D, LETTERS.index(b"n"), LETTERS.index(b"x")


class Tables(NamedTuple):
    """Words to look for.

    ``keys``, ``bits``: the set of hashes of words, as in ``filters.spans``; ``follow``: the state
    of the automaton after each of ``LETTERS``, shape (states, 36); ``ends``: states in which a
    strict word has been read.
    """

    keys: NDArray[np.uint64]
    bits: int
    follow: NDArray[np.int32]
    ends: NDArray[np.bool_]


def tables(words: Collection[str], strict: Collection[str]) -> Tables:
    """Return the tables of whole words, and of strict ones; others than ``LETTERS`` have none.

    Memory is 145 bytes for each letter of the strict words.
    """
    plain = [word.encode() for word in words if word.isascii()]
    bits = int(set_bits(len(plain)))
    keys = np.zeros(1 << bits, np.uint64)
    offsets = np.cumsum([0, *map(len, plain)], dtype=np.int64)
    _add(keys, bits, np.frombuffer(b"".join(plain), np.uint8), offsets)
    return Tables(keys, bits, *_automaton([word.encode() for word in strict if word.isascii()]))


def _automaton(words: Collection[bytes]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    children: list[dict[int, int]] = [{}]
    last = set()
    for word in words:
        state = 0
        for letter in word:
            own = children[state].setdefault(int(CLASSES[letter]), len(children))
            if own == len(children):
                children.append({})
            state = own
        last.add(state)
    follow = np.zeros((len(children), 36), np.int32)
    ends = np.zeros(len(children), np.bool_)
    ends[list(last)] = True
    behind = [0] * len(children)  # the state of the longest proper suffix of what was read
    waiting = [0]
    for state in waiting:
        follow[state] = follow[behind[state]]
        ends[state] |= ends[behind[state]]
        for letter, child in children[state].items():
            behind[child] = int(follow[state, letter]) if state else 0
            follow[state, letter] = child
            waiting.append(child)
    return follow, ends


@inner
def _add(
    keys: NDArray[np.uint64], bits: int, data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> None:
    """Add words to the set; ``data``, ``offsets``: their letters and where each starts."""
    for word in range(len(offsets) - 1):
        state = GOLDEN
        for at in range(offsets[word], offsets[word + 1]):
            state = (state ^ np.uint64(CLASSES[data[at]])) * ABSORB
        key = as_key(state ^ (state >> np.uint64(32)))
        keys[slot_of(keys, bits, key)] = key


@njit(cache=True, nogil=True)
def suspects(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    most_bytes: int,
    keys: NDArray[np.uint64],
    bits: int,
    follow: NDArray[np.int32],
    ends: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell which texts may hold a word; ``keys`` to ``ends`` as in ``Tables``, shape (texts,).

    ``data``, ``offsets``: their UTF-8 and where each starts. One of more than ``most_bytes`` may.
    """
    found = np.zeros(len(offsets) - 1, np.bool_)
    for text in range(len(found)):
        start, end = offsets[text], offsets[text + 1]
        found[text] = end - start > most_bytes or _is_suspect(
            data[start:end], keys, bits, follow, ends
        )
    return found


@inner
def _is_suspect(
    text: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    bits: int,
    follow: NDArray[np.int32],
    ends: NDArray[np.bool_],
) -> bool:
    word, letters, state = GOLDEN, 0, 0
    for at in range(len(text)):
        kind = CLASSES[text[at]]
        if kind == NOT_PLAIN:
            return True
        if kind != BREAK:
            word, letters = (word ^ np.uint64(kind)) * ABSORB, letters + 1
            state = follow[state, kind]
            if ends[state]:
                return True
            continue
        if letters and _is_among(keys, bits, word):
            return True
        word, letters = GOLDEN, 0
        if at >= 3 and text[at] == text[at - 1] == _HYPHEN and _is_xn(text[at - 3 : at - 1]):
            return True
    return letters > 0 and _is_among(keys, bits, word)


@inner
def _is_xn(text: NDArray[np.uint8]) -> bool:
    return bool(CLASSES[text[0]] == _X and CLASSES[text[1]] == _N)


@inner
def _is_among(keys: NDArray[np.uint64], bits: int, state: np.uint64) -> bool:
    key = as_key(state ^ (state >> np.uint64(32)))
    return bool(keys[slot_of(keys, bits, key)] == key)
