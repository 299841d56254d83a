"""Connected components in Spark: contract where the edges are, finish in one task or in rounds.

Edges are (node: long, hub: long). A star forest has one edge from every node but the smallest of
its component to that smallest; it is unique, so partitions, order and retries cannot show in it.

Union-find in one process takes about a fiftieth of the CPU time of distributed rounds, so rounds
are only for more edges than one task can hold.
"""

import logging
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from dedup.components import star_forest
from pipeline import spread
from pipeline.buckets import EDGES, EDGES_DDL
from pipeline.files import Folder

log = logging.getLogger(__name__)

EDGES_AT_ONCE = 4_000_000
"""Edges a partition contracts at a time: about 300 MB at the peak."""
EDGES_PER_BATCH = 500_000
"""8 MB of Arrow."""


def components(edges: DataFrame, scratch: Folder, name: str, edge_cap: int) -> DataFrame:
    """Star forest of the edges: every node but the smallest of its component, and that smallest.

    Up to ``edge_cap`` edges, once each partition has contracted its own, are finished by union-find
    in one task, at about 60 bytes an edge. More take rounds of large-star and small-star (Kiveris
    et al. 2014, "Connected components in MapReduce and beyond", SoCC), until that few are left or a
    round changes nothing. No step of a round raises any node's smallest neighbour, and edges that
    are no star forest lower one within two rounds: so an unchanged round is the end.

    The two last rounds are kept below ``name`` in ``scratch``, which cuts the lineage. Only counts,
    hash sums and file names reach the driver.

    Columns: in (node: long, hub: long), either way round, repeated or not; out (node, hub).
    """
    forest = saved(contracted(edges), scratch, f"{name}/round-0")
    state, before = _state(forest), None
    rounds = 0
    log.info("%s: %d edges after contraction", name, state[0])
    while state[0] > edge_cap and state != before:
        rounds += 1
        stars = contracted(small_stars(large_stars(forest)))
        forest = saved(stars, scratch, f"{name}/round-{rounds}")
        scratch.delete_folder(f"{name}/round-{rounds - 1}")
        state, before = _state(forest), state
        log.info("%s: %d edges after round %d", name, state[0], rounds)
    return forest if state[0] > edge_cap else finished(forest)


def contracted(edges: DataFrame) -> DataFrame:
    """Every partition's edges replaced by a star forest of the same components.

    Columns: in (node: long, hub: long), out the same, node > hub.
    """
    return edges.select("node", "hub").mapInArrow(
        partial(star_forests, edges_at_once=EDGES_AT_ONCE), EDGES_DDL
    )


def finished(edges: DataFrame) -> DataFrame:
    """Star forest of all edges, made by one task.

    Columns: in (node: long, hub: long), out the same, node > hub.
    """
    return edges.coalesce(1).mapInArrow(partial(star_forests, edges_at_once=None), EDGES_DDL)


def large_stars(edges: DataFrame) -> DataFrame:
    """Large-star: join every larger neighbour of a node to the smallest of the node's star.

    Columns: in (node: long, hub: long) with node > hub, out the same.
    """
    both = edges.union(edges.select(F.col("hub").alias("node"), F.col("node").alias("hub")))
    smallest = both.groupBy("node").agg(F.min("hub").alias("neighbour"))
    centres = smallest.select(
        F.col("node").alias("hub"), F.least("node", "neighbour").alias("smallest")
    )
    return edges.join(shuffled(centres), on="hub", how="inner").select(
        "node", F.col("smallest").alias("hub")
    )


def small_stars(edges: DataFrame) -> DataFrame:
    """Small-star: join a node and its smaller neighbours to the smallest of them.

    Columns: in (node: long, hub: long) with node > hub, out the same, distinct.
    """
    smallest = edges.groupBy("node").agg(F.min("hub").alias("smallest"))
    others = edges.join(shuffled(smallest), on="node", how="inner").where(
        F.col("hub") != F.col("smallest")
    )
    return (
        others.select(F.col("hub").alias("node"), F.col("smallest").alias("hub"))
        .union(smallest.select("node", F.col("smallest").alias("hub")))
        .distinct()
    )


def shuffled(rows: DataFrame) -> DataFrame:
    """The rows, to be joined by shuffling and sorting both sides.

    Spark would send a side that it takes for small to all machines by way of the driver, and judges
    by compressed bytes: a million nodes of 10 MB there took a heap of 1 GiB.
    """
    return rows.hint("merge")


def saved(edges: DataFrame, scratch: Folder, name: str) -> DataFrame:
    """Write edges and read them back, so that nothing before them is run again.

    Columns: in (node: long, hub: long), out the same.
    """
    files = spread.write(edges, scratch, name, EDGES)
    return spread.table(edges.sparkSession, scratch, files, EDGES)


def _state(edges: DataFrame) -> tuple[int, Decimal | None]:
    """Count and hash sum of the edges; decimal, as a sum of longs overflows."""
    hashed = F.xxhash64("node", "hub").cast("decimal(20,0)")
    row = edges.agg(F.count(F.lit(1)).alias("count"), F.sum(hashed).alias("sum")).collect()[0]
    return row["count"], row["sum"]


def star_forests(
    batches: Iterator[pa.RecordBatch], edges_at_once: int | None
) -> Iterator[pa.RecordBatch]:
    """Star forest of a stream of edges (node, hub), or several where it is long.

    With ``edges_at_once``, edges are contracted whenever that many are held, and handed on when
    that no longer halves them, which bounds memory. With None there is one forest, and memory is
    that of about three times its edges: they are contracted whenever they are that many.
    """
    held: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    count = 0
    limit = EDGES_AT_ONCE if edges_at_once is None else edges_at_once
    for batch in batches:
        held.append((batch.column("node").to_numpy(), batch.column("hub").to_numpy()))
        count += batch.num_rows
        if count >= limit:
            held = [_forest(held)]
            count = len(held[0][0])
            if edges_at_once is None:
                limit = max(EDGES_AT_ONCE, 3 * count)
            elif 2 * count > edges_at_once:
                yield from _batches(*held.pop())
                count = 0
    if held:
        yield from _batches(*_forest(held))


def _forest(
    held: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    left = np.concatenate([nodes for nodes, _ in held])
    right = np.concatenate([hubs for _, hubs in held])
    held.clear()  # at 16 bytes an edge, before as much again is needed several times
    return star_forest(left, right)


def _batches(nodes: NDArray[np.int64], hubs: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    batch = pa.record_batch([pa.array(nodes), pa.array(hubs)], EDGES)
    for start in range(0, batch.num_rows, EDGES_PER_BATCH):
        yield batch.slice(start, EDGES_PER_BATCH)
