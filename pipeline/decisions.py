"""Which documents stay: rules over stored columns, then the best copy of each cluster.

Text is read only where line edits are configured. Every document gets one row, in the order of its
documents file.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import parquet, spread
from pipeline.criteria import Criteria
from pipeline.files import Folder
from pipeline.judging import SIZES, judgement, named, named_lists, node_of
from pipeline.schema import DECISIONS, schema
from pipeline.spread import Batches

JUDGED = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int32()),
        ("doc_id", pa.string()),
        ("node", pa.int64()),
        ("lang", pa.string()),
        ("lang_score", pa.float32()),
        ("warc_date", pa.int64()),
        *((name, pa.int32()) for name in SIZES),
        ("passes", pa.bool_()),
        ("rejected_by", pa.string()),
        ("rejected_value", pa.float32()),
        ("failed_rules", pa.list_(pa.string())),
    ]
)
DECISIONS_SCHEMA = schema(DECISIONS)


class Shared(Protocol):
    """Where a task finds the criteria: a Spark broadcast."""

    @property
    def value(self) -> Criteria:
        """The criteria."""


def judged(shared: Shared) -> Callable[[int, Batches], Batches]:
    """Step for ``spread.rows_of``: rows of documents to rows of ``JUDGED``."""

    def work(file: int, batches: Batches) -> Batches:
        row = 0
        for batch in batches:
            yield _judged(batch, shared.value, file, row)
            row += batch.num_rows

    return work


def _judged(batch: pa.RecordBatch, criteria: Criteria, file: int, row: int) -> pa.RecordBatch:
    found = judgement(batch, criteria)
    names = criteria.names
    count = batch.num_rows
    columns = {
        "file": pa.array(np.full(count, file, np.int32)),
        "row": pa.array(np.arange(row, row + count, dtype=np.int32)),
        "node": pa.array(node_of(batch.column("doc_id"))),
        "warc_date": batch.column("warc_date").cast(pa.int64()),
        "passes": pa.array(found.first < 0),
        "rejected_by": named(found.first, names),
        "rejected_value": pa.array(found.value, from_pandas=True),
        "failed_rules": named_lists(found.failures, names),
    }
    own = (f.name for f in JUDGED)
    return pa.record_batch([columns[n] if n in columns else batch.column(n) for n in own], JUDGED)


def preference(keys: Sequence[str]) -> Column:
    """Order of copies as a struct; the smallest stays. The last key, doc_id, breaks every tie."""
    never = F.lit(2**63 - 1)
    order = {
        "passes": (~F.col("passes")).cast("int"),
        "lang_score": -F.col("lang_score"),
        "longest": -F.col("text_chars"),
        "newest": F.coalesce(-F.col("warc_date"), never),
        "oldest": F.coalesce(F.col("warc_date"), never),
    }
    chosen = [order[key].alias(key) for key in keys]
    return F.struct(*chosen, F.col("doc_id"), F.col("exact_node"))


def best_copies(clustered: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The copy that stays of every cluster of two or more.

    Columns: in those of ``clustered``, out (cluster: long, best: struct<…, doc_id, exact_node>).
    """
    return (
        clustered.where(F.col("cluster_size") > 1)
        .groupBy("cluster")
        .agg(F.min(preference(keys)).alias("best"))
    )


def decided(judged_rows: DataFrame, clusters: DataFrame, keys: Sequence[str]) -> DataFrame:
    """One decision per document.

    Columns: in ``JUDGED`` and (node, cluster, cluster_size, exact_node), out ``DECISIONS``. A
    document that fails a rule is that rule's, a passing one that is not its cluster's best copy is
    a duplicate, exact where its normalised text is that of the copy that stays.
    """
    members = clusters.select("node", "cluster", "cluster_size", "exact_node")
    clustered = judged_rows.join(members.dropDuplicates(["node"]), on="node", how="left")
    chosen = clustered.join(best_copies(clustered, keys), on="cluster", how="left")
    duplicate = F.col("passes") & (F.col("doc_id") != F.col("best.doc_id"))
    kind = F.when(
        F.col("exact_node") == F.col("best.exact_node"), F.lit("duplicate.exact")
    ).otherwise(F.lit("duplicate.near"))
    reason = F.when(~F.col("passes"), F.col("rejected_by")).when(duplicate, kind)
    smallest = F.coalesce(F.col("cluster"), F.col("node"))
    return chosen.select(
        "file",
        "row",
        "doc_id",
        "lang",
        *SIZES,
        F.lower(F.lpad(F.hex(smallest.bitwiseXOR(F.lit(-(2**63)))), 16, "0")).alias("cluster_id"),
        F.coalesce(F.col("cluster_size"), F.lit(1)).alias("cluster_size"),
        reason.alias("reason"),
        F.when(~F.col("passes"), F.col("rejected_value")).alias("rejected_value"),
        "failed_rules",
        F.when(duplicate, F.col("best.doc_id")).alias("kept_doc_id"),
    )


def write(rows: DataFrame, folder: Folder, tasks: int) -> list[parquet.File]:
    """Write decisions so that file ``i`` answers documents file ``i``, row for row."""
    done = spread.write_by_file(rows, folder, "decisions", DECISIONS_SCHEMA, "row", tasks)
    return [done[number] for number in sorted(done)]
