"""Which documents stay: rules over stored columns, then the best copy of each cluster.

Text is read only where line edits are configured. Every document gets one row, in the order of its
documents file.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from filters.rules import Rule, Verdicts, judge
from pipeline import derived, parquet, spread
from pipeline.derived import Lists, Shared
from pipeline.edits import NOTHING_LEFT, edited_char_count
from pipeline.files import Folder
from pipeline.schema import DECISIONS, schema
from pipeline.spread import Batches, ddl

SIZES = ("text_chars", "word_count", "text_bytes", "token_count")
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


def node_of(doc_ids: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """First 64 bits of each doc_id as numbers in the same order: what the clusters count in.

    Among 20 billion documents about 11 pairs share one; such a pair is clustered as one document
    and both rows get the same cluster, so none is lost unless its twin stays.
    """
    heads = "".join(doc_id[:16] for doc_id in doc_ids.to_pylist())
    return (np.frombuffer(bytes.fromhex(heads), ">u8") ^ np.uint64(1 << 63)).view(np.int64)


def judged_columns(rules: Sequence[Rule], edit_steps: Sequence[str] = ()) -> list[str]:
    """Columns of documents that the rules and the choice of copies need; the text for edits."""
    needed = ["doc_id", "lang", "lang_score", "warc_date", *SIZES]
    needed += ["text"] if edit_steps else []
    return list(dict.fromkeys([*needed, *derived.stored_columns(rules)]))


def described(rule: Rule) -> list[object]:
    """A rule as JSON can write it, for fingerprints."""
    bounds = (dict(b) if isinstance(b, Mapping) else b for b in (rule.low, rule.high))
    return [rule.name, rule.signal, *bounds]


def judged(
    rules: Sequence[Rule], edit_steps: Sequence[str] = (), lists: Shared | None = None
) -> Callable[[int, Batches], Batches]:
    """Step for ``spread.rows_of``: rows of documents to rows of ``JUDGED``.

    With line edits, a document that they would leave without text is rejected. ``lists`` is asked
    of where a rule looks at a derived signal.
    """

    def work(file: int, batches: Batches) -> Batches:
        row = 0
        here = lists.value if lists else None
        for batch in batches:
            _, verdicts = judged_batch(batch, rules, edit_steps, here)
            yield _judged(batch, verdicts, file, row)
            row += batch.num_rows

    return work


def judged_batch(
    batch: pa.RecordBatch,
    rules: Sequence[Rule],
    edit_steps: Sequence[str] = (),
    lists: Lists | None = None,
) -> tuple[dict[str, Any], Verdicts]:
    """The columns rules look at, and what they say; whether the line edits leave any text, too."""
    langs = batch.column("lang").to_pylist()
    columns = signal_columns(batch, rules, lists)
    if not edit_steps:
        return columns, judge(rules, columns, langs)
    columns[NOTHING_LEFT.signal] = edited_char_count(batch.column("text"), langs, edit_steps)
    return columns, judge([*rules, NOTHING_LEFT], columns, langs)


def _judged(batch: pa.RecordBatch, found: Verdicts, file: int, row: int) -> pa.RecordBatch:
    count = batch.num_rows
    columns = {
        "file": np.full(count, file, np.int32),
        "row": np.arange(row, row + count, dtype=np.int32),
        "node": node_of(batch.column("doc_id")),
        "warc_date": batch.column("warc_date").cast(pa.int64()),
        "passes": [name is None for name in found.rejected_by],
        "rejected_by": found.rejected_by,
        "rejected_value": pa.array(found.rejected_value, pa.float32(), from_pandas=True),
        "failed_rules": found.failed,
    }
    return pa.record_batch(
        [
            pa.array(columns[f.name], f.type)
            if f.name in columns and not isinstance(columns[f.name], pa.Array)
            else columns.get(f.name, batch.column(f.name) if f.name in batch.schema.names else None)
            for f in JUDGED
        ],
        JUDGED,
    )


def signal_columns(
    batch: pa.RecordBatch, rules: Sequence[Rule], lists: Lists | None = None
) -> dict[str, Any]:
    """The columns that rules look at, as NumPy arrays; null is NaN, which rejects visibly."""
    stored = dict.fromkeys(rule.signal for rule in rules if rule.signal not in derived.DERIVED)
    return {
        name: batch.column(name).to_numpy(zero_copy_only=False) for name in stored
    } | derived.derived_columns(batch, rules, lists)


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


WRITTEN = pa.schema([("file", pa.int32()), *spread.FILES])


def write(rows: DataFrame, folder: Folder, tasks: int) -> list[parquet.File]:
    """Write decisions so that file ``i`` answers documents file ``i``, row for row."""

    def one(batches: Batches) -> Batches:
        for number, parts in groupby(spread.runs(batches, "file"), key=itemgetter(0)):
            path = f"decisions/{uuid.uuid4().hex[:12]}.parquet"
            with parquet.Writer(folder, path, DECISIONS_SCHEMA) as out:
                for _, part in parts:
                    out.write(part.cast(DECISIONS_SCHEMA))
            yield pa.record_batch([[number], *([value] for value in out.file)], schema=WRITTEN)

    gathered = rows.repartition(tasks, "file").sortWithinPartitions("file", "row")
    done = {
        row[0]: parquet.File(*row[1:]) for row in gathered.mapInArrow(one, ddl(WRITTEN)).collect()
    }
    return [done[number] for number in sorted(done)]
