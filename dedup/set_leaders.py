"""Links inside buckets by the true Jaccard similarity of shingle sets.

As ``dedup.leaders``, with sets in place of sketches: a document is compared with a few leaders of
its bucket, never with the first alone, and never with all.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.leaders import CLOCK, COUNT, free_place, rename
from language_id.hashing import GOLDEN, mix
from language_id.inner import inner

ROUNDING = 1e-9
"""Shingles a pair may lack: 0.7 of 10 is 7, whatever binary fractions make of it."""


class SetLeaders(NamedTuple):
    """Leaders of the bucket being read; it may go on in the next batch.

    Leader i has the set ``values[offsets[i]:offsets[i + 1]]``; the rest as in ``leaders.Leaders``.
    """

    nodes: NDArray[np.int64]
    groups: NDArray[np.int64]
    used: NDArray[np.int64]
    state: NDArray[np.int64]
    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]


def no_set_leaders(leaders: int) -> SetLeaders:
    """Room for ``leaders`` leaders, all of it free."""
    return SetLeaders(
        np.zeros(leaders, dtype=np.int64),
        np.zeros(leaders, dtype=np.int64),
        np.zeros(leaders, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.zeros(0, dtype=np.uint64),
        np.zeros(leaders + 1, dtype=np.int64),
    )


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Jaccard similarity of two sets, each sorted and without repetition; of two empty ones, 0."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - common
    return common / union if union else 0.0


def set_links(
    nodes: NDArray[np.int64],
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    starts_bucket: NDArray[np.bool_],
    minimum: float,
    leaders: SetLeaders,
) -> tuple[NDArray[np.int64], NDArray[np.int64], SetLeaders]:
    """Edges (node, leader) of documents sorted by bucket, then node; and the leaders after them.

    Document i has the set ``values[offsets[i]:offsets[i + 1]]``, sorted and without repetition.
    Two match when they share at least ``minimum`` of all they hold. What is linked, and how leaders
    give way, is as in ``leaders.links``: at most n - 1 edges for a bucket of n, every edge a pair
    that matches. Time: each document is compared with each leader in one pass over both sets, and
    with a leader of another size, too far from its own to match, not at all.
    """
    pool = np.concatenate([leaders.values, values])
    held = leaders.offsets
    from_, to = held[:-1].copy(), held[1:].copy()
    room = len(nodes) + len(leaders.nodes)
    left = np.empty(room, dtype=np.int64)
    right = np.empty(room, dtype=np.int64)
    after = (leaders.nodes.copy(), leaders.groups.copy(), leaders.used.copy(), leaders.state.copy())
    shifted = offsets + len(leaders.values)
    count = _link_sets(nodes, pool, shifted, starts_bucket, minimum, *after, from_, to, left, right)
    to[after[3][COUNT] :] = from_[after[3][COUNT] :]  # free places hold nothing
    kept = [pool[a:b] for a, b in zip(from_, to, strict=True)]
    ends = np.cumsum([0, *map(len, kept)], dtype=np.int64)
    return left[:count], right[:count], SetLeaders(*after, np.concatenate(kept), ends)


@njit(cache=True)
def _link_sets(
    nodes: NDArray[np.int64],
    pool: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    starts_bucket: NDArray[np.bool_],
    minimum: float,
    leader_nodes: NDArray[np.int64],
    groups: NDArray[np.int64],
    used: NDArray[np.int64],
    state: NDArray[np.int64],
    from_: NDArray[np.int64],
    to: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> int:
    edges = 0
    for i in range(len(nodes)):
        if starts_bucket[i]:
            state[COUNT] = 0
        state[CLOCK] += 1
        now = state[CLOCK]
        own = pool[offsets[i] : offsets[i + 1]]
        joined = -1
        for leader in range(state[COUNT]):
            if groups[leader] == joined or not _match_sets(
                own, pool[from_[leader] : to[leader]], minimum
            ):
                continue
            used[leader] = now
            left[edges] = nodes[i]
            right[edges] = leader_nodes[leader]
            edges += 1
            if joined == -1:
                joined = groups[leader]
            else:
                rename(groups[: state[COUNT]], groups[leader], joined)
        if joined == -1 or state[COUNT] < len(used):
            place = free_place(used, state)
            leader_nodes[place] = nodes[i]
            from_[place], to[place] = offsets[i], offsets[i + 1]
            groups[place], used[place] = (now, now) if joined == -1 else (joined, 0)
    return edges


@inner
def _match_sets(one: NDArray[np.uint64], other: NDArray[np.uint64], minimum: float) -> bool:
    """Whether the sets share ``minimum`` of their union; ends once they cannot."""
    together = len(one) + len(other)
    i, j, common = 0, 0, 0
    while True:
        most = common + min(len(one) - i, len(other) - j)
        if most + ROUNDING < minimum * (together - most):
            return False
        if i == len(one) or j == len(other):
            return True  # most is what they share
        if one[i] == other[j]:
            common += 1
            i += 1
            j += 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1


@njit(cache=True)
def shared_groups(
    nodes: NDArray[np.int64],
    starts: NDArray[np.int64],
    smallest: NDArray[np.int64],
    members: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Rows of every bucket with two documents or more, written to the last three; their number.

    Bucket b is ``nodes[starts[b]:starts[b + 1]]``, the last to the end, sorted. A row is a node
    with the smallest of its bucket and a hash of all its nodes: equal buckets give equal rows.
    """
    count = 0
    for bucket in range(len(starts)):
        start = starts[bucket]
        end = starts[bucket + 1] if bucket + 1 < len(starts) else len(nodes)
        first, state = count, np.uint64(0)
        for i in range(start, end):
            if i > start and nodes[i] == nodes[i - 1]:
                continue
            state = mix(state ^ np.uint64(nodes[i])) + GOLDEN
            found[count] = nodes[i]
            count += 1
        if count == first + 1:
            count = first
        smallest[first:count] = nodes[start]
        members[first:count] = np.int64(state)
    return count
