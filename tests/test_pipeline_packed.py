"""Packed band rows find the edges of rows that Spark sorted, whatever fits into memory."""

from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import packed, runs
from pipeline.buckets import band_rows, bands_of_batch, bucket_edges
from pipeline.clusters import ClusterSettings, bands_of, near_edges, similar_edges
from pipeline.packed import pack_edges, packs, unpacked
from pipeline.runs import Rows, sorted_rows

SORT = [(name, "ascending") for name in ("bucket", "band", "scope", "node")]


def family_documents(seed, count, nodes=None):
    """Documents of few families, most near-duplicates, in three scopes."""
    draw = np.random.default_rng(seed)
    families = draw.integers(0, 2**32, (max(1, count // 5), 112), dtype=np.uint32)
    signed = families[draw.integers(0, len(families), count)]
    changed = draw.random(signed.shape) < 0.12
    signed[changed] = draw.integers(0, 2**32, changed.sum())
    scopes = np.array(["fin_Latn", "ell_Grek", "Ω"])[draw.integers(0, 3, count)]
    nodes = draw.permutation(count) - count // 3 if nodes is None else nodes
    return pa.record_batch(
        {
            "node": pa.array(nodes, pa.int64()),
            "scope": pa.array(scopes.tolist(), pa.string()),
            "signature": pa.array([row.tobytes() for row in signed], pa.binary()),
        }
    )


def edges_of(batches):
    return sorted((n, h) for b in batches for n, h in zip(*b.to_pydict().values(), strict=True))


def by_rows(documents, equal_bytes, leaders):
    rows = pa.Table.from_batches(band_rows(iter([documents]), 14, 8, equal_bytes > 0))
    batches = rows.sort_by(SORT).to_batches(max_chunksize=333)
    return edges_of(bucket_edges(iter(batches), equal_bytes, leaders))


def rows_of(sketched):
    return partial(bands_of_batch, bands=14, rows=8, sketched=sketched)


def by_packs(documents, equal_bytes, leaders, tasks, cuts=()):
    """Packs in the reverse order of their making, task by task."""
    ends = [0, *cuts, documents.num_rows]
    parts = [documents.slice(a, b - a) for a, b in pairwise(ends)]
    made = list(packs(iter(parts), rows_of(equal_bytes > 0), tasks))[::-1]
    found = []
    for task in range(tasks):
        own = [batch for batch in made if batch["task"][0].as_py() == task]
        found += list(pack_edges(iter(own), equal_bytes, leaders))
    return edges_of(found)


@pytest.mark.parametrize("equal_bytes", [0, 74])
@pytest.mark.parametrize("leaders", [1, 16])
@pytest.mark.parametrize(("tasks", "held", "block"), [(1, 1 << 30, 50), (3, 9000, 7), (5, 1, 3)])
def test_edges_are_those_of_sorted_rows(monkeypatch, equal_bytes, leaders, tasks, held, block):
    monkeypatch.setattr(packed, "HELD_BYTES", held)
    monkeypatch.setattr(packed, "DOCUMENTS_AT_ONCE", 40)
    monkeypatch.setattr(runs, "BLOCK_ROWS", block)
    documents = family_documents(3, 150)
    expected = by_rows(documents, equal_bytes, leaders)
    assert len(expected) > 100
    assert by_packs(documents, equal_bytes, leaders, tasks, [20, 20, 61, 149]) == expected


def test_more_tasks_than_a_short_number_counts(monkeypatch):
    monkeypatch.setattr(packed, "DOCUMENTS_AT_ONCE", 8)
    documents = family_documents(4, 30)
    made = list(packs(iter([documents]), rows_of(True), 100_000))
    tasks = {batch["task"][0].as_py() for batch in made}
    assert min(tasks) >= 0
    assert max(tasks) > 1 << 16
    rows = [unpacked(batch["pack"][0].as_py())[1] for batch in made]
    assert sum(len(part.node) for part in rows) == 30 * 14


def test_nothing_to_pack():
    empty = family_documents(5, 3).slice(3)
    assert list(packs(iter([]), rows_of(True), 4)) == []
    assert list(packs(iter([empty]), rows_of(True), 4)) == []
    assert list(pack_edges(iter([]), 74, 16)) == []
    unsigned = family_documents(5, 3).set_column(2, "signature", pa.array([None, b"", b""]))
    assert list(packs(iter([unsigned]), rows_of(True), 4)) == []


@st.composite
def parts_of_rows(draw):
    drawn = np.random.default_rng(draw(st.integers(0, 2**32)))
    most = draw(st.sampled_from([1, 2, 40]))
    sizes = draw(st.lists(st.integers(1, 30), max_size=6))
    return [
        Rows(
            drawn.integers(-most, most, n),
            drawn.integers(-(2**63), 2**63 - 1, n),
            drawn.integers(0, 2, n).astype(np.int32),
            drawn.integers(0, 2, n).astype(np.int32),
            drawn.integers(0, 256, (n, 3)).astype(np.uint8),
        )
        for n in sizes
    ]


@given(parts_of_rows(), st.sampled_from([1, 300, 1 << 20]))
@settings(deadline=None, max_examples=60)
def test_rows_come_in_order_and_none_of_a_shared_bucket_is_lost(parts, held):
    found = [r for rows in sorted_rows(iter(parts), held) for r in listed(rows)]
    keys = [row[:4] for row in found]
    assert keys == sorted(keys)
    every = sorted(r for rows in parts for r in listed(rows))
    buckets = [row[:3] for row in every]
    shared = [row for row in every if buckets.count(row[:3]) > 1]
    assert [row for row in sorted(found) if buckets.count(row[:3]) > 1] == shared
    assert set(found) <= set(every)


def listed(rows):
    columns = (rows.bucket, rows.band, rows.scope, rows.node)
    sketches = [row.tobytes() for row in rows.sketch]
    return list(zip(*(c.tolist() for c in columns), sketches, strict=True))


def test_a_bucket_larger_than_memory_comes_in_blocks(monkeypatch):
    monkeypatch.setattr(runs, "BLOCK_ROWS", 1000)
    one = np.zeros(500, np.int32)
    parts = [
        Rows(
            np.zeros(500, np.int64), np.arange(500) * 60 + i, one, one, np.ones((500, 8), np.uint8)
        )
        for i in range(60)
    ]
    blocks = list(sorted_rows(iter(parts), 100_000))
    assert np.concatenate([rows.node for rows in blocks]).tolist() == list(range(30_000))
    assert max(len(rows.node) for rows in blocks) <= 10 * 1000  # a block of each run


@pytest.mark.spark
@pytest.mark.parametrize("minimum", [0.0, 0.65])
def test_spark_finds_the_edges_of_near_edges(spark, minimum):
    documents = family_documents(6, 300)
    frame = spark.createDataFrame(pa.Table.from_batches([documents])).repartition(3)
    way = ClusterSettings(minimum_similarity=minimum, partitions=4)
    found = similar_edges(frame, way).toArrow().to_batches()
    expected = near_edges(bands_of(frame, way), way).toArrow().to_batches()
    assert edges_of(found) == edges_of(expected)
