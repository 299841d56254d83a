"""The funnel: documents, characters, words, bytes and tokens per language, stage and reason.

Counts are queries over committed tables; nothing is counted on the side.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from filters.tables import RULES
from pipeline.schema import FUNNEL, PERSONAL_DATA, schema

MEASURES = ("documents", "chars", "words", "bytes", "tokens")
STAGES = ("read", "extract", "language", "rules", "duplicates", "kept")
LANGUAGE_RULES = [rule.name for rule in RULES.values() if rule.signal == "lang_score"]
FUNNEL_SCHEMA = schema(FUNNEL)


def ledger_counts(ledger: DataFrame) -> DataFrame:
    """Records per fate and reason.

    Columns: in (record_type, fate, reason, warc_length), out ``FUNNEL``. Bytes are those of the
    archive. A gap is no record; it counts as lost in the extract stage only.
    """
    none = F.lit(None).cast("bigint")
    bytes_ = F.sum("warc_length").alias("bytes")
    documents = F.count("*").alias("documents")
    read = ledger.where(F.col("record_type") != "gap").agg(documents, bytes_)
    ended = ledger.where(F.col("fate") != "extracted").groupBy("fate", "reason")
    return _as_funnel(
        read, F.lit("read"), F.lit(None).cast("string"), F.lit("records"), none
    ).unionByName(
        _as_funnel(
            ended.agg(documents, bytes_),
            F.lit("extract"),
            F.lit(None).cast("string"),
            F.concat("fate", F.lit("."), "reason"),
            none,
        )
    )


def _as_funnel(
    counts: DataFrame, stage: Column, lang: Column, reason: Column, none: Column
) -> DataFrame:
    return counts.select(
        stage.alias("stage"),
        lang.alias("lang"),
        reason.alias("reason"),
        "documents",
        none.alias("chars"),
        none.alias("words"),
        "bytes",
        none.alias("tokens"),
    )


def decision_counts(decisions: DataFrame) -> DataFrame:
    """Documents per language and reason. Columns: in ``DECISIONS``, out ``FUNNEL``."""
    reason = F.col("reason")
    stage = (
        F.when(reason.isNull(), "kept")
        .when(reason.startswith("duplicate."), "duplicates")
        .when(reason.isin(*LANGUAGE_RULES), "language")
        .otherwise("rules")
    )
    return decisions.groupBy(
        stage.alias("stage"), "lang", F.coalesce(reason, F.lit("kept")).alias("reason")
    ).agg(
        F.count("*").alias("documents"),
        F.sum(F.col("text_chars").cast("bigint")).alias("chars"),
        F.sum(F.col("word_count").cast("bigint")).alias("words"),
        F.sum(F.col("text_bytes").cast("bigint")).alias("bytes"),
        F.sum(F.col("token_count").cast("bigint")).alias("tokens"),
    )


def funnel(ledger: DataFrame, decisions: DataFrame) -> pa.RecordBatch:
    """The funnel as one small sorted batch: a row per stage, language and reason."""
    counted = ledger_counts(ledger).unionByName(decision_counts(decisions))
    rows = [row.asDict() for row in counted.collect()]
    rows.sort(key=_order)
    return pa.RecordBatch.from_pylist(rows, FUNNEL_SCHEMA)


def personal_data(corpus: DataFrame) -> pa.RecordBatch:
    """Masked personal data per language and kind.

    Columns: in (doc_id, lang, pii), out ``PERSONAL_DATA``.
    """
    found = corpus.select("lang", "doc_id", F.explode("pii.kind").alias("kind"))
    counted = found.groupBy("lang", "kind").agg(
        F.countDistinct("doc_id").alias("documents"), F.count("*").alias("spans")
    )
    rows = sorted((row.asDict() for row in counted.collect()), key=itemgetter("lang", "kind"))
    return pa.RecordBatch.from_pylist(rows, schema(PERSONAL_DATA))


def _order(row: dict[str, Any]) -> tuple[int, str, str]:
    return STAGES.index(row["stage"]), row["lang"] or "", row["reason"]


def total(rows: Sequence[dict[str, Any]], measure: str = "documents", **where: str) -> int:
    """Sum of a measure over the funnel rows that match: ``total(rows, stage="kept")``."""
    matching = (r for r in rows if all(r[key] == value for key, value in where.items()))
    return sum(r[measure] or 0 for r in matching)
