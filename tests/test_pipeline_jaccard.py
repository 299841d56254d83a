"""The true check: groups from buckets, sets from text, clusters equal to brute force."""

import itertools
import random

import numpy as np
import pyarrow as pa
import pytest

from dedup.bands import band_hashes
from dedup.components import connected_components
from dedup.minhash import signatures
from dedup.set_leaders import jaccard
from dedup.shingling import FIVE_WORDS, Shingling, distinct, shingles_of
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline import parquet
from pipeline.buckets import BAND_ROWS
from pipeline.clusters import ClusterSettings, clusters
from pipeline.files import Folder
from pipeline.jaccard import GROUPS, binaries_of, group_rows, set_edges, sets_of
from pipeline.judging import node_of
from pipeline.shingle_sets import shingle_sets, text_sets

DOCUMENT = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
KEYED = pa.schema(
    [
        ("node", pa.int64()),
        ("scope", pa.string()),
        ("text_hash", pa.binary()),
        ("signature", pa.binary()),
    ]
)


def band_table(buckets):
    """Band rows of buckets, each of (bucket, nodes), sorted as the shuffle sorts them."""
    rows = [("fin", 0, bucket, node, b"") for bucket, nodes in sorted(buckets) for node in nodes]
    columns = zip(*rows, strict=True)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, BAND_ROWS, strict=True)]
    return pa.record_batch(arrays, BAND_ROWS)


def test_groups_are_the_buckets_with_two_documents_wherever_batches_end():
    buckets = [(1, [4, 9]), (2, [5]), (3, [4, 9]), (4, [7, 7]), (5, [-3, 4, 9]), (6, [2, 2, 8])]
    whole = band_table(buckets)
    expected = [[4, 9], [4, 9], [-3, 4, 9], [2, 8]]
    for cuts in ([0, 13], [0, 1, 2, 3, 13], list(range(14)), [0, 0, 5, 5, 8, 13]):
        parts = [whole.slice(a, b - a) for a, b in itertools.pairwise(cuts)]
        rows = [row for batch in group_rows(iter(parts)) for row in batch.to_pylist()]
        assert [row["node"] for row in rows] == [node for nodes in expected for node in nodes]
        assert [row["smallest"] for row in rows] == [min(n) for n in expected for _ in n]
        names = [rows[i]["members"] for i in (0, 2, 4, 7)]
        assert names[0] == names[1]  # the same documents: one bucket
        assert len(set(names)) == 3


def test_a_long_bucket_is_read_in_linear_time():
    nodes = np.arange(300_000)
    whole = band_table([(1, nodes.tolist())])
    parts = (whole.slice(start, 50) for start in range(0, len(nodes), 50))
    found = np.concatenate([batch.column("node").to_numpy() for batch in group_rows(parts)])
    assert (found == nodes).all()


def test_binaries_and_back():
    values = np.array([1, 2**64 - 1, 7], np.uint64)
    column = binaries_of(values, np.array([0, 0, 2, 3], np.int64))
    assert column.to_pylist()[0] == b""
    assert [part.tolist() for part in sets_of(column)] == [values.tolist(), [0, 0, 2, 3]]
    assert [part.tolist() for part in sets_of(column.slice(2))] == [[7], [0, 1]]
    assert sets_of(column.slice(0, 1))[0].tolist() == []


def test_documents_that_share_a_node_get_no_edge_to_themselves():
    columns = [[1] * 3, [5] * 3, [1, 1, 2]]
    sets = binaries_of(np.array([4, 4, 4], np.uint64), np.array([0, 1, 2, 3], np.int64))
    batch = pa.record_batch([*map(pa.array, columns), sets], [*GROUPS.names, "shingles"])
    (found,) = set_edges(iter([batch]), 0.8, 4)
    assert found.to_pylist() == [{"node": 2, "hub": 1}]


def texts():
    """Families of texts with some words changed, in no order."""
    draw = random.Random(4)
    words = ["".join(draw.choices("abcdefghij", k=5)) for _ in range(4000)]
    found = []
    for _ in range(40):
        original = draw.choices(words, k=draw.randrange(30, 200))
        for _ in range(draw.randrange(1, 6)):
            copy = list(original)
            for place in draw.sample(range(len(copy)), draw.randrange(1 + len(copy) // 30)):
                copy[place] = draw.choice(words)
            found.append(" ".join(copy).capitalize() + ".")
    found += ["", "?", "one two"]
    draw.shuffle(found)
    return found


def signed(every, shingling):
    characters = characters_of(every)
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    hashes, offsets = shingles_of(characters, tokens, lower, shingling)
    values, ends = distinct(hashes, offsets)
    sets = [values[a:b] for a, b in itertools.pairwise(ends)]
    return signatures(hashes, offsets), sets


def stored(folder, every):
    ids = [f"{random.Random(i).getrandbits(128):032x}" for i in range(len(every))]
    files = []
    for number, start in enumerate(range(0, len(every), 50)):
        rows = pa.table([ids[start : start + 50], every[start : start + 50]], schema=DOCUMENT)
        with parquet.Writer(folder, f"documents/{number}.parquet", DOCUMENT) as out:
            out.write(rows.to_batches()[0])
        files.append(out.file)
    return files, node_of(pa.array(ids))


def brute(nodes, signature, sets, minimum):
    """Cluster of every node: every pair compared that shares a band, by plain sets."""
    bands = band_hashes(signature, 14)
    edges = [(node, node) for node in nodes.tolist()]
    for i, j in itertools.combinations(range(len(nodes)), 2):
        candidates = len(sets[i]) and (bands[i] == bands[j]).any()
        if candidates and jaccard(sets[i], sets[j]) >= minimum - 1e-12:
            edges.append((int(nodes[i]), int(nodes[j])))
    return dict(
        zip(*(part.tolist() for part in connected_components(*np.array(edges).T)), strict=True)
    )


@pytest.mark.spark
def test_clusters_by_true_similarity_are_those_of_brute_force(spark, tmp_path):
    shingling = FIVE_WORDS
    every = texts()
    folder = Folder(str(tmp_path))
    files, nodes = stored(folder, every)
    signature, sets = signed(every, shingling)
    columns = [
        pa.array(nodes),
        pa.array(["all"] * len(every)),
        pa.array([int(node).to_bytes(16, "little", signed=True) for node in nodes]),  # none equal
        pa.array(
            [row.tobytes() if len(s) else b"" for row, s in zip(signature, sets, strict=True)]
        ),
    ]
    table = pa.table([c.cast(f.type) for c, f in zip(columns, KEYED, strict=True)], schema=KEYED)
    frame = spark.createDataFrame(table).repartition(3)
    asked = []

    def made(wanted):
        asked.extend(row["node"] for row in wanted.collect())
        return shingle_sets(spark, folder, files, folder.below("scratch"), wanted, shingling)

    settings = ClusterSettings(minimum_similarity=0.8)
    found = clusters(frame, settings, folder.below("scratch"), sets=made).collect()
    expected = brute(nodes, signature, sets, 0.8)
    assert {row["node"]: row["cluster"] for row in found} == expected
    assert len(set(expected.values())) < len(nodes) - 10
    # sets are made of documents that share a bucket, and of no others
    bands = band_hashes(signature, 14)
    shared = {
        int(nodes[i])
        for i, j in itertools.permutations(range(len(nodes)), 2)
        if len(sets[i]) and len(sets[j]) and (bands[i] == bands[j]).any()
    }
    assert sorted(asked) == sorted(shared)


@pytest.mark.parametrize("shingling", [FIVE_WORDS, Shingling("characters", 24)])
def test_sets_are_those_of_the_signature(shingling):
    every = texts()[:20]
    _, sets = signed(every, shingling)
    column = pa.array(["before", *every])
    values, offsets = sets_of(text_sets(column.slice(1), shingling))
    assert [values[a:b].tolist() for a, b in itertools.pairwise(offsets)] == [
        one.tolist() for one in sets
    ]
