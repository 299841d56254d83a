"""Spark's connected components against the union-find, and that against scipy elsewhere."""

import numpy as np
import pyarrow as pa
import pytest
from test_dedup_components import by_scipy

from dedup.components import star_forest
from pipeline import components as module
from pipeline.components import components, large_stars, small_stars, star_forests
from pipeline.files import Folder

RNG = np.random.default_rng(11)
SHUFFLED = RNG.permutation(3000) - 1500
GRAPHS = {
    "random": tuple(RNG.integers(-2000, 2000, (2, 2500))),
    "chain": (np.arange(2999), np.arange(1, 3000)),
    "chain at random": (SHUFFLED[:-1], SHUFFLED[1:]),
    "star of the largest": (np.arange(20_000), np.full(20_000, 2**62)),
    "stars on a chain": (np.arange(1, 4000), np.arange(1, 4000) // 50 * 50 - 1),
    "loops and doubles": (np.array([5, 5, 7, 7, 5]), np.array([5, 7, 5, 5, 9])),
    "none": (np.zeros(0, np.int64), np.zeros(0, np.int64)),
}
LONG = RNG.permutation(100_000) * 7 - 350_000
LARGE = {
    "chain": (np.arange(99_999), np.arange(1, 100_000)),
    "chain downwards": (np.arange(99_999, 0, -1), np.arange(99_998, -1, -1)),
    "chain at random": (LONG[:-1], LONG[1:]),
    "giant star": (LONG, np.full(100_000, 2**40)),
    "stars on a chain": (np.arange(1, 100_000), np.arange(1, 100_000) // 400 * 400 - 1),
    "random": tuple(RNG.integers(-90_000, 90_000, (2, 100_000))),
}


def side_by_side(graphs):
    """One graph of several, each in nodes of its own: a job each would cost seconds more."""
    parts = [(left + i * 10**7, right + i * 10**7) for i, (left, right) in enumerate(graphs)]
    return tuple(np.concatenate(ends) for ends in zip(*parts, strict=True))


EVERY = side_by_side(GRAPHS.values())


def batches_of(left, right, size):
    whole = pa.record_batch({"node": pa.array(left), "hub": pa.array(right)})
    return [whole.slice(start, size) for start in range(0, max(whole.num_rows, 1), size)]


def joined(batches):
    parts = [(batch["node"].to_numpy(), batch["hub"].to_numpy()) for batch in batches]
    return tuple(np.concatenate(ends) for ends in zip(*parts, strict=True)) if parts else ((), ())


def assert_equal(found, expected):
    order = np.argsort(found[0])
    for ends, expected_ends in zip(found, expected, strict=True):
        assert np.asarray(ends)[order].tolist() == expected_ends.tolist()


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("limit", [None, 1, 100, 10_000])
def test_contraction_of_a_stream_keeps_the_components(name, limit):
    edges = GRAPHS[name]
    found = joined(star_forests(iter(batches_of(*edges, 64)), limit))
    if limit is not None:
        found = star_forest(*(np.asarray(ends, np.int64) for ends in found))
    assert_equal(found, star_forest(*edges))


def test_contraction_shrinks_repetition_to_nothing():
    batches = batches_of(np.arange(10_000) % 10 + 1, np.zeros(10_000, np.int64), 100)
    assert sum(batch.num_rows for batch in star_forests(iter(batches), 100)) == 10


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("limit", [None, 5000])
def test_large_graphs_equal_scipy(name, limit, monkeypatch):
    monkeypatch.setattr(module, "EDGES_AT_ONCE", 9000)
    left, right = LARGE[name]
    found = joined(star_forests(iter(batches_of(left, right, 1000)), limit))
    if limit is not None:
        found = star_forest(*found)
    nodes, smallest = by_scipy(left, right)
    leaves = nodes != smallest
    assert_equal(found, (nodes[leaves], smallest[leaves]))


@pytest.fixture
def frame_of(spark):
    """Edges as a data frame in so many partitions; small Arrow batches."""
    setting = "spark.sql.execution.arrow.maxRecordsPerBatch"
    before = spark.conf.get(setting)
    spark.conf.set(setting, "64")

    def build(left, right, partitions):
        table = pa.table({"node": pa.array(left, pa.int64()), "hub": pa.array(right, pa.int64())})
        return spark.createDataFrame(table).repartition(partitions)

    yield build
    spark.conf.set(setting, before)


def collected(frame):
    return joined(frame.toArrow().combine_chunks().to_batches())


@pytest.mark.spark
@pytest.mark.parametrize(
    ("edges", "edge_cap", "partitions"),
    [(EVERY, 10**9, 5), (EVERY, 0, 3), (GRAPHS["none"], 0, 2)],
    ids=["in one task", "in rounds", "none"],
)
def test_both_ends_equal_union_find(edges, edge_cap, partitions, frame_of, tmp_path):
    frame = frame_of(*edges, partitions)
    found = collected(components(frame, Folder(str(tmp_path)), "cc", edge_cap))
    assert_equal(found, star_forest(*edges))


@pytest.mark.spark
def test_rounds_over_large_graphs(spark, tmp_path):
    edges = side_by_side([LARGE["chain at random"], LARGE["giant star"]])
    table = pa.table(dict(zip(("node", "hub"), map(pa.array, edges), strict=True)))
    frame = spark.createDataFrame(table).repartition(3)
    found = collected(components(frame, Folder(str(tmp_path)), "cc", 0))
    assert_equal(found, star_forest(*edges))


@pytest.mark.spark
def test_rounds_that_contract_next_to_nothing(frame_of, tmp_path, monkeypatch):
    """Contraction by Arrow batch leaves the work to large-star and small-star."""
    monkeypatch.setattr(module, "EDGES_AT_ONCE", 1)
    rounds = []
    monkeypatch.setattr(module, "large_stars", lambda e: rounds.append(1) or large_stars(e))
    edges = side_by_side([GRAPHS["chain at random"], GRAPHS["stars on a chain"]])
    found = collected(components(frame_of(*edges, 3), Folder(str(tmp_path)), "cc", 0))
    assert_equal(found, star_forest(*edges))
    assert 3 <= len(rounds) <= 12
    assert len(list((tmp_path / "cc").iterdir())) <= 1  # a round replaces the one before


@pytest.mark.spark
def test_rounds_end_in_one_task_once_few_are_left(frame_of, tmp_path):
    left, right = GRAPHS["random"]
    found = collected(components(frame_of(left, right, 6), Folder(str(tmp_path)), "cc", 2300))
    assert_equal(found, star_forest(left, right))


@pytest.mark.spark
def test_a_round_is_the_paper_s(frame_of):
    """Large-star and small-star of one graph, against their definitions."""
    edges = {(max(e), min(e)) for e in RNG.integers(0, 60, (80, 2)).tolist() if e[0] != e[1]}
    around: dict[int, set[int]] = {}
    for one, other in edges:
        around.setdefault(one, {one}).add(other)
        around.setdefault(other, {other}).add(one)
    large = {(v, min(near)) for u, near in around.items() for v in near if v > u}
    below = {u: {v for v in near if v <= u} for u, near in around.items()}
    small = {(v, min(near)) for near in below.values() for v in near if v != min(near)}
    frame = frame_of(*np.array(sorted(edges)).T, 3)
    assert {tuple(row) for row in large_stars(frame).collect()} == large
    assert sorted(tuple(row) for row in small_stars(frame).collect()) == sorted(small)
