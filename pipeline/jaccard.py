"""Edges between documents that share a bucket and whose shingles are similar: the true check.

Sets of shingles are larger than signatures, so they travel as little as they can: first the buckets
with two documents or more are found, by nodes alone; those with the same documents are one, as
copies meet in most of their bands; then the sets are made, of documents in such a bucket only.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from dedup.set_leaders import no_set_leaders, set_links, shared_groups
from pipeline import spread
from pipeline.buckets import EDGES, EDGES_DDL, KEY, Key, bucket_starts
from pipeline.components import shuffled
from pipeline.files import Folder

GROUP = ("smallest", "members")
GROUPS = pa.schema([("smallest", pa.int64()), ("members", pa.int64()), ("node", pa.int64())])
GROUPS_DDL = "smallest long, members long, node long"
ROWS_AT_ONCE = 200_000
"""Rows of groups handed on at once: 5 MB."""


def shared_buckets(bands: DataFrame, partitions: int | None = None) -> DataFrame:
    """Buckets with two documents or more, each once however many bands it is found in.

    A bucket is named by its smallest node and a 64-bit hash of all its nodes, so two different
    ones are taken for one with a chance of 2^-64 a pair that shares its smallest node. The nodes
    of one bucket are held in memory, 8 bytes each.

    Columns: in (scope: string, band: int, bucket: long, node: long), out (smallest: long, members:
    long, node: long).
    """
    rows = bands.select(*KEY, "node")
    spread_out = (
        rows.repartition(F.col("bucket"))
        if partitions is None
        else rows.repartition(partitions, F.col("bucket"))
    )
    keys = [F.col(name) for name in (*KEY, "node")]
    return spread_out.sortWithinPartitions(*keys).mapInArrow(group_rows, GROUPS_DDL).distinct()


def saved_groups(groups: DataFrame, scratch: Folder) -> DataFrame:
    """Groups written and read back, for they are used twice.

    Columns: in (smallest: long, members: long, node: long), out the same.
    """
    files = spread.write(groups, scratch, "shared", GROUPS)
    return spread.table(groups.sparkSession, scratch, files, GROUPS)


def jaccard_edges(
    groups: DataFrame, sets: Callable[[DataFrame], DataFrame], minimum: float, leaders: int
) -> DataFrame:
    """Edges between documents of a group whose sets have at least that Jaccard similarity.

    A group is read as one stream in the order of its nodes and checked against up to ``leaders``
    of its documents (``dedup.set_leaders``). ``sets`` gives (node: long, shingles: binary, sorted
    uint64 little-endian) for a frame of distinct nodes.

    Columns: in (smallest: long, members: long, node: long), out (node: long, hub: long), the
    node the larger.
    """
    shingled = sets(groups.select("node").distinct())
    keys = [F.col(name) for name in GROUP]
    return (
        groups.join(shuffled(shingled), on="node", how="inner")
        .select(*GROUP, "node", "shingles")
        .repartition(*keys)
        .sortWithinPartitions(*keys, F.col("node"), F.col("shingles"))
        .mapInArrow(partial(set_edges, minimum=minimum, leaders=leaders), EDGES_DDL)
    )


def group_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of GROUPS of the buckets in band rows sorted by KEY, then node."""
    held: list[NDArray[np.int64]] = []
    last: Key | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        starts, last = bucket_starts(batch, KEY, last)
        nodes, cuts = batch.column("node").to_numpy(), np.flatnonzero(starts)
        if not len(cuts):
            held.append(nodes)
            continue
        whole = np.concatenate([*held, nodes[: cuts[-1]]])
        before = sum(map(len, held))
        held = [nodes[cuts[-1] :]]
        own = cuts[:-1] + before
        yield from _groups(whole, np.concatenate([[0], own[own > 0]]) if len(whole) else own)
    if held:
        yield from _groups(np.concatenate(held), np.zeros(1, np.int64))


def _groups(nodes: NDArray[np.int64], starts: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    columns = tuple(np.empty(len(nodes), np.int64) for _ in GROUPS)
    count = shared_groups(nodes, starts.astype(np.int64), *columns)
    batch = pa.record_batch([pa.array(column[:count]) for column in columns], GROUPS)
    for start in range(0, count, ROWS_AT_ONCE):
        yield batch.slice(start, ROWS_AT_ONCE)


def set_edges(
    batches: Iterator[pa.RecordBatch], minimum: float, leaders: int
) -> Iterator[pa.RecordBatch]:
    """Edges between similar documents of each group, from rows sorted by GROUP, then node.

    A row that repeats its node, as two documents might share one, is linked to no other node twice
    over and never to itself.
    """
    held = no_set_leaders(leaders)
    last: Key | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        starts, last = bucket_starts(batch, GROUP, last)
        nodes = batch.column("node").to_numpy()
        values, offsets = sets_of(batch.column("shingles"))
        left, right, held = set_links(nodes, values, offsets, starts, minimum, held)
        other = left != right
        yield pa.record_batch([pa.array(left[other]), pa.array(right[other])], EDGES)


def sets_of(column: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Numbers of binaries of uint64, and the n + 1 offsets of each one's."""
    column = column.cast(pa.large_binary())
    ends = np.concatenate([[0], np.cumsum(pc.binary_length(column).to_numpy())])
    if not ends[-1]:
        return np.zeros(0, np.uint64), np.zeros(len(ends), np.int64)
    _, offsets, data = column.buffers()
    first = int(np.frombuffer(offsets, np.int64)[column.offset])
    return np.frombuffer(data, "<u8", int(ends[-1]) // 8, first), ends // 8


def binaries_of(values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> pa.Array:
    """Binaries of uint64, little-endian: the way back."""
    buffers = [None, pa.py_buffer(offsets * 8), pa.py_buffer(values.astype("<u8", copy=False))]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers).cast(pa.binary())
