"""The published clusters table: for every document its cluster, the copy that stays, and how alike.

It is known once the rules have spoken, so it is written from the decisions: their narrow columns,
sorted by document. What one process holds is sorted whole, so that its shards do not depend on the
ranges in which archives were read. Beyond that a shard is some documents files, sorted by itself:
no shuffle, and the same shards for the same ranges.
"""

import uuid
from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline import parquet, spread
from pipeline.files import Folder
from pipeline.judging import ROWS
from pipeline.parquet import File
from pipeline.schema import CLUSTERS, schema

SHARD_ROWS = 1_000_000
"""Rows after which a shard ends: some 50 MB."""
CLUSTERS_SCHEMA = schema(CLUSTERS)


def written(
    spark: SparkSession | None, folder: Folder, decisions: Sequence[File], staging: str
) -> dict[str, File]:
    """Write the shards below ``staging``: staged files by the names they are to be published under.

    By Spark, a task for a shard, or with None here.
    """

    def one(number: int, table: pa.Table) -> File:
        path = f"{staging}/{name_of(number)}.{uuid.uuid4().hex[:12]}"
        with parquet.Writer(folder, path, CLUSTERS_SCHEMA) as out:
            for batch in table.combine_chunks().to_batches(ROWS):
                out.write(batch)
        return out.file

    if spark is None:
        table = _sorted(folder, decisions)
        starts = range(0, table.num_rows, SHARD_ROWS)
        found = (one(n, table.slice(start, SHARD_ROWS)) for n, start in enumerate(starts))
        return {name_of(number): file for number, file in enumerate(found)}

    shards = planned(decisions)

    def task(number: int) -> spread.Batches:
        file = one(number, _sorted(folder, shards[number]))
        yield pa.record_batch([[number], *([value] for value in file)], spread.OF_FILE)

    rows = spread.each(spark, range(len(shards)), task, spread.OF_FILE).collect()
    return {name_of(row[0]): File(*row[1:]) for row in sorted(rows)}


def planned(decisions: Sequence[File]) -> list[list[File]]:
    """The decisions files of each shard: neighbours, of some ``SHARD_ROWS`` rows together.

    >>> shards = planned([File("", rows, 0, "") for rows in (400_000, 700_000, 2_000_000, 5)])
    >>> [[file.rows for file in shard] for shard in shards]
    [[400000, 700000], [2000000], [5]]
    """
    shards: list[list[File]] = []
    last, before = -1, 0
    for file in decisions:
        if before // SHARD_ROWS != last:
            shards.append([])
            last = before // SHARD_ROWS
        shards[-1].append(file)
        before += file.rows
    return shards


def name_of(number: int) -> str:
    """Name of a shard in the output folder."""
    return f"clusters/part-{number:05d}.parquet"


def _sorted(folder: Folder, files: Sequence[File]) -> pa.Table:
    """The narrow columns of decisions files, sorted by document."""
    names = CLUSTERS_SCHEMA.names
    batches = [
        batch.select(names)
        for file in files
        for batch in parquet.batches(folder, file.path, names, ROWS)
    ]
    return pa.Table.from_batches(batches, CLUSTERS_SCHEMA).sort_by("doc_id")
