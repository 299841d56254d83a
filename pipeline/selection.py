"""Which records of which archives to read: an SQL condition over an index, as a table of places.

Spark evaluates the condition on the columns it names; what it chooses goes into the table
``selection``, sorted by archive and place, and is cut into pieces of work there. The driver sees
counts and names of files.
"""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa
import xxhash
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import index, parquet, spread
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.index import IndexFile
from pipeline.schema import SELECTION, schema
from pipeline.selected import Piece

TABLE = "selection"
COLUMNS = schema(SELECTION)
TASK_ROWS = 1 << 20
"""Rows of the index for each task of the extraction, if all are chosen."""
FEW_TASKS, MANY_TASKS = 32, 8192
PIECE_RECORDS = 20_000
DONE = pa.schema(
    [*spread.FILES, ("nameless", pa.int64())]
    + [(name, pa.list_(pa.int64())) for name in ("starts", "records", "lengths")]
    + [("keys", pa.list_(pa.string()))]
)


class Selection(NamedTuple):
    """What was chosen. ``nameless`` counts rows that fit the condition but name no record."""

    files: list[parquet.File]
    pieces: list[Piece]
    nameless: int


def condition(spark: SparkSession, columns: pa.Schema, where: str | None) -> str:
    """The condition, checked against the columns; ConfigError with column or position."""
    if not where:
        return "true"
    try:
        with _quiet():
            spark.createDataFrame([], spread.ddl(columns)).where(where).schema  # noqa: B018
    except AnalysisException as error:
        raise ConfigError(f"--where {where!r}: {_plain(error)}") from None
    return where


def select(
    spark: SparkSession,
    files: Sequence[IndexFile],
    where: str | None,
    folder: Folder,
    piece_bytes: int,
) -> Selection:
    """Records of the index that fit the condition, in the table ``selection``.

    Of several rows for one place the longest counts. A condition that is null for a row does not
    choose it, nor one that cannot be computed for it (Spark's ANSI mode is off).
    """
    columns = index.columns_of(files)
    where = condition(spark, columns, where)
    read = index.needed(columns, where)
    every = spread.each(spark, files, lambda file: index.rows(file, read), read)
    tasks = _tasks(sum(file.rows for file in files))
    write = _writer(folder, piece_bytes)
    try:
        with _quiet(), _lenient(spark):
            done = _placed(every.where(where), tasks).mapInArrow(write, spread.ddl(DONE)).collect()
    except PySparkException as error:
        if not str(error).startswith("[USER_RAISED_EXCEPTION]"):
            raise
        raise ConfigError(f"--where {where!r}: {_plain(error)}") from None
    written = sorted((parquet.File(*row[:4]), row) for row in done)
    pieces = [
        Piece(file.path, *piece)
        for file, row in written
        for piece in zip(row.starts, row.records, row.lengths, row.keys, strict=True)
    ]
    nameless = sum(row.nameless for row in done)
    return Selection([file for file, _ in written if file.rows], pieces, nameless)


def _tasks(rows: int) -> int:
    return min(max(rows // TASK_ROWS, min(rows // 1000 + 1, FEW_TASKS)), MANY_TASKS)


def _placed(chosen: DataFrame, tasks: int) -> DataFrame:
    """The records by archive and place: (warc_file, warc_offset, warc_length)."""
    named = chosen.select(
        F.col(index.FILE).alias("warc_file"),
        F.col(index.OFFSET).alias("warc_offset"),
        F.col(index.LENGTH).alias("warc_length"),
    )
    order = ("warc_file", "warc_offset", F.desc("warc_length"))
    return named.repartition(tasks, "warc_file").sortWithinPartitions(*order)


def _writer(folder: Folder, piece_bytes: int):  # type: ignore[no-untyped-def]
    def write(batches: spread.Batches) -> spread.Batches:
        path = f"{TABLE}/{uuid.uuid4().hex[:12]}.parquet"
        cut = _Cutter(piece_bytes)
        with parquet.Writer(folder, path, COLUMNS) as out:
            for batch in batches:
                kept = [row for row in zip(*_lists(batch), strict=True) if cut.takes(*row)]
                arrays = [list(values) for values in zip(*kept, strict=True)] or [[], [], []]
                out.write(pa.record_batch(arrays, schema=COLUMNS))
        pieces = [list(column) for column in zip(*cut.pieces(), strict=True)] or [[], [], [], []]
        values = [*out.file, cut.nameless, *pieces]
        yield pa.record_batch([[value] for value in values], schema=DONE)

    return write


def _lists(batch: pa.RecordBatch) -> Iterator[list[object]]:
    for name in COLUMNS.names:
        yield batch.column(name).to_pylist()


class _Cutter:
    """Cuts sorted records into pieces; leaves out a place's second row, and rows without one."""

    def __init__(self, piece_bytes: int) -> None:
        self._most = piece_bytes
        self._last: tuple[str, int] | None = None
        self._rows = self._start = self._bytes = self.nameless = 0
        self._hash = xxhash.xxh3_128()
        self._done: list[tuple[int, int, int, str]] = []

    def takes(self, file: str | None, offset: int | None, length: int | None) -> bool:
        """Whether this is a record of its own."""
        if not file or offset is None or length is None or offset < 0 or length <= 0:
            self.nameless += 1
            return False
        if self._last == (file, offset):
            return False
        records = self._rows - self._start
        if records and (self._bytes + length > self._most or records >= PIECE_RECORDS):
            self._close()
        self._last = file, offset
        self._rows += 1
        self._bytes += length
        self._hash.update(f"{file}\0{offset}\0{length}\n".encode())
        return True

    def pieces(self) -> list[tuple[int, int, int, str]]:
        """(first row, rows, bytes, key) of every piece."""
        if self._rows > self._start:
            self._close()
        return self._done

    def _close(self) -> None:
        records = self._rows - self._start
        self._done.append((self._start, records, self._bytes, self._hash.hexdigest()))
        self._start, self._bytes, self._hash = self._rows, 0, xxhash.xxh3_128()


def _plain(error: PySparkException) -> str:
    """Spark's message without its code, plan and trace; with the position it gives, if any."""
    told = str(error).strip().partition("] ")[2]
    message, _, rest = told.partition(" SQLSTATE: ")
    place = rest.partition("line ")[2].partition("\n")[0].strip(" ;)")
    return message.replace("\n", " ") + (f" (line {place})" if place else "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Spark's logger of queries, which prints a Java trace for a user's typing error, is silent."""
    logger = logging.getLogger("SQLQueryContextLogger")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _lenient(spark: SparkSession) -> Iterator[None]:
    key = "spark.sql.ansi.enabled"
    before = spark.conf.get(key)
    spark.conf.set(key, "false")
    try:
        yield
    finally:
        spark.conf.set(key, before or "true")
