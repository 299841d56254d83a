"""Connected components by union-find, in one process: what Spark's rounds end in, and their oracle.

A component is named after its smallest node, so its name depends on the graph alone.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.inner import inner


def connected_components(
    left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every node of the edges ``left[i]``-``right[i]``, sorted, and its component's smallest node.

    Order, direction and repetition of the edges do not matter. About 45 bytes an edge at the
    peak, besides the input: nodes, ranks of both ends, parents.

    Raises ValueError when the lengths differ.
    """
    if left.shape != right.shape:
        raise ValueError(f"{len(left)} left ends and {len(right)} right ends")
    nodes = _distinct(left, right)
    parents = np.arange(len(nodes), dtype=np.int64)
    # Nodes are sorted: the smaller index is the smaller node, and equal neighbours search alike.
    _unite(np.searchsorted(nodes, left), np.searchsorted(nodes, right), parents)
    return nodes, nodes[parents]


def star_forest(
    left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fewest edges with the same components: each node, sorted, to the smallest it is joined to."""
    nodes, components = connected_components(left, right)
    leaves = nodes != components
    return nodes[leaves], components[leaves]


def _distinct(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    ends = np.concatenate([left, right])
    ends.sort()
    first = np.ones(len(ends), dtype=np.bool_)
    np.not_equal(ends[1:], ends[:-1], out=first[1:])
    return ends[first]


@inner
def _root(node: int, parents: NDArray[np.int64]) -> int:
    while parents[node] != node:
        parents[node] = parents[parents[node]]  # path halving: keeps trees flat without a rank
        node = parents[node]
    return node


@njit(cache=True)
def _unite(left: NDArray[np.int64], right: NDArray[np.int64], parents: NDArray[np.int64]) -> None:
    for i in range(len(left)):
        one = _root(left[i], parents)
        other = _root(right[i], parents)
        parents[max(one, other)] = min(one, other)
    # A parent is never larger than its child, so one pass upwards ends every path at its root.
    for node in range(len(parents)):
        parents[node] = parents[parents[node]]
