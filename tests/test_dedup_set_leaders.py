"""Links by true Jaccard similarity: sound, few, and blind to where batches end."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.components import connected_components
from dedup.set_leaders import _match_sets, jaccard, no_set_leaders, set_links

SETS = st.lists(st.integers(0, 9), min_size=1, max_size=8, unique=True).map(sorted)
MINIMA = st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 1.0])


def plain(one, other):
    return len({*one} & {*other}) / len({*one} | {*other})


def edges_of(sets, starts, minimum, leaders=16, cuts=()):
    """Links of nodes 0, 1, 2, ... read in batches that end at the cuts."""
    held, found = no_set_leaders(leaders), []
    nodes = np.arange(len(sets), dtype=np.int64)
    for part in np.split(nodes, cuts):
        own = [sets[i] for i in part.tolist()]
        values = np.array([value for one in own for value in one], np.uint64)
        offsets = np.cumsum([0, *map(len, own)], dtype=np.int64)
        left, right, held = set_links(part, values, offsets, starts[part], minimum, held)
        found += zip(left.tolist(), right.tolist(), strict=True)
    return found


def clusters_of(edges, count):
    loops = [(i, i) for i in range(count)]
    _, components = connected_components(*np.array([*edges, *loops], np.int64).T)
    return components.tolist()


@given(SETS, SETS, MINIMA)
@settings(deadline=None, max_examples=300)
def test_a_match_is_what_plain_sets_say(one, other, minimum):
    arrays = (np.array(one, np.uint64), np.array(other, np.uint64))
    assert _match_sets(*arrays, minimum) == (plain(one, other) >= minimum - 1e-12)
    assert jaccard(*arrays) == pytest.approx(plain(one, other))


def test_two_empty_sets_are_not_alike():
    assert jaccard(np.zeros(0, np.uint64), np.zeros(0, np.uint64)) == 0


@given(st.data(), MINIMA, st.integers(1, 5))
@settings(deadline=None)
def test_edges_are_true_pairs_in_one_bucket_and_make_a_forest(data, minimum, leaders):
    sets = data.draw(st.lists(SETS, min_size=1, max_size=25))
    starts = np.array(data.draw(st.lists(st.booleans(), min_size=len(sets), max_size=len(sets))))
    starts[0] = True
    edges = edges_of(sets, starts, minimum, leaders)
    ids = np.cumsum(starts)
    for node, leader in edges:
        assert leader < node
        assert ids[leader] == ids[node]
        assert plain(sets[node], sets[leader]) >= minimum - 1e-12
    assert len(edges) == len(sets) - len(set(clusters_of(edges, len(sets))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sets)), max_size=4)))
    assert edges_of(sets, starts, minimum, leaders, cuts) == edges


@given(st.lists(SETS, min_size=1, max_size=20))
@settings(deadline=None)
def test_copies_find_each_other_while_places_last(sets):
    starts = np.arange(len(sets)) == 0
    found = clusters_of(edges_of(sets, starts, 1.0, leaders=20), len(sets))
    for one, other in combinations(range(len(sets)), 2):
        assert (found[one] == found[other]) == (sets[one] == sets[other])


@given(st.lists(SETS, min_size=1, max_size=15), MINIMA)
@settings(deadline=None)
def test_a_bucket_with_places_for_all_is_compared_in_full(sets, minimum):
    pairs = [
        (j, i)
        for i, j in combinations(range(len(sets)), 2)
        if plain(sets[i], sets[j]) >= minimum - 1e-12
    ]
    edges = edges_of(sets, np.arange(len(sets)) == 0, minimum, leaders=15)
    assert clusters_of(edges, len(sets)) == clusters_of(pairs, len(sets))


def test_a_stranger_in_front_splits_nobody():
    sets = [[90, 91], [1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 3, 4, 6]]
    starts = np.arange(4) == 0
    assert edges_of(sets, starts, 0.6) == [(2, 1), (3, 1)]
    assert edges_of(sets, starts, 0.6, leaders=1) == [(2, 1), (3, 1)]
    assert edges_of(sets, starts, 0.0) == [(1, 0), (2, 0), (3, 0)]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("strangers", [False, True])
def test_a_bucket_of_many_is_linear(strangers):
    count, length = 100_000, 40
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, 2**64, (count if strangers else 1, length), dtype=np.uint64)
    values = np.sort(np.broadcast_to(drawn, (count, length)), axis=1).ravel()
    offsets = np.arange(count + 1, dtype=np.int64) * length
    starts = np.arange(count) == 0
    nodes = np.arange(count, dtype=np.int64)
    left, _, _ = set_links(nodes, values, offsets, starts, 0.8, no_set_leaders(16))
    assert len(left) == (0 if strangers else count - 1)


@pytest.mark.timeout(60)
def test_a_huge_leader_costs_small_documents_nothing():
    """Sets of other sizes cannot match: each comparison with the large one ends at once."""
    huge, count = 2_000_000, 200_000
    values = np.concatenate([np.arange(huge), np.arange(count)]).astype(np.uint64)
    offsets = np.concatenate([[0], huge + np.arange(count + 1)]).astype(np.int64)
    nodes = np.arange(count + 1, dtype=np.int64)
    left, _, _ = set_links(nodes, values, offsets, nodes == 0, 0.8, no_set_leaders(16))
    assert len(left) == 0
