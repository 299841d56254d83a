"""The published statistics, counted again: from ledger and decisions, and from the shards."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from pipeline import counting, parquet, rehydration, stats
from pipeline.column import Column
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.schema import schema
from pipeline.stats_schema import FUNNEL, PERSONAL_DATA, REHYDRATION

MARKED = "personal data: "
"""Before the kinds of personal data, where they are counted beside what edits removed."""
SPANS = counting.Sum(stats.summed_edits, stats.EDIT_COUNTS_SCHEMA)


def differing(
    spark: SparkSession,
    folder: Folder,
    published: Mapping[str, Any],
    ledger: Sequence[File],
    decisions: Sequence[File],
) -> Iterator[str]:
    """What of the statistics is not what the tables count. ``published``: the manifest."""
    listed = [File(**file) for file in published["files"]]
    corpus = [file for file in listed if file.path.startswith("corpus/")]
    recorded = _recorded(folder, "funnel", FUNNEL)
    recounted = stats.funnel(
        counting.by_spark(spark, folder, ledger, stats.LEDGER_COLUMNS, stats.ledger_counts),
        counting.by_spark(spark, folder, decisions, stats.DECISION_COLUMNS, stats.decision_counts),
    )
    if recorded != recounted.to_pylist():
        yield "stats/funnel.parquet is not what ledger and decisions count"
    kept, in_shards = stats.total(recorded, stage="kept"), sum(file.rows for file in corpus)
    if kept != in_shards:
        yield f"funnel keeps {kept} documents, the corpus holds {in_shards}"
    spans = counting.by_spark(spark, folder, corpus, ("lang", "edits", "pii"), spans_of, SPANS)
    edits, personal = told_apart(spans.to_pylist())
    if _recorded(folder, "edits", stats.EDIT_COUNTS_SCHEMA) != edits:
        yield "stats/edits.parquet is not what the corpus's edits count"
    if _recorded(folder, "personal_data", PERSONAL_DATA) != personal:
        yield "stats/personal_data.parquet is not what the corpus's masks count"
    sizes = counting.by_spark(
        spark, folder, decisions, rehydration.COLUMNS, rehydration.counts, counting.SIZES
    )
    most = published["config"]["output"]["rehydration_most"]
    if _recorded(folder, "rehydration", REHYDRATION) != rehydration.table(sizes, most).to_pylist():
        yield "stats/rehydration.parquet is not what the decisions' removal rates give"


def _recorded(
    folder: Folder, name: str, columns: pa.Schema | Sequence[Column]
) -> list[dict[str, Any]]:
    own = columns if isinstance(columns, pa.Schema) else schema(columns)
    batches = list(parquet.batches(folder, f"stats/{name}.parquet"))
    return list(pa.Table.from_batches(batches, own).to_pylist())


def spans_of(shard: pa.Table) -> pa.Table:
    """Counts of both columns of spans: lang, edits and pii in, ``EDIT_COUNTS`` out."""
    lang, edits, pii = (shard[name].combine_chunks() for name in ("lang", "edits", "pii"))
    found = stats.edit_counts(lang, pii)
    marked = pc.binary_join_element_wise(MARKED, found["kind"], "")
    found = found.set_column(found.schema.get_field_index("kind"), "kind", marked)
    return stats.summed_edits([stats.edit_counts(lang, edits), found])


def told_apart(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of ``EDIT_COUNTS`` of what edits removed, and of ``PERSONAL_DATA``."""
    edits = [row for row in rows if not row["kind"].startswith(MARKED)]
    personal = [
        {name: row[name] for name in ("lang", "documents", "spans")}
        | {"kind": row["kind"].removeprefix(MARKED)}
        for row in rows
        if row["kind"].startswith(MARKED)
    ]
    return edits, personal
