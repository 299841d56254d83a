"""Phrases of C4's rules, found in linear time: two letters first, the whole only where they stand.

Letter case is ignored for ASCII only, in which all phrases are.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.lines import BLOCK

JAVASCRIPT, POLICY, LOREM_IPSUM, CURLY_BRACKET = 0, 1, 2, 3
"""What is found, a bit each."""

PHRASES = (
    (JAVASCRIPT, "javascript"),
    (POLICY, "terms of use"),
    (POLICY, "privacy policy"),
    (POLICY, "cookie policy"),
    (POLICY, "uses cookies"),
    (POLICY, "use of cookies"),
    (POLICY, "use cookies"),
    (LOREM_IPSUM, "lorem ipsum"),
)
ANCHORS = ("va", "ms", "oo", "ps")
"""Two letters in a row that each phrase holds and ordinary text seldom."""


def packed(phrases: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return phrases as code points, a row each, padded with 0; and the length of each."""
    rows = np.zeros((len(phrases), max(map(len, phrases))), dtype=np.uint32)
    for row, text in zip(rows, phrases, strict=True):
        row[: len(text)] = [ord(letter) for letter in text]
    return rows, np.array([len(text) for text in phrases], dtype=np.int64)


def _anchor_place(text: str) -> int:
    """Where the anchor stands in a phrase."""
    return next(text.index(anchor) for anchor in ANCHORS if anchor in text)


CODES, LENGTHS = packed([text for _, text in PHRASES])
KINDS = np.array([kind for kind, _ in PHRASES], dtype=np.int64)
ANCHOR_PLACES = np.array([_anchor_place(text) for _, text in PHRASES], dtype=np.int64)
# Of the width of a code point, or the compiler widens every comparison.
V, A, M, S, O, P = (np.uint32(ord(letter)) for letter in "vamsop")  # noqa: E741
CASE, CURLY = np.uint32(0x20), np.uint32(0x7B)
UPPER_A, UPPER_Z = 0x41, 0x5A


@njit(cache=True)
def _stands_at(
    codes: NDArray[np.uint32], at: int, end: int, phrase: NDArray[np.uint32], length: int
) -> bool:
    """Tell whether the phrase stands there, in any case."""
    if at + length > end:
        return False
    for place in range(length):
        code = codes[np.uintp(at + place)]
        if code >= UPPER_A and code <= UPPER_Z:
            code |= CASE
        if code != phrase[place]:
            return False
    return True


@njit(cache=True)
def _phrases_at(codes: NDArray[np.uint32], start: int, at: int, end: int) -> int:
    """Return one bit for each kind of phrase whose anchor starts at ``at``."""
    found = 0
    for row in range(len(KINDS)):
        first = at - ANCHOR_PLACES[row]
        if first >= start and _stands_at(codes, first, end, CODES[row], LENGTHS[row]):
            found |= 1 << KINDS[row]
    return found


@njit(cache=True)
def _may_hold_anchor(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether an anchor, in any case, or a curly bracket starts in a block of characters.

    One expression without a call or a branch, or it is not turned into vector instructions.
    """
    likely = False
    for place in range(BLOCK):
        first = codes[np.uintp(at + place)] | CASE
        second = codes[np.uintp(at + place + 1)] | CASE
        likely |= (
            ((first == V) & (second == A))
            | ((first == M) & (second == S))
            | ((first == O) & (second == O))
            | ((first == P) & (second == S))
            | (first == CURLY)
        )
    return likely


@njit(cache=True)
def _found_in(codes: NDArray[np.uint32], start: int, at: int, stop: int, end: int) -> int:
    """Return the bits of what is found with its anchor in ``at:stop``."""
    found = 0
    for place in range(at, stop):
        first = codes[np.uintp(place)]
        found |= (first == CURLY) << CURLY_BRACKET
        first |= CASE
        if first in (V, M, O, P) and place + 1 < end:
            found |= _phrases_at(codes, start, place, end)
    return found


@njit(cache=True)
def phrases_in(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Return one bit for each kind of phrase that occurs.

    Anchors are looked for a block at a time: nearly all blocks hold none.
    """
    found, at = 0, start
    while at + BLOCK < end:
        if _may_hold_anchor(codes, at):
            found |= _found_in(codes, start, at, at + BLOCK, end)
        at += BLOCK
    return found | _found_in(codes, start, at, end, end)
