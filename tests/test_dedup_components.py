"""Union-find against scipy and plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as scipy_components

from dedup.components import connected_components, star_forest

NODES = st.one_of(st.integers(-4, 4), st.sampled_from([-(2**63), 2**63 - 1]))


def smallest_by_search(edges):
    component = {node: node for edge in edges for node in edge}
    changed = True
    while changed:
        changed = False
        for edge in edges:
            smallest = min(component[node] for node in edge)
            for node in edge:
                changed |= component[node] != smallest
                component[node] = smallest
    return component


def by_scipy(left, right):
    nodes, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    ends = index.reshape(2, -1)
    graph = coo_array((np.ones(ends.shape[1], bool), (ends[0], ends[1])), shape=(len(nodes),) * 2)
    _, labels = scipy_components(graph, directed=False)
    smallest = np.full(labels.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, labels, nodes)
    return nodes, smallest[labels]


@given(st.lists(st.tuples(NODES, NODES), max_size=30))
@settings(deadline=None)
def test_equal_to_plain_python(edges):
    left, right = np.array(edges, np.int64).reshape(-1, 2).T
    nodes, components = connected_components(left, right)
    assert nodes.tolist() == sorted({node for edge in edges for node in edge})
    assert dict(zip(nodes.tolist(), components.tolist(), strict=True)) == smallest_by_search(edges)


@pytest.mark.parametrize("nodes", [300, 3000, 30000])
def test_equal_to_scipy(nodes):
    rng = np.random.default_rng(nodes)
    left, right = rng.integers(-nodes, nodes, (2, 3000))
    for found, expected in zip(
        connected_components(left, right), by_scipy(left, right), strict=True
    ):
        assert (found == expected).all()


def chain(order):
    return order[:-1], order[1:]


@pytest.mark.parametrize(
    "edges",
    [
        chain(np.arange(100_000)),
        chain(np.arange(100_000)[::-1].copy()),
        chain(np.random.default_rng(1).permutation(100_000)),
        (np.full(100_000, 99_999), np.arange(100_000)),
        (np.arange(100_000), np.zeros(100_000, np.int64)),
    ],
    ids=["chain", "chain downwards", "chain at random", "star of the largest", "star of the least"],
)
def test_chains_and_stars(edges):
    nodes, components = connected_components(*edges)
    assert (nodes == np.arange(100_000)).all()
    assert not components.any()


def test_star_forest_is_small_and_unique():
    rng = np.random.default_rng(2)
    left, right = rng.integers(0, 500, (2, 400))
    leaves, hubs = star_forest(left, right)
    nodes, components = connected_components(left, right)
    assert (leaves > hubs).all()
    assert len(leaves) == len(nodes) - len(set(components.tolist()))
    order = rng.permutation(400)
    for again in (star_forest(leaves, hubs), star_forest(right[order], left[order])):
        assert (again[0] == leaves).all()
        assert (again[1] == hubs).all()


def test_inputs_stay_as_they_are():
    left, right = np.array([3, 1, 2]), np.array([1, 2, 9])
    connected_components(left, right)
    assert (left.tolist(), right.tolist()) == ([3, 1, 2], [1, 2, 9])


def test_no_edges():
    nodes, components = connected_components(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert len(nodes) == len(components) == 0


def test_ends_come_in_pairs():
    with pytest.raises(ValueError, match="2 left ends and 1 right"):
        connected_components(np.array([1, 2]), np.array([1]))
