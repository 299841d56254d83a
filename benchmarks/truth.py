"""Every pair of documents with its exact Jaccard similarity: brute force over an inverted index.

No MinHash, no bands, no sampling: for each document the shingles it shares with every later one are
counted. Time is the sum of all intersections. Kept in ``.truth/`` under a digest of the sets.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.shingling import Shingling, distinct, shingles_of
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize

CACHE = Path(__file__).resolve().parent / ".truth"
FLOOR = 0.2
"""Pairs below it are left out: 14 bands of 8 find one in 28,000 of them."""
BATCH = 500


class Sets(NamedTuple):
    """Sorted shingle hashes of documents: document d has ``values[offsets[d]:offsets[d + 1]]``."""

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs of documents, the first the smaller, and their Jaccard similarity."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]


def sets_of(texts: Sequence[str], shingling: Shingling) -> Sets:
    parts, ends = [], [np.zeros(1, np.int64)]
    for start in range(0, len(texts), BATCH):
        characters = characters_of(texts[start : start + BATCH])
        tokens = tokenize(characters)
        lower = token_hashes(characters, tokens).lower
        values, offsets = distinct(*shingles_of(characters, tokens, lower, shingling))
        parts.append(values)
        ends.append(offsets[1:] + ends[-1][-1])
    return Sets(np.concatenate(parts), np.concatenate(ends))


def chosen(sets: Sets, documents: NDArray[np.int64]) -> Sets:
    """Sets of some of the documents, in that order."""
    parts = [sets.values[sets.offsets[d] : sets.offsets[d + 1]] for d in documents]
    return Sets(np.concatenate(parts), np.cumsum([0, *map(len, parts)], dtype=np.int64))


def pairs_of(sets: Sets, floor: float = FLOOR, cache: Path | None = CACHE) -> Pairs:
    """Every pair with at least that similarity, from the cache or counted."""
    told = hashlib.sha256(sets.values.tobytes() + sets.offsets.tobytes()).hexdigest()
    path = cache / f"{told[:32]}-{floor:g}.npz" if cache else None
    if path and path.is_file():
        with np.load(path) as kept:
            return Pairs(kept["left"], kept["right"], kept["jaccard"])
    found = _counted(sets, floor)
    if path:
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, **found._asdict())
    return found


def _counted(sets: Sets, floor: float) -> Pairs:
    count = len(sets.offsets) - 1
    _, numbers = np.unique(sets.values, return_inverse=True)
    owners = np.repeat(np.arange(count, dtype=np.int64), np.diff(sets.offsets))
    order = np.argsort(numbers, kind="stable")  # by shingle, then document
    starts = np.concatenate([[0], np.cumsum(np.bincount(numbers))]).astype(np.int64)
    postings, sizes = owners[order], np.diff(sets.offsets)
    shared = np.zeros(count, np.int64)
    left, right, similar = [], [], []
    for document in range(count):
        own = numbers[sets.offsets[document] : sets.offsets[document + 1]]
        _count_shared(document, own, starts, postings, shared)
        others = np.flatnonzero(shared)
        common = shared[others]
        shared[others] = 0
        jaccard = common / (sizes[document] + sizes[others] - common)
        near = jaccard >= floor
        left.append(np.full(near.sum(), document))
        right.append(others[near])
        similar.append(jaccard[near])
    return Pairs(*map(np.concatenate, (left, right, similar)))


@njit(cache=True)
def _count_shared(
    document: int,
    own: NDArray[np.int64],
    starts: NDArray[np.int64],
    postings: NDArray[np.int64],
    shared: NDArray[np.int64],
) -> None:
    """Add to ``shared[d]`` the shingles each later document d has in common with this one."""
    for number in own:
        for at in range(starts[number + 1] - 1, starts[number] - 1, -1):
            if postings[at] <= document:
                break
            shared[postings[at]] += 1
