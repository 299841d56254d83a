"""Does an output folder still add up? Recounted from the files, never from what a run reported.

Invariants: every byte and record of every input has one fate; every extracted document is in
corpus or removed, once; every published file has the rows, size and SHA-256 of the manifest.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import counting, manifest, parquet, spread, stages, stats
from pipeline.files import Folder
from pipeline.schema import FUNNEL, LEDGER, SELECTION, schema

SHOWN = 20
CHUNK = 4 << 20
IDS = pa.schema([("doc_id", pa.string()), ("warc_file", pa.string())])


class Difference(NamedTuple):
    """One thing that does not add up."""

    check: str
    what: str


def verify(spark: SparkSession, folder: Folder) -> list[Difference]:
    """Everything that does not add up; empty for a sound output.

    Raises ConfigError where a stage is missing.
    """
    published = manifest.read(folder)
    extracted = stages.required(folder, "extract")
    stages.required(folder, "curate")
    if published is None:
        return [Difference("manifest", f"{manifest.NAME} is missing: nothing is published")]
    listed = manifest.files(published)
    differing = list(_stray(folder, listed))
    differing += _files(
        spark, folder, [*listed, *(f for fs in extracted.files.values() for f in fs)]
    )
    if differing:
        return differing  # counts over files that are not the right ones say nothing
    tables = {name: _ids(spark, folder, listed, name) for name in ("corpus", "removed")}
    documents = _ids(spark, folder, extracted.files["documents"], "documents")
    ledger = spread.table(spark, folder, extracted.files["ledger"], schema(LEDGER))
    chosen = extracted.files.get("selection")
    accounted = (
        _bytes(ledger, input_sizes(extracted))
        if chosen is None
        else _chosen_bytes(ledger, spread.table(spark, folder, chosen, schema(SELECTION)))
    )
    return [
        *accounted,
        *_places(tables["corpus"], tables["removed"], documents),
        *_balance(ledger, tables["corpus"], tables["removed"]),
        *_funnel(spark, folder, listed, extracted),
    ]


def input_sizes(extracted: stages.Stage) -> dict[str, int]:
    """Bytes of every input of an extract stage; 0 where there was nothing to read."""
    inputs = cast(dict[str, list[Any]], extracted.parts["inputs"])
    return {name: max(known[1], 0) for name, known in inputs.items()}


def _stray(folder: Folder, listed: Sequence[parquet.File]) -> Iterator[Difference]:
    named = {file.path for file in listed}
    present = {path for table in manifest.PUBLISHED for path, _ in folder.list(table)}
    for path in sorted(present - named):
        yield Difference("files", f"{path} is not in the manifest")
    for path in sorted(named - present):
        yield Difference("files", f"{path} is in the manifest but missing")


def _files(spark: SparkSession, folder: Folder, listed: Sequence[parquet.File]) -> list[Difference]:
    """Size, SHA-256 and rows of every file, read again."""

    def read(items: list[tuple[int, parquet.File]]) -> spread.Batches:
        for _, file in items:
            yield pa.record_batch([[v] for v in _recount(folder, file.path)], schema=spread.FILES)

    expected = {file.path: file for file in listed}
    differing = []
    for row in spread.each(spark, spread.grouped(spark, listed), read, spread.FILES).collect():
        file = expected[row["path"]]
        for name in ("bytes", "rows", "sha256"):
            if row[name] != getattr(file, name):
                what = f"{file.path}: {name} {row[name]}, recorded {getattr(file, name)}"
                differing.append(Difference("files", what))
    return differing


def _recount(folder: Folder, path: str) -> parquet.File:
    digest, size = hashlib.sha256(), 0
    try:
        with folder.open_input(path) as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        rows = parquet.metadata(folder, path).num_rows
    except FileNotFoundError:
        return parquet.File(path, -1, -1, "missing")
    except (OSError, pa.ArrowInvalid):
        rows = -1
    return parquet.File(path, rows, size, digest.hexdigest())


def _ids(
    spark: SparkSession, folder: Folder, listed: Sequence[parquet.File], table: str
) -> DataFrame:
    own = [file for file in listed if file.path.startswith(f"{table}/")]
    return spread.table(spark, folder, own, IDS)


def _bytes(ledger: DataFrame, sizes: dict[str, int]) -> Iterator[Difference]:
    """The rows of an input cover its bytes, in order and without overlap."""
    covered = ledger.groupBy("warc_file").agg(
        F.sum("warc_length").alias("bytes"),
        F.min("warc_offset").alias("start"),
        F.max(F.col("warc_offset") + F.col("warc_length")).alias("end"),
    )
    seen = set()
    for row in covered.toLocalIterator():
        name, size = row["warc_file"], sizes.get(row["warc_file"], 0)
        seen.add(name)
        if (row["bytes"], row["start"], row["end"]) != (size, 0, size):
            what = f"{name}: {row['bytes']} of {size} bytes accounted for"
            yield Difference("ledger", what)
    for name in sorted(sizes.keys() - seen):
        yield Difference("ledger", f"{name}: an input without a ledger row")


def _chosen_bytes(ledger: DataFrame, selection: DataFrame) -> Iterator[Difference]:
    """Each chosen record's bytes are covered, and of every archive no others."""
    place = ["warc_file", "warc_offset"]
    for row in selection.join(ledger, place, "left_anti").orderBy(*place).limit(SHOWN).collect():
        what = f"{row['warc_file']}: no row for the record at byte {row['warc_offset']}"
        yield Difference("ledger", what)
    rows = ledger.select("warc_file", "warc_length", F.lit(0).alias("chosen"))
    wanted = selection.select("warc_file", F.lit(0).alias("warc_length"), "warc_length")
    every = rows.unionByName(wanted.toDF("warc_file", "warc_length", "chosen"))
    sums = every.groupBy("warc_file").agg(
        F.sum("warc_length").alias("n"), F.sum("chosen").alias("m")
    )
    differing = sums.where(F.col("n") != F.col("m")).orderBy("warc_file")
    for row in differing.limit(SHOWN).collect():
        what = f"{row['warc_file']}: {row['n']} of {row['m']} chosen bytes accounted for"
        yield Difference("ledger", what)


def _places(corpus: DataFrame, removed: DataFrame, documents: DataFrame) -> Iterator[Difference]:
    """Every document in exactly one place."""
    published = corpus.select("doc_id", F.lit(1).alias("published"), F.lit(0).alias("extracted"))
    gone = removed.select("doc_id", F.lit(1).alias("published"), F.lit(0).alias("extracted"))
    made = documents.select("doc_id", F.lit(0).alias("published"), F.lit(1).alias("extracted"))
    counted = (
        published.unionByName(gone)
        .unionByName(made)
        .groupBy("doc_id")
        .agg(F.sum("published").alias("published"), F.sum("extracted").alias("extracted"))
        .where((F.col("published") != 1) | (F.col("extracted") != 1))
    )
    for row in counted.orderBy("doc_id").limit(SHOWN).collect():
        what = f"{row['doc_id']}: extracted {row['extracted']}, published {row['published']} times"
        yield Difference("documents", what)


def _balance(ledger: DataFrame, corpus: DataFrame, removed: DataFrame) -> Iterator[Difference]:
    """Per input: documents extracted = kept + removed."""
    counts = [
        ledger.where(F.col("fate") == "extracted").select("warc_file", F.lit(1).alias("n")),
        corpus.select("warc_file", F.lit(-1).alias("n")),
        removed.select("warc_file", F.lit(-1).alias("n")),
    ]
    every = counts[0].unionByName(counts[1]).unionByName(counts[2])
    balance = every.groupBy("warc_file").agg(F.sum("n").alias("n")).where(F.col("n") != 0)
    for row in balance.orderBy("warc_file").limit(SHOWN).collect():
        yield Difference("balance", f"{row['warc_file']}: extracted - kept - removed = {row['n']}")


def _funnel(
    spark: SparkSession, folder: Folder, listed: Sequence[parquet.File], extracted: stages.Stage
) -> Iterator[Difference]:
    """The published funnel against one recounted from ledger and shards."""
    recorded = pa.Table.from_batches(
        list(parquet.batches(folder, "stats/funnel.parquet")), schema(FUNNEL)
    )
    records, decided = (
        extracted.files["ledger"],
        stages.required(folder, "curate").files["decisions"],
    )
    recounted = stats.funnel(
        counting.by_spark(spark, folder, records, stats.LEDGER_COLUMNS, stats.ledger_counts),
        counting.by_spark(spark, folder, decided, stats.DECISION_COLUMNS, stats.decision_counts),
    )
    if recorded.to_pylist() != recounted.to_pylist():
        yield Difference("stats", "stats/funnel.parquet is not what ledger and decisions count")
    kept = stats.total(recorded.to_pylist(), stage="kept")
    in_shards = sum(file.rows for file in listed if file.path.startswith("corpus/"))
    if kept != in_shards:
        yield Difference("stats", f"funnel keeps {kept} documents, the corpus holds {in_shards}")
