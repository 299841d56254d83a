"""Does an output folder still add up? Recounted from the files, never from what a run reported.

Invariants: every byte and record of every input has one fate; every extracted document is in
corpus or removed, once, and in clusters, which name as the copy that stays only what is in corpus;
every published file has the rows, size and SHA-256 of the manifest; statistics are what is counted.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import manifest, parquet, quarantine, recounts, spread, stages
from pipeline.files import Folder
from pipeline.schema import LEDGER, SELECTION, schema

SHOWN = 20
CHUNK = 4 << 20
IDS = pa.schema([("doc_id", pa.string()), ("warc_file", pa.string())])
COPIES = pa.schema([(name, pa.string()) for name in ("doc_id", "kept_doc_id", "kept_in")])
PLACES = ("corpus", "removed", "extracted", "clustered", "named")
"""Where a document is counted; ``named`` as the copy that stays of some document's cluster."""


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
    curated = stages.required(folder, "curate")
    if published is None:
        return [Difference("manifest", f"{manifest.NAME} is missing: nothing is published")]
    listed = manifest.files(published)
    differing = list(_stray(folder, listed))
    differing += _files(spark, folder, [*listed, *_between(folder, extracted)])
    if differing:
        return differing  # counts over files that are not the right ones say nothing
    tables = {name: _ids(spark, folder, listed, name) for name in ("corpus", "removed")}
    documents = _ids(spark, folder, extracted.files["documents"], "documents")
    clusters = _table(spark, folder, listed, "clusters", COPIES)
    ledger = spread.table(spark, folder, extracted.files["ledger"], schema(LEDGER))
    chosen = extracted.files.get("selection")
    accounted = (
        _bytes(ledger, input_sizes(extracted))
        if chosen is None
        else _chosen_bytes(ledger, spread.table(spark, folder, chosen, schema(SELECTION)))
    )
    tables_of = (extracted.files["ledger"], curated.files["decisions"])
    statistics = (spark, folder, published, *tables_of)
    return [
        *accounted,
        *_places(tables["corpus"], tables["removed"], documents, clusters),
        *_balance(ledger, tables["corpus"], tables["removed"]),
        *(Difference("stats", what) for what in recounts.differing(*statistics)),
    ]


def input_sizes(extracted: stages.Stage) -> dict[str, int]:
    """Bytes of every input of an extract stage; 0 where there was nothing to read."""
    inputs = cast(dict[str, list[Any]], extracted.parts["inputs"])
    return {name: max(known[1], 0) for name, known in inputs.items()}


def _between(folder: Folder, extracted: stages.Stage) -> Iterator[parquet.File]:
    """Files of the extract stage; what is in quarantine may have been deleted."""
    for table, files in extracted.files.items():
        for file in files:
            if table != quarantine.TABLE or folder.exists(file.path):
                yield file


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
    return _table(spark, folder, listed, table, IDS)


def _table(
    spark: SparkSession, folder: Folder, listed: Sequence[parquet.File], table: str, kind: pa.Schema
) -> DataFrame:
    own = [file for file in listed if file.path.startswith(f"{table}/")]
    return spread.table(spark, folder, own, kind)


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


def _places(
    corpus: DataFrame, removed: DataFrame, documents: DataFrame, clusters: DataFrame
) -> Iterator[Difference]:
    """Every document in exactly one place, once in clusters; the copy that stays in corpus."""
    here = clusters.where("kept_doc_id is not null and kept_in is null")
    named = here.select(F.col("kept_doc_id").alias("doc_id"))
    tables = (corpus, removed, documents, clusters, named)
    counted = (
        reduce(DataFrame.unionByName, map(_placed, tables, PLACES))
        .groupBy("doc_id")
        .agg(*(F.sum(place).alias(place) for place in PLACES))
    )
    published = F.col("corpus") + F.col("removed")
    once = (published == 1) & (F.col("extracted") == 1) & (F.col("clustered") == 1)
    sound = once & ((F.col("named") == 0) | (F.col("corpus") == 1))
    for row in counted.where(~sound).orderBy("doc_id").limit(SHOWN).collect():
        times = ", ".join(f"{place} {row[place]} times" for place in PLACES)
        yield Difference("documents", f"{row['doc_id']}: {times}")


def _placed(ids: DataFrame, place: str) -> DataFrame:
    return ids.select("doc_id", *(F.lit(int(place == name)).alias(name) for name in PLACES))


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
