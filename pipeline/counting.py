"""Counts over the files of a table: by Spark, a task for some files, or in one process."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from pipeline import parquet, rehydration, stats
from pipeline.files import Folder
from pipeline.judging import ROWS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Count = Callable[[pa.Table], pa.Table]
"""From rows of a table to rows of counts."""


class Sum(NamedTuple):
    """How counts of parts are added up, and their schema."""

    of: Callable[[Iterable[pa.Table]], pa.Table]
    result: pa.Schema


FUNNEL = Sum(stats.summed, stats.FUNNEL_SCHEMA)
SIZES = Sum(rehydration.summed, rehydration.COUNTS)


def in_process(
    folder: Folder,
    files: Sequence[parquet.File],
    columns: Sequence[str],
    count: Count,
    sums: Sum = FUNNEL,
) -> pa.Table:
    """The counts of all rows, added up, file by file in threads."""

    def part(file: parquet.File) -> pa.Table:
        return sums.of(_counted(folder, file, columns, count))

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return sums.of(pool.map(part, files))


def by_spark(
    spark: "SparkSession",
    folder: Folder,
    files: Sequence[parquet.File],
    columns: Sequence[str],
    count: Count,
    sums: Sum = FUNNEL,
) -> pa.Table:
    """The same, by tasks."""
    from pipeline import spread  # noqa: PLC0415  # the other way needs no Spark

    def part(items: list[tuple[int, parquet.File]]) -> spread.Batches:
        parts = [t for _, file in items for t in _counted(folder, file, columns, count)]
        yield from sums.of(parts).to_batches()

    tasks = spread.grouped(spark, files)
    rows = spread.each(spark, tasks, part, sums.result).collect()
    return sums.of([pa.Table.from_pylist([r.asDict() for r in rows], sums.result)])


def _counted(
    folder: Folder, file: parquet.File, columns: Sequence[str], count: Count
) -> list[pa.Table]:
    batches = parquet.batches(folder, file.path, columns, ROWS)
    return [count(pa.Table.from_batches([batch])) for batch in batches]
