"""Links inside buckets: sound, few, and blind to where batches end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.components import connected_components
from dedup.leaders import links, no_leaders

WIDTH = 6


def edges_of(sketches, starts, equal_bytes, leaders=16, cuts=()):
    """Links of nodes 0, 1, 2, ... read in batches that end at the cuts."""
    held = no_leaders(leaders, sketches.shape[1])
    nodes = np.arange(len(sketches), dtype=np.int64)
    found = []
    for part in np.split(nodes, cuts):
        left, right = links(part, sketches[part], starts[part], equal_bytes, held)
        found += zip(left.tolist(), right.tolist(), strict=True)
    return found


def one_bucket(count):
    return np.arange(count) == 0


@st.composite
def buckets(draw):
    count = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sketches = rng.integers(0, draw(st.sampled_from([1, 2, 3])), (count, WIDTH), dtype=np.uint8)
    starts = rng.random(count) < draw(st.sampled_from([0.0, 0.3]))
    starts[0] = True
    return sketches, starts


@given(buckets(), st.integers(0, WIDTH), st.integers(1, 5), st.data())
@settings(deadline=None)
def test_edges_are_true_pairs_in_one_bucket_and_make_a_forest(bucket, equal, leaders, data):
    sketches, starts = bucket
    edges = edges_of(sketches, starts, equal, leaders)
    ids = np.cumsum(starts)
    for node, leader in edges:
        assert leader < node
        assert ids[leader] == ids[node]
        assert (sketches[leader] == sketches[node]).sum() >= equal
    nodes, components = connected_components(*np.array(edges, np.int64).reshape(-1, 2).T)
    assert len(edges) == len(nodes) - len(set(components.tolist()))  # no edge closes a circle
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sketches)), max_size=4)))
    assert edges_of(sketches, starts, equal, leaders, cuts) == edges


@given(buckets())
@settings(deadline=None)
def test_without_a_check_all_are_linked_to_the_first(bucket):
    sketches, starts = bucket
    firsts = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    expected = [(i, first) for i, first in enumerate(firsts.tolist()) if i != first]
    assert edges_of(sketches[:, :0], starts, 0) == expected


@given(buckets())
@settings(deadline=None)
def test_equal_sketches_are_linked_while_places_last(bucket):
    sketches, starts = bucket
    edges = edges_of(sketches, starts, WIDTH, leaders=40)
    nodes, components = connected_components(*np.array(edges, np.int64).reshape(-1, 2).T)
    smallest = dict(zip(nodes.tolist(), components.tolist(), strict=True))
    ids = np.cumsum(starts)
    for i in range(len(sketches)):
        same = (ids == ids[i]) & (sketches == sketches[i]).all(axis=1)
        assert smallest.get(i, i) == np.flatnonzero(same)[0]


def test_a_stranger_in_front_splits_nobody():
    sketches = np.array([[9] * WIDTH, [1] * WIDTH, [1] * WIDTH, [1] * WIDTH], np.uint8)
    assert edges_of(sketches, one_bucket(4), WIDTH) == [(2, 1), (3, 1)]
    # a single leader gives its place up and still finds them
    assert edges_of(sketches, one_bucket(4), WIDTH, leaders=1) == [(2, 1), (3, 1)]


def test_a_document_between_two_groups_joins_them_once():
    sketches = np.array([[1, 1, 1, 1], [2, 2, 2, 2], [1, 1, 2, 2], [1, 1, 2, 2]], np.uint8)
    assert edges_of(sketches, one_bucket(4), 2) == [(2, 0), (2, 1), (3, 0)]


def test_the_leader_that_matched_least_recently_gives_way():
    a, b, c = ([value] * WIDTH for value in (1, 2, 3))
    sketches = np.array([a, b, a, c, a, b], np.uint8)
    # c replaces b, not a: the last a is linked, the last b has nobody left
    assert edges_of(sketches, one_bucket(6), WIDTH, leaders=2) == [(2, 0), (4, 0)]


@pytest.mark.timeout(60)
def test_a_bucket_of_equal_documents_is_linear():
    count = 1_000_000
    sketches = np.ones((count, 112), np.uint8)
    edges = edges_of(sketches, one_bucket(count), 73, cuts=range(0, count, 10_000))
    assert len(edges) == count - 1
    assert {leader for _, leader in edges} == {0}


@pytest.mark.timeout(60)
def test_a_bucket_of_strangers_is_linear():
    sketches = np.random.default_rng(3).integers(0, 256, (200_000, 112), dtype=np.uint8)
    assert edges_of(sketches, one_bucket(200_000), 73) == []


@given(buckets(), st.integers(1, WIDTH))
@settings(deadline=None)
def test_a_bucket_with_places_for_all_is_compared_in_full(bucket, equal):
    sketches, starts = bucket
    edges = edges_of(sketches, starts, equal, leaders=40)
    ids = np.cumsum(starts)
    loops = [(i, i) for i in range(len(sketches))]
    pairs = [
        (i, j)
        for i, j in np.ndindex(len(sketches), len(sketches))
        if ids[i] == ids[j] and (sketches[i] == sketches[j]).sum() >= equal
    ]
    found = connected_components(*np.array([*edges, *loops], np.int64).T)
    expected = connected_components(*np.array([*pairs, *loops], np.int64).T)
    assert (found[1] == expected[1]).all()


def test_a_chain_in_one_bucket_stays_whole():
    sketches = np.array([[1, 1, 1, 1], [1, 1, 1, 2], [1, 1, 2, 2], [1, 2, 2, 2]], np.uint8)
    assert edges_of(sketches, one_bucket(4), 3) == [(1, 0), (2, 1), (3, 2)]


def test_who_only_took_a_free_place_gives_way_first():
    a, b, c = ([value] * WIDTH for value in (1, 2, 3))
    sketches = np.array([a, a, b, c, a, b, c], np.uint8)
    # b takes the last place, c that of the second a
    assert edges_of(sketches, one_bucket(7), WIDTH, leaders=3) == [(1, 0), (4, 0), (5, 2), (6, 3)]
