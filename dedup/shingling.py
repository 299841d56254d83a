"""What a text is compared by: runs of so many words, or of so many characters."""

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.shingles import BASE, SHINGLE_WORDS, shingle_hashes
from language_id.decoded import Characters
from language_id.hashing import GOLDEN, mix
from language_id.inner import inner
from language_id.words import Tokens

MOST = 100
"""Longest shingle: beyond it, texts built for it collide (see ``character_shingles``)."""

Unit = Literal["words", "characters"]


class Shingling(NamedTuple):
    """The unit of a shingle, and how many of them it has."""

    unit: Unit
    length: int


FIVE_WORDS = Shingling("words", SHINGLE_WORDS)


def shingles_of(
    characters: Characters,
    tokens: Tokens,
    lower_hashes: NDArray[np.uint64],
    shingling: Shingling = FIVE_WORDS,
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of the shingles of every document, and the n + 1 offsets of each document's.

    Words are compared in lower case and without what stands between them (``shingle_hashes``);
    ``lower_hashes`` has one for each token. Characters are those of the text as it is
    (``character_shingles``). Raises ValueError when the length is not from 1 to 100.
    """
    if not 1 <= shingling.length <= MOST:
        raise ValueError(f"a shingle has 1 to {MOST} {shingling.unit}, not {shingling.length}")
    if shingling.unit == "characters":
        return character_shingles(characters, shingling.length)
    return shingle_hashes(lower_hashes, tokens.kinds, tokens.doc_offsets, shingling.length)


def character_shingles(
    characters: Characters, length: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of every run of ``length`` code points, and the n + 1 offsets of each document's.

    Case, punctuation, white space and line ends count, as they do for NeMo Curator, which hashes
    the text it is given (``MinHashStage``; its ``normalize_text`` is off by default). A text of
    fewer characters gives one shingle of all of them, an empty text none. Shingles are in order
    and repeat where the text does.

    Rolled as ``dedup.shingles`` rolls words, over mixed code points: time independent of
    ``length``, 8 bytes a character. Modulo 2^64 no base tells long Thue-Morse words apart; at 100
    characters the worst pair still differs with a chance of 1 - 2^-38.
    """
    lengths = np.diff(characters.offsets)
    counts = np.maximum(lengths - length + 1, np.minimum(lengths, 1))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    hashes = np.empty(offsets[-1], dtype=np.uint64)
    _roll_characters(characters.codes, characters.offsets, length, offsets, hashes)
    return hashes, offsets


@inner
def _mixed(code: np.uint32) -> np.uint64:
    return mix(np.uint64(code) + GOLDEN)


@njit(cache=True)
def _roll_characters(
    codes: NDArray[np.uint32],
    doc_offsets: NDArray[np.int64],
    length: int,
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> None:
    leaving_factor = np.uint64(1)
    for _ in range(length):
        leaving_factor *= BASE
    for doc in range(len(doc_offsets) - 1):
        start, end, out = doc_offsets[doc], doc_offsets[doc + 1], offsets[doc]
        rolled = np.uint64(0)
        for at in range(start, end):
            rolled = rolled * BASE + _mixed(codes[np.uintp(at)])
            if at - start >= length:
                rolled -= leaving_factor * _mixed(codes[np.uintp(at - length)])
            if at - start + 1 >= length:
                hashes[out] = mix(rolled)
                out += 1
        if 0 < end - start < length:
            hashes[out] = mix(rolled)


def distinct(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each document's shingles as a set: sorted, without repetition, with their own offsets.

    Time n log n in the shingles of a document.
    """
    values = hashes.copy()
    ends = np.zeros_like(offsets)
    count = _sort_distinct(values, offsets, ends)
    return values[:count], ends


@njit(cache=True)
def _sort_distinct(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], ends: NDArray[np.int64]
) -> int:
    count = 0
    for doc in range(len(offsets) - 1):
        own = np.sort(values[offsets[doc] : offsets[doc + 1]])
        for i in range(len(own)):
            if i == 0 or own[i] != own[i - 1]:
                values[count] = own[i]
                count += 1
        ends[doc + 1] = count
    return count
