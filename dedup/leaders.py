"""Links inside buckets: which candidates are similar, checked against a few leaders.

Checking every document against its bucket's first alone loses true pairs: where the first is
there by accident, nobody resembles it and the bucket falls apart. Checking all pairs takes n^2.
So a bucket keeps up to a few leaders, and a document is linked to those it resembles.
While places last every document is a leader: small buckets are compared in full.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.inner import inner

COUNT, CLOCK = 0, 1


class Leaders(NamedTuple):
    """Leaders of the bucket being read; it may go on in the next batch.

    ``groups`` says which leaders are linked already (equal number), ``used`` when one last matched.
    """

    nodes: NDArray[np.int64]
    sketches: NDArray[np.uint8]
    groups: NDArray[np.int64]
    used: NDArray[np.int64]
    state: NDArray[np.int64]


def no_leaders(leaders: int, sketch_bytes: int) -> Leaders:
    """Room for ``leaders`` leaders, all of it free."""
    return Leaders(
        np.zeros(leaders, dtype=np.int64),
        np.zeros((leaders, sketch_bytes), dtype=np.uint8),
        np.zeros(leaders, dtype=np.int64),
        np.zeros(leaders, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


def links(
    nodes: NDArray[np.int64],
    sketches: NDArray[np.uint8],
    starts_bucket: NDArray[np.bool_],
    equal_bytes: int,
    leaders: Leaders,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edges (node, leader) of documents sorted by bucket, then node; ``leaders`` is updated.

    ``sketches`` is (n, sketch_bytes); ``starts_bucket[i]`` says that i is in another bucket than
    the one before. Two documents match when at least ``equal_bytes`` of their bytes are equal; 0
    links every document to the first of its bucket.

    A document that matches gets one edge to each group of leaders it matches, which thereby
    become one group; then it takes a place itself while one is free. One that matches none becomes
    a leader in any case. When all places are taken it replaces the leader that matched least
    recently, those first that only took a free place: nothing already linked is lost, later
    documents are just not compared with that one. So a bucket with no more documents than places
    is linked as if all pairs were compared; one of n documents gives at most n - 1 edges and takes
    at most n * leaders comparisons; and every edge is a pair that matches.
    """
    room = len(nodes) + len(leaders.nodes)  # one edge per document that joins, one per merger
    left = np.empty(room, dtype=np.int64)
    right = np.empty(room, dtype=np.int64)
    count = _link(nodes, sketches, starts_bucket, equal_bytes, *leaders, left, right)
    return left[:count], right[:count]


@njit(cache=True)
def _link(
    nodes: NDArray[np.int64],
    sketches: NDArray[np.uint8],
    starts_bucket: NDArray[np.bool_],
    equal_bytes: int,
    leader_nodes: NDArray[np.int64],
    leader_sketches: NDArray[np.uint8],
    groups: NDArray[np.int64],
    used: NDArray[np.int64],
    state: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> int:
    edges = 0
    for i in range(len(nodes)):
        if starts_bucket[i]:
            state[COUNT] = 0
        state[CLOCK] += 1
        now = state[CLOCK]
        joined = -1
        for leader in range(state[COUNT]):
            if groups[leader] == joined or not _match(
                sketches[i], leader_sketches[leader], equal_bytes
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
            leader_sketches[place] = sketches[i]
            groups[place], used[place] = (now, now) if joined == -1 else (joined, 0)
    return edges


@inner
def _match(one: NDArray[np.uint8], other: NDArray[np.uint8], equal_bytes: int) -> bool:
    equal = 0
    for i in range(len(one)):
        equal += one[i] == other[i]
    return equal >= equal_bytes


@inner
def rename(groups: NDArray[np.int64], old: int, new: int) -> None:
    """Give one group the name of another, in place."""
    for i in range(len(groups)):
        if groups[i] == old:
            groups[i] = new


@inner
def free_place(used: NDArray[np.int64], state: NDArray[np.int64]) -> int:
    """Return a free place, or that of the leader that matched least recently."""
    if state[COUNT] < len(used):
        state[COUNT] += 1
        return int(state[COUNT] - 1)
    return int(np.argmin(used))
