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

from filters.rules import Rule
from pipeline import parquet, spread
from pipeline.choosing import Choice, asks_opt_outs, objections
from pipeline.components import shuffled
from pipeline.criteria import Criteria
from pipeline.deciding import DUPLICATES, EXACT, KNOWN_COPY, NEAR, RIGHTS_COPY
from pipeline.files import Folder
from pipeline.judging import SIZES, judgement, named, named_lists, node_of, opted_out
from pipeline.schema import DECISIONS, KNOWN, schema
from pipeline.spread import Batches, ddl

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
        ("opted_out", pa.bool_()),
        ("passes", pa.bool_()),
        ("rejected_by", pa.string()),
        ("rejected_value", pa.float32()),
        ("failed_rules", pa.list_(pa.string())),
    ]
)
DECISIONS_SCHEMA = schema(DECISIONS)
CHOSEN = pa.schema(
    [*(field for field in DECISIONS_SCHEMA if field.name != "similarity"), ("exact", pa.bool_())]
)
"""Decisions before similarities are measured."""


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
        "opted_out": pa.array(opted_out(batch)),
        "passes": pa.array(found.first < 0),
        "rejected_by": named(found.first, names),
        "rejected_value": pa.array(found.value, from_pandas=True),
        "failed_rules": named_lists(found.failures, names),
    }
    own = (f.name for f in JUDGED)
    return pa.record_batch([columns[n] if n in columns else batch.column(n) for n in own], JUDGED)


def preference(choice: Choice) -> Column:
    """Order of copies as a struct; the smallest stays. Ties are broken by doc_id, then by corpus.

    Columns: ``CANDIDATES``. Unless the choice is symmetric, other corpora's copies come first.
    """
    never = F.lit(2**63 - 1)
    order = {
        "passes": (~F.col("passes")).cast("int"),
        "not_opted_out": F.col("opted_out").cast("int"),
        "lang_score": -F.col("lang_score"),
        "longest": -F.col("text_chars"),
        "newest": F.coalesce(-F.col("warc_date"), never),
        "oldest": F.coalesce(F.col("warc_date"), never),
    }
    passes, *rest = (order[key].alias(key) for key in choice.keys)
    ranked = [] if choice.symmetric else [(F.col("rank") == 0).cast("int").alias("own")]
    return F.struct(passes, *ranked, *rest, *(F.col(name) for name in COPY))


COPY = ("doc_id", "rank", "corpus", "exact_node")
CANDIDATES = (*COPY, "cluster", "passes", "opted_out", "lang_score", "text_chars", "warc_date")


def candidates(
    clustered: DataFrame, known: DataFrame, choice: Choice, rules: Sequence[Rule]
) -> DataFrame:
    """Copies that may stay, of this run and of others, and whether their owner objects.

    Columns: in those of ``clustered`` and ``KNOWN``, out ``CANDIDATES`` and objecting: boolean.
    """
    no_corpus = F.lit(None).cast("string").alias("corpus")
    objecting = owner_objects(rules) | F.col("rejected_by").eqNullSafe(RIGHTS_COPY)
    own = clustered.where(F.col("cluster").isNotNull()).select(
        *(c for c in CANDIDATES if c not in ("rank", "corpus")),
        F.lit(0).alias("rank"),
        no_corpus,
        objecting.alias("objecting"),
    )
    said = F.col("objected") | (F.col("opted_out") & F.lit(asks_opt_outs(rules)))
    others = known.select(
        *(c for c in CANDIDATES if c not in ("rank", "passes", "warc_date")),
        (F.col("rank") + 1).alias("rank"),
        F.col("held").alias("passes"),
        F.unix_micros("warc_date").alias("warc_date"),
        said.alias("objecting"),
    )
    every = own.unionByName(others)
    only_own = F.col("objecting") & F.lit(choice.rights_of_cluster)
    return every.withColumn("objecting", only_own)


def owner_objects(rules: Sequence[Rule]) -> Column:
    """Whether a document fails a rule on objections, whichever rule rejected it first."""
    names = F.array(*(F.lit(name) for name in objections(rule.name for rule in rules)))
    return F.arrays_overlap("failed_rules", names.cast("array<string>"))


def best_copies(candidate: DataFrame, choice: Choice) -> DataFrame:
    """The best copy of every cluster, whether it stays, and which corpora hold one.

    Columns: in those of ``candidates``, out (cluster: long, best: struct<…, doc_id, rank, corpus,
    exact_node>, objected: boolean, stays: boolean, also: array<struct<rank, corpus>>).
    """
    held = F.when(F.col("passes") & (F.col("rank") > 0), F.struct("rank", "corpus"))
    found = candidate.groupBy("cluster").agg(
        F.min(preference(choice)).alias("best"),
        F.max("objecting").alias("objected"),
        F.sort_array(F.collect_set(held)).alias("also"),
    )
    stays = (F.col("best.passes") == 0) & ~F.col("objected")
    return found.withColumn("stays", stays)


def decided(
    judged_rows: DataFrame,
    clusters: DataFrame,
    choice: Choice,
    rules: Sequence[Rule] = (),
    known: DataFrame | None = None,
) -> DataFrame:
    """One decision per document.

    Columns: in ``JUDGED`` and (node, cluster, cluster_size, exact_node), out ``DECISIONS`` but for
    the similarity, and exact: boolean, whether the copy that stays has the same text. A document
    that fails a rule is that rule's; a passing one whose cluster an owner objects to goes with it;
    one that is not its cluster's best copy is a duplicate, known where another corpus holds that.
    """
    members = clusters.select("node", "cluster", "cluster_size", "exact_node")
    own = shuffled(members.dropDuplicates(["node"]))
    clustered = judged_rows.join(own, on="node", how="left")
    several = clustered.where(F.col("cluster_size") > 1) if known is None else clustered
    if known is None:
        known = judged_rows.sparkSession.createDataFrame([], ddl(schema(KNOWN)))
    best = best_copies(candidates(several, known, choice, rules), choice)
    chosen = clustered.join(shuffled(best), on="cluster", how="left")
    smallest = F.coalesce(F.col("cluster"), F.col("node"))
    return chosen.select(
        "file",
        "row",
        "doc_id",
        "lang",
        *SIZES,
        F.lower(F.lpad(F.hex(smallest.bitwiseXOR(F.lit(-(2**63)))), 16, "0")).alias("cluster_id"),
        F.coalesce(F.col("cluster_size"), F.lit(1)).alias("cluster_size"),
        F.coalesce(F.col("also.corpus"), F.array().cast("array<string>")).alias("also_in"),
        _reason().alias("reason"),
        F.when(~F.col("passes"), F.col("rejected_value")).alias("rejected_value"),
        "failed_rules",
        _kept("doc_id").alias("kept_doc_id"),
        F.when(F.col("stays"), F.col("best.corpus")).alias("kept_in"),
        F.col("exact_node").eqNullSafe(F.col("best.exact_node")).alias("exact"),
    )


def _reason() -> Column:
    known = F.col("best.rank") > 0
    another = F.col("doc_id") != F.col("best.doc_id")
    exact = F.col("exact_node") == F.col("best.exact_node")
    duplicate = F.when(exact, F.lit(DUPLICATES[EXACT])).otherwise(F.lit(DUPLICATES[NEAR]))
    return (
        F.when(~F.col("passes"), F.col("rejected_by"))
        .when(F.col("objected"), F.lit(RIGHTS_COPY))
        .when(F.col("stays") & known, F.lit(KNOWN_COPY))
        .when(F.col("stays") & another, duplicate)
    )


def _kept(column: str) -> Column:
    """The copy that stays; documents that no cluster's row answers for are their own."""
    alone = F.when(F.col("stays").isNull() & F.col("passes"), F.col(column))
    return F.when(F.col("stays"), F.col(f"best.{column}")).otherwise(alone)


def superseded(rows: DataFrame, known: DataFrame) -> DataFrame:
    """Documents that other corpora hold though a copy of this run stays in their stead.

    Columns: in ``DECISIONS`` and ``KNOWN``, out ``SUPERSEDED``.
    """
    cluster_id = F.lower(F.lpad(F.hex(F.col("cluster").bitwiseXOR(F.lit(-(2**63)))), 16, "0"))
    stay = rows.where(F.col("reason").isNull()).select("cluster_id", F.col("doc_id").alias("own"))
    held = known.where("held").withColumn("cluster_id", cluster_id)
    return held.join(shuffled(stay), on="cluster_id", how="inner").select(
        "corpus", "doc_id", F.col("own").alias("kept_doc_id")
    )


def write(rows: DataFrame, folder: Folder, tasks: int) -> list[parquet.File]:
    """Write decisions so that file ``i`` answers documents file ``i``, row for row."""
    done = spread.write_by_file(rows, folder, "decisions", DECISIONS_SCHEMA, "row", tasks)
    return [done[number] for number in sorted(done)]
