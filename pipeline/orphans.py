"""Decisions about copies of documents that repeats emptied: no copy stays of these clusters.

Such documents lie in any file, so what points to them is found by a join and comes back as a list
of rows for each decisions file, of which only those are written anew.
"""

import uuid
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import parquet, spread
from pipeline.components import shuffled
from pipeline.decisions import DECISIONS_SCHEMA
from pipeline.edits import NOTHING_LEFT
from pipeline.files import Folder
from pipeline.parquet import File

POINTERS = pa.schema(
    [
        DECISIONS_SCHEMA.field(name)
        for name in ("file", "row", "doc_id", "reason", "kept_doc_id", "kept_in")
    ]
)
ROWS = pa.schema([DECISIONS_SCHEMA.field(name) for name in ("file", "row")])
NO_COPY: Mapping[str, object] = {"kept_doc_id": None, "similarity": None}


def without_emptied_copies(
    spark: SparkSession, folder: Folder, decided: Sequence[File], scratch: str, tasks: int
) -> list[File]:
    """The decisions in which nothing points to a document that is rejected for it is all repeats.

    ``scratch`` names a folder in ``folder``; ``decided`` are the decisions about each documents
    file, in their order.
    """
    rows = spread.table(spark, folder, decided, POINTERS)
    gone = rows.where(F.col("reason") == NOTHING_LEFT.name)
    pointing = rows.where(F.col("kept_doc_id").isNotNull() & F.col("kept_in").isNull())
    emptied = shuffled(gone.select(F.col("doc_id").alias("kept_doc_id")))
    orphans = pointing.join(emptied, on="kept_doc_id", how="left_semi").select(*ROWS.names)
    lists = spread.write_by_file(orphans, folder, scratch, ROWS, "row", tasks)

    def work(number: int) -> spread.Batches:
        read = parquet.batches(folder, lists[number].path, ["row"])
        own = np.concatenate([batch.column("row").to_numpy() for batch in read])
        made = rewritten(folder, decided[number], own, NO_COPY)
        yield pa.record_batch([[value] for value in (number, *made)], spread.OF_FILE)

    done = spread.each(spark, sorted(lists), work, spread.OF_FILE).collect()
    changed = {row[0]: File(*row[1:]) for row in done}
    return [changed.get(number, file) for number, file in enumerate(decided)]


def rewritten(
    folder: Folder, decisions: File, rows: NDArray[np.integer], verdict: Mapping[str, object]
) -> File:
    """A decisions file anew, with other values in some columns of those rows."""
    table = pa.Table.from_batches(list(parquet.batches(folder, decisions.path)), DECISIONS_SCHEMA)
    chosen = np.zeros(len(table), np.bool_)
    chosen[rows] = True
    mask = pa.array(chosen)
    for column, value in verdict.items():
        at = table.schema.get_field_index(column)
        kind = table.schema.field(at)
        own = pc.if_else(mask, pa.scalar(value, kind.type), table[column].combine_chunks())
        table = table.set_column(at, kind, own)
    path = f"decisions/{uuid.uuid4().hex[:12]}.parquet"
    with parquet.Writer(folder, path, DECISIONS_SCHEMA) as out:
        for batch in table.to_batches():
            out.write(batch)
    return out.file
