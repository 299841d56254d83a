"""The published clusters table: for every document its cluster, the copy that stays, and how alike.

It is known once the rules have spoken, so it is written from the decisions: their narrow columns,
in the order of the documents, some documents files a shard. No shuffle. Which files share a shard
follows from their rows, so that every run makes the same shards.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

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

    By Spark, a task for a shard, or with None in threads here.
    """
    shards = planned(decisions)

    def one(number: int) -> File:
        path = f"{staging}/{name_of(number)}.{uuid.uuid4().hex[:12]}"
        with parquet.Writer(folder, path, CLUSTERS_SCHEMA) as out:
            for batch in _rows(folder, shards[number]):
                out.write(batch)
        return out.file

    def task(number: int) -> spread.Batches:
        yield pa.record_batch([[number], *([value] for value in one(number))], spread.OF_FILE)

    numbers = range(len(shards))
    if spark is None:
        with ThreadPoolExecutor(cpu_count() or 1) as pool:
            return {name_of(n): file for n, file in enumerate(pool.map(one, numbers))}
    rows = spread.each(spark, numbers, task, spread.OF_FILE).collect()
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


def _rows(folder: Folder, files: Sequence[File]) -> spread.Batches:
    """Rows in batches whose sizes do not depend on how the decisions were written."""
    for file in files:
        names = CLUSTERS_SCHEMA.names
        found = parquet.batches(folder, file.path, names, ROWS)
        table = pa.Table.from_batches([batch.select(names) for batch in found], CLUSTERS_SCHEMA)
        yield from table.combine_chunks().to_batches(ROWS)
