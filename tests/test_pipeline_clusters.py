"""Clusters in Spark against brute force over all pairs."""

from dataclasses import replace
from functools import partial
from hashlib import blake2b
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark import TaskContext

from dedup.bands import band_hashes
from dedup.components import connected_components
from dedup.exact import text_hashes
from dedup.minhash import equal_bytes_needed, signatures, similarity
from dedup.shingles import shingle_hashes
from language_id.words import WORD
from pipeline.buckets import bands_of_batch
from pipeline.clusters import NO_WORDS, ClusterSettings, clusters, exact_edges, memberships
from pipeline.components import large_stars, small_stars
from pipeline.errors import ConfigError
from pipeline.few_clusters import few_clusters
from pipeline.files import Folder
from pipeline.packed import pack_edges, packs

COLUMNS = {
    "node": pa.int64(),
    "scope": pa.string(),
    "text_hash": pa.binary(),
    "signature": pa.binary(),
}
DDL = "node long, scope string, text_hash binary, signature binary"
SAMPLES = Path(__file__).parent.parent / "samples" / "pages"
SETTINGS = ClusterSettings()


def documents_of(texts, scopes):
    """Rows of the documents table for texts given as arrays of word hashes."""
    words = np.concatenate(texts).astype(np.uint64)
    kinds = np.full(len(words), WORD, np.uint8)
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    hashes = text_hashes(words, kinds, offsets)
    shingles, shingle_offsets = shingle_hashes(words, kinds, offsets)
    signed = signatures(shingles, shingle_offsets)
    nodes = np.random.default_rng(5).permutation(len(texts)) * 7919 - 40_000
    signature = [
        row.tobytes() if len(text) else (None, b"", row.tobytes())[i % 3]
        for i, (row, text) in enumerate(zip(signed, texts, strict=True))
    ]
    columns = (nodes, scopes, [row.tobytes() for row in hashes], signature)
    arrays = [pa.array(c, kind) for c, kind in zip(columns, COLUMNS.values(), strict=True)]
    return pa.table(arrays, list(COLUMNS))


def web():
    """Families of near-duplicates, exact copies, texts of no words, in two scopes and none."""
    rng = np.random.default_rng(21)
    texts, scopes = [], []
    for family in range(60):
        original = rng.integers(0, 2**64, rng.integers(1, 250), dtype=np.uint64)
        for _ in range(rng.integers(1, 6)):
            copy = original.copy()
            changed = rng.integers(0, 1 + len(copy) // 25)
            copy[rng.integers(0, len(copy), changed)] = rng.integers(0, 2**63, changed)
            for _ in range(rng.integers(1, 4)):
                texts.append(copy)
                scopes.append(("fin_Latn", "ell_Grek", None)[(family + (rng.random() < 0.2)) % 3])
    for _ in range(9):
        texts.append(np.zeros(0, np.uint64))
        scopes.append("fin_Latn")
    return documents_of(texts, scopes)


def brute(table, minimum):
    """Expected rows: every pair compared, with nothing of Spark and nothing of leaders."""
    rows = table.to_pylist()
    exact = {row["node"]: row["node"] for row in rows}
    edges = [(row["node"], row["node"]) for row in rows]
    for one, other in combinations(rows, 2):
        if one["scope"] != other["scope"]:
            continue
        if one["text_hash"] == other["text_hash"] != NO_WORDS:
            for node in (one["node"], other["node"]):
                exact[node] = min(exact[node], one["node"], other["node"])
            edges.append((one["node"], other["node"]))
        elif NO_WORDS not in (one["text_hash"], other["text_hash"]):
            pair = np.array([np.frombuffer(r["signature"], np.uint32) for r in (one, other)])
            bands = band_hashes(pair, 14)
            if (bands[0] == bands[1]).any() and similarity(*pair) >= minimum:
                edges.append((one["node"], other["node"]))
    nodes, component = connected_components(*np.array(edges, np.int64).T)
    cluster = dict(zip(nodes.tolist(), component.tolist(), strict=True))
    sizes = dict(zip(*np.unique(component, return_counts=True), strict=True))
    return sorted((n, cluster[n], int(sizes[cluster[n]]), exact[n]) for n in cluster)


@pytest.fixture
def frame_of(spark):
    """A table as a data frame in so many partitions; small Arrow batches."""
    setting = "spark.sql.execution.arrow.maxRecordsPerBatch"
    before = spark.conf.get(setting)
    spark.conf.set(setting, "50")
    yield lambda table, partitions: spark.createDataFrame(table).repartition(partitions)
    spark.conf.set(setting, before)


def rows_of(frame):
    return sorted(tuple(row) for row in frame.collect())


@pytest.mark.spark
@pytest.mark.parametrize(
    ("minimum", "partitions"), [(0.0, (4,)), (SETTINGS.minimum_similarity, (1, 7))]
)
def test_equal_to_brute_force_whatever_the_partitions(minimum, partitions, frame_of, tmp_path):
    table = web()
    expected = brute(table, minimum)
    sizes = [size for _, _, size, _ in expected]
    assert min(sizes) == 1
    assert max(sizes) > 4
    settings = ClusterSettings(minimum_similarity=minimum)
    for count in partitions:
        way = settings if count == 1 else replace(settings, partitions=3, edge_cap=0)
        found = clusters(frame_of(table, count), way, Folder(str(tmp_path / str(count))))
        assert found.dtypes == [
            ("node", "bigint"),
            ("cluster", "bigint"),
            ("cluster_size", "int"),
            ("exact_node", "bigint"),
        ]
        assert rows_of(found) == expected


@pytest.mark.parametrize("minimum", [0.0, SETTINGS.minimum_similarity])
def test_in_one_process_equal_to_brute_force(minimum):
    table = web()
    settings = ClusterSettings(minimum_similarity=minimum)
    for rows in (table, table.take(np.arange(len(table))[::-1]), table.slice(0, 1)):
        expected = brute(rows, minimum)
        assert in_process(rows, settings) == expected
    assert in_process(table.slice(0, 0), settings) == []
    wordless = table.filter(pa.compute.equal(table["text_hash"], NO_WORDS))
    assert [row[2] for row in in_process(wordless, settings)] == [1] * len(wordless)


def in_process(table, settings):
    return sorted(tuple(row.values()) for row in few_clusters(table, settings).to_pylist())


def fails_at_first(batches):
    """Stands for a lost worker: a task's first attempt ends half way."""
    for number, batch in enumerate(batches):
        if number and TaskContext.get().attemptNumber() == 0:
            raise OSError("lost")
        yield batch


@pytest.mark.spark
def test_the_same_after_every_task_was_tried_again_and_with_rows_upside_down(frame_of, tmp_path):
    table = web()
    upside_down = table.take(np.arange(len(table))[::-1])
    frame = frame_of(upside_down, 2).mapInArrow(fails_at_first, DDL)
    found = clusters(frame, SETTINGS, Folder(str(tmp_path)), frame.drop("signature"))
    assert rows_of(found) == brute(table, SETTINGS.minimum_similarity)


@pytest.mark.spark
def test_real_texts(frame_of, tmp_path):
    """Pages of the samples, with the edits that pages of the web differ by."""
    pages = [path.read_text("utf-8", "replace") for path in sorted(SAMPLES.rglob("*.md"))[:40]]
    texts = []
    for page in pages:
        words = [np.uint64(int.from_bytes(blake2b(w.encode(), digest_size=8).digest()))
                 for w in page.split()]  # fmt: skip
        for start, step in ((0, 1), (0, 1), (3, 1), (0, 60), (len(words) // 8, 1)):
            gone = range(start, len(words), step) if step > 1 else ()
            texts.append(np.array(np.delete(words[start if step == 1 else 0 :], gone), np.uint64))
    table = documents_of(texts, ["fin_Latn"] * len(texts))
    expected = brute(table, SETTINGS.minimum_similarity)
    assert len({cluster for _, cluster, _, _ in expected}) < len(texts) / 2
    assert rows_of(clusters(frame_of(table, 3), SETTINGS, Folder(str(tmp_path)))) == expected


@pytest.mark.spark
def test_no_documents(frame_of, tmp_path):
    assert rows_of(clusters(frame_of(web().slice(0, 0), 1), SETTINGS, Folder(str(tmp_path)))) == []


def signed(node, values):
    return {
        "node": node,
        "scope": "fin_Latn",
        "text_hash": node.to_bytes(16, "big"),
        "signature": np.asarray(values, "<u4").tobytes(),
    }


def test_a_stranger_with_the_smallest_node_splits_no_pair():
    """One bucket: its first document resembles nobody, the others each other."""
    rng = np.random.default_rng(8)
    stranger = rng.integers(0, 2**32, 112)
    family = rng.integers(0, 2**32, 112)
    stranger[:8] = family[:8]  # the first band, and nothing else
    far = [rng.integers(0, 2**32, 112) for _ in range(3)]
    for values in far:
        values[:8] = family[:8]
    members = []
    for i in range(5):
        member = family.copy()
        member[104 - 8 * i : 112 - 8 * i] = rng.integers(0, 2**32, 8)
        # every band but the first is broken, so only the first bucket can link
        member[8::8] = rng.integers(0, 2**32, 13)
        members.append(member)
    rows = [signed(i + 1, v) for i, v in enumerate([stranger, *far, *members])]
    documents = pa.RecordBatch.from_pylist(rows, pa.schema(list(COLUMNS.items())))
    assert first_of(documents, equal_bytes_needed(0.65, 112)) == [1, 2, 3, 4, 5, 5, 5, 5, 5]
    assert first_of(documents, 0) == [1] * 9


def first_of(documents, equal_bytes):
    """The smallest node linked to each, as tasks of the buckets link them."""
    rows_of = partial(bands_of_batch, bands=14, rows=8, sketched=equal_bytes > 0)
    edges = list(pack_edges(packs(iter([documents]), rows_of, 1), equal_bytes, 16))
    ends = [np.concatenate([edge[name].to_numpy() for edge in edges]) for name in ("node", "hub")]
    nodes = documents["node"].to_numpy()
    found = connected_components(*(np.concatenate([end, nodes]) for end in ends))
    return found[1].tolist()


@pytest.mark.spark
def test_exact_edges_go_to_the_smallest_of_a_scope(frame_of):
    texts = [(5, "a", b"x"), (-3, "a", b"x"), (9, "a", b"x"), (1, "b", b"x"), (2, "b", b"x")]
    texts += [(20, None, b"y"), (21, None, b"y"), (30, "a", None), (31, "a", None)]
    texts += [(40, "a", NO_WORDS), (41, "a", NO_WORDS)]
    rows = [dict(zip(COLUMNS, (*text, b""), strict=True)) for text in texts]
    table = pa.Table.from_pylist(rows, pa.schema(list(COLUMNS.items())))
    assert rows_of(exact_edges(frame_of(table, 4))) == [(2, 1), (5, -3), (9, -3), (21, 20)]


@pytest.mark.spark
def test_no_join_goes_by_way_of_the_driver(frame_of):
    """Spark would broadcast tables as small as these."""
    documents = frame_of(web(), 2)
    edges = exact_edges(documents)
    members = memberships(documents, edges, edges)
    for frame in (edges, members, large_stars(edges), small_stars(edges)):
        plan = frame._jdf.queryExecution().executedPlan().toString()
        assert "SortMergeJoin" in plan
        assert "Broadcast" not in plan


@pytest.mark.spark
def test_documents_that_share_a_node_keep_a_row_each(frame_of, tmp_path):
    texts = [(1, "a", b"x"), (2, "a", b"y"), (5, "a", b"x"), (5, "a", b"y")]
    rows = [dict(zip(COLUMNS, (*text, b""), strict=True)) for text in texts]
    table = pa.Table.from_pylist(rows, pa.schema(list(COLUMNS.items())))
    found = rows_of(clusters(frame_of(table, 2), SETTINGS, Folder(str(tmp_path))))
    assert found == [(1, 1, 3, 1), (2, 2, 1, 2), (5, 1, 3, 1), (5, 1, 3, 1)]
    assert in_process(table, SETTINGS) == found


@pytest.mark.parametrize(
    "wrong",
    [{"bands": 0}, {"rows": -1}, {"leaders": 0}, {"partitions": 0}, {"edge_cap": -1}]
    + [{"minimum_similarity": value} for value in (-0.1, 1.1, float("nan"))],
)
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(ConfigError):
        ClusterSettings(**wrong)
