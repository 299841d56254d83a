"""Spark over files: one task a file or range, Arrow batches in between, no path through the JVM."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import TypeVar

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from pipeline import parquet
from pipeline.files import Folder

TASK_BYTES = 64 << 20
"""Bytes of Parquet files that one task reads."""

T = TypeVar("T")
Batches = Iterator[pa.RecordBatch]


def each(
    spark: SparkSession, items: Sequence[T], work: Callable[[T], Batches], result: pa.Schema
) -> DataFrame:
    """One task per item: the batches ``work`` makes of it.

    ``items`` travel by broadcast, so a task holds a number, not a path; exactly one item a task.
    """
    shared = spark.sparkContext.broadcast(list(items))

    def run(numbers: Batches) -> Batches:
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                yield from work(shared.value[number])

    count = len(items)
    if count == 0:
        return spark.createDataFrame([], ddl(result))
    return spark.range(0, count, 1, count).mapInArrow(run, ddl(result))


def bundles(sizes: Sequence[int], most: int, parallelism: int) -> list[int]:
    """Number of the task for each of some items in order: about ``most`` bytes a task, or less.

    A task costs some 50 ms whatever it does, so small files share one; but there are twice as many
    tasks as cores where the bytes allow it.
    """
    target = max(1, min(most, sum(sizes) // (2 * parallelism)))
    return [start // target for start in accumulate(sizes, initial=0)][: len(sizes)]


def grouped(
    spark: SparkSession, files: Sequence[parquet.File]
) -> list[list[tuple[int, parquet.File]]]:
    """Files with their numbers, bundled into tasks."""
    tasks = bundles([f.bytes for f in files], TASK_BYTES, spark.sparkContext.defaultParallelism)
    pairs = zip(tasks, enumerate(files), strict=True)
    return [[item for _, item in own] for _, own in groupby(pairs, key=itemgetter(0))]


def rows_of(
    spark: SparkSession,
    folder: Folder,
    files: Sequence[parquet.File],
    work: Callable[[int, Batches], Batches],
    columns: Sequence[str] | None,
    result: pa.Schema,
) -> DataFrame:
    """``work`` over the rows of Parquet files, file by file; it gets the file's number too."""

    def read(items: list[tuple[int, parquet.File]]) -> Batches:
        for number, file in items:
            yield from work(number, parquet.batches(folder, file.path, columns))

    return each(spark, grouped(spark, files), read, result)


def table(
    spark: SparkSession, folder: Folder, files: Sequence[parquet.File], result: pa.Schema
) -> DataFrame:
    """A table from its files, on a local disk or S3 alike."""

    def read(number: int, batches: Batches) -> Batches:
        for batch in batches:
            yield batch.cast(result)

    return rows_of(spark, folder, files, read, result.names, result)


def ddl(schema: pa.Schema) -> str:
    """Spark's name for an Arrow schema: ``doc_id string, rows bigint``."""
    return ", ".join(f"`{field.name}` {spark_type(field.type)}" for field in schema)


def spark_type(kind: pa.DataType) -> str:
    """Spark's name for an Arrow type the tables use."""
    if pa.types.is_list(kind):
        return f"array<{spark_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"`{f.name}`: {spark_type(f.type)}" for f in kind) + ">"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind):
        return "binary"
    return _NAMES[kind]


_NAMES = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
}


FILES = pa.schema(
    [("path", pa.string()), ("rows", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())]
)
OF_FILE = pa.schema([("file", pa.int32()), *FILES])


def write(rows: DataFrame, folder: Folder, name: str, result: pa.Schema) -> list[parquet.File]:
    """Write a table as one file per partition under fresh names; the files that count.

    A task that Spark ran twice wrote twice; only the attempt it took is returned.
    """

    def one(batches: Batches) -> Batches:
        path = f"{name}/{uuid.uuid4().hex[:12]}.parquet"
        with parquet.Writer(folder, path, result) as out:
            for batch in batches:
                out.write(batch.cast(result))
        yield pa.record_batch([[value] for value in out.file], schema=FILES)

    done = rows.select(*result.names).mapInArrow(one, ddl(FILES)).collect()
    return sorted(parquet.File(*row) for row in done)


def answered(
    spark: SparkSession,
    files: Sequence[parquet.File],
    target: Folder,
    name: str,
    result: pa.Schema,
    rows: Callable[[int, parquet.File], Batches],
) -> list[parquet.File]:
    """Write a table whose file ``i`` holds what ``rows`` makes of file ``i``. No shuffle."""

    def work(items: list[tuple[int, parquet.File]]) -> Batches:
        for number, file in items:
            path = f"{name}/{uuid.uuid4().hex[:12]}.parquet"
            with parquet.Writer(target, path, result) as out:
                for batch in rows(number, file):
                    out.write(batch)
            yield pa.record_batch([[number], *([value] for value in out.file)], OF_FILE)

    done = each(spark, grouped(spark, files), work, OF_FILE).collect()
    return [parquet.File(*row[1:]) for row in sorted(done)]


def write_by_file(
    rows: DataFrame, folder: Folder, name: str, result: pa.Schema, order: str, tasks: int
) -> dict[int, parquet.File]:
    """Write a table so that each documents file has a file of its own, sorted by ``order``.

    Columns: in those of ``result``, ``file`` the documents file's number. A number without rows
    has no file.
    """

    def one(batches: Batches) -> Batches:
        for number, parts in groupby(runs(batches, "file"), key=itemgetter(0)):
            path = f"{name}/{uuid.uuid4().hex[:12]}.parquet"
            with parquet.Writer(folder, path, result) as out:
                for _, part in parts:
                    out.write(part.cast(result))
            yield pa.record_batch([[number], *([value] for value in out.file)], schema=OF_FILE)

    gathered = rows.select(*result.names).repartition(tasks, "file")
    done = gathered.sortWithinPartitions("file", order).mapInArrow(one, ddl(OF_FILE)).collect()
    return {row[0]: parquet.File(*row[1:]) for row in sorted(done)}


def runs(batches: Batches, column: str) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches sorted by a column of numbers >= 0, cut where that changes, with its value."""
    for batch in batches:
        numbers = batch.column(column).to_numpy()
        starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
            yield int(numbers[start]), batch.slice(start, end - start)


def by_task(rows: DataFrame, tasks: int) -> DataFrame:
    """Rows gathered by their task; one task a partition where Spark can promise it (4.1)."""
    if hasattr(rows, "repartitionById"):
        return rows.repartitionById(tasks, "task")
    return rows.repartition(tasks, "task")
