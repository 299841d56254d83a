"""Repeated text of a corpus in Spark: which hashes repeat, listed beside the files they stand in.

No text is shuffled: a line is its hash, its page's and the number of its file. What repeats comes
back as one list for each documents file, so that a task holds the hashes of its own files only, and
a line on a million pages is as many rows of a count and one row a file of lists. Nothing depends on
the order of rows.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import parquet, repeats, spread
from pipeline.components import shuffled
from pipeline.edits import CUTS, NOTHING_LEFT
from pipeline.files import Folder
from pipeline.orphans import NO_COPY, rewritten, without_emptied_copies
from pipeline.parquet import File
from pipeline.repeats import COLUMNS, Found, Steps
from pipeline.schema import REPEATS, schema
from pipeline.spread import Batches

REPEATS_SCHEMA = schema(REPEATS)
LISTED = pa.schema([("hash", pa.int64()), ("kept_node", pa.int64())])
_MADE = pa.schema(
    [("file", pa.int32())]
    + [(f"{table}_{f.name}", f.type) for table in ("decisions", "cuts") for f in spread.FILES]
)


EMPTIED = {
    "reason": NOTHING_LEFT.name,
    "rejected_value": 0.0,
    "failed_rules": [NOTHING_LEFT.name],
    **NO_COPY,
}
"""What is said of a document that the cuts leave without text."""
OfFile = Mapping[int, File]
"""A file of a table for each documents file that has one, by its number."""
Lists = Mapping[str, OfFile]
"""Hashes that repeat, by step."""
Rows = Callable[[pa.RecordBatch, Steps, Found, int], pa.RecordBatch]
"""From kept documents of a file, and the hashes listed so far, to rows that are counted."""


class Repeated(NamedTuple):
    """Committed lists, and for each documents file its decisions after the cuts, and the cuts."""

    decisions: list[File]
    lists: list[File]
    cuts: list[File]


def cut_repeats(
    spark: SparkSession,
    folder: Folder,
    documents: Sequence[File],
    decided: Sequence[File],
    steps: Steps,
    scratch: str,
) -> Repeated:
    """Find what repeats in the kept documents, cut it, and reject those it leaves without text.

    ``decided``: the decisions about each of the ``documents`` files. ``scratch`` names a folder in
    ``folder`` for what is needed until the shards are written.
    """
    tasks = len(spread.grouped(spark, documents))

    def table(rows: Rows, lists: Lists, kind: pa.Schema) -> DataFrame:
        """Written once and read from there: it is needed twice."""
        work = partial(_rows_of, folder, decided, lists, partial(rows, steps))
        made = spread.rows_of(spark, folder, documents, work, COLUMNS, kind)
        return spread.table(spark, folder, spread.write(made, folder, scratch, kind), kind)

    def listed(found: DataFrame) -> OfFile:
        return spread.write_by_file(found, folder, "repeats", REPEATS_SCHEMA, "hash", tasks)

    lists: dict[str, OfFile] = {}
    if steps.repeats.site_line_pages:
        found = table(repeats.site_rows, lists, repeats.SITE_ROWS)
        lists["site_line"] = listed(site_lines(found, steps.repeats.site_line_pages))
    if steps.repeats.paragraphs != "off":
        found = table(repeats.paragraph_rows, lists, repeats.PARAGRAPH_ROWS)
        lists["paragraph"] = listed(repeated_paragraphs(found))
    work = partial(_cut, folder, decided, lists, steps, scratch)
    made = sorted(spread.rows_of(spark, folder, documents, work, COLUMNS, _MADE).collect())
    decisions, cuts = ([File(*row[a : a + 4]) for row in made] for a in (1, 5))
    if decisions != list(decided):
        decisions = without_emptied_copies(spark, folder, decisions, scratch, tasks)
    every = [file for own in lists.values() for file in own.values()]
    return Repeated(decisions, sorted(every), cuts)


def site_lines(rows: DataFrame, most_pages: int) -> DataFrame:
    """Lines on more pages of their host than ``most_pages``, for each file that has them.

    Pages are counted in two steps, so that a line on a million of them is no task's alone.

    Columns: in (hash: long, page: long, file: int), out ``REPEATS``.
    """
    pages = rows.select("hash", "page").distinct().groupBy("hash").agg(_count("copies"))
    return (
        rows.select("hash", "file")
        .distinct()
        .join(shuffled(pages.where(F.col("copies") > most_pages)), on="hash", how="inner")
        .select(
            F.lit("site_line").alias("step"),
            "file",
            "hash",
            F.lit(None).cast("long").alias("kept_node"),
            "copies",
        )
    )


def repeated_paragraphs(rows: DataFrame) -> DataFrame:
    """Paragraphs of more than one copy, for each file with copies to remove.

    The document with the smallest node keeps the first. Two that share a node, some 11 pairs of 20
    billion, both do.

    Columns: in (hash: long, file: int, first: long, copies: long), out ``REPEATS``.
    """
    own = rows.groupBy("hash", "file").agg(
        F.min("first").alias("first"), F.sum("copies").alias("own")
    )
    every = own.groupBy("hash").agg(F.min("first").alias("kept_node"), F.sum("own").alias("copies"))
    return (
        own.join(shuffled(every.where(F.col("copies") > 1)), on="hash", how="inner")
        .where((F.col("own") > 1) | (F.col("first") != F.col("kept_node")))
        .select(F.lit("paragraph").alias("step"), "file", "hash", "kept_node", "copies")
    )


def _count(name: str) -> Column:
    return F.count(F.lit(1)).alias(name)


def found_in(folder: Folder, lists: Lists, file: int) -> Found:
    """What the lists say of one documents file."""
    found = Found()
    for step, own in lists.items():
        if file in own:
            read = parquet.batches(folder, own[file].path, LISTED.names)
            hashes, keepers = (c.to_numpy() for c in pa.Table.from_batches(list(read), LISTED))
            if step == "site_line":
                found = found._replace(lines=hashes)
            else:
                found = found._replace(paragraphs=hashes, keepers=keepers)
    return found


def _rows_of(
    folder: Folder,
    decided: Sequence[File],
    lists: Lists,
    rows: Callable[[pa.RecordBatch, Found, int], pa.RecordBatch],
    file: int,
    batches: Batches,
) -> Batches:
    found = found_in(folder, lists, file)
    for _, kept in repeats.kept_rows(folder, decided[file], batches):
        yield rows(kept, found, file)


def _cut(
    folder: Folder,
    decided: Sequence[File],
    lists: Lists,
    steps: Steps,
    scratch: str,
    file: int,
    batches: Batches,
) -> Batches:
    """Write what goes from a file's kept documents; its decisions anew if that leaves some none."""
    found = found_in(folder, lists, file)
    emptied: list[NDArray[np.int64]] = []
    with parquet.Writer(folder, f"{scratch}/{uuid.uuid4().hex[:12]}.parquet", CUTS) as out:
        for rows, kept in repeats.kept_rows(folder, decided[file], batches):
            made = repeats.cut(kept, steps, found)
            nothing = repeats.is_emptied(made)
            emptied.append(rows[nothing])
            spans = repeats.spans(made, ~nothing)
            some = pc.greater(pc.list_value_length(spans), 0)
            cuts = pa.record_batch([pa.array(rows.astype(np.int32)), spans], CUTS)
            out.write(cuts.filter(some))
    gone = np.concatenate([np.zeros(0, np.int64), *emptied])
    decisions = rewritten(folder, decided[file], gone, EMPTIED) if len(gone) else decided[file]
    yield pa.record_batch([[value] for value in (file, *decisions, *out.file)], schema=_MADE)
