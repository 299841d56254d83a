"""The newest fetch of every address, as ``pipeline.fetches`` chooses it, in Spark."""

from collections.abc import Callable, Sequence
from itertools import tee

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from filters.rules import Rule
from pipeline import decisions, judging, spread
from pipeline.choosing import Choice
from pipeline.components import shuffled
from pipeline.deciding import RIGHTS_COPY
from pipeline.decisions import CHOSEN, JUDGED, Shared
from pipeline.fetches import COLUMNS, NEVER, REASON, addresses
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.spread import Batches

ADDRESSED = JUDGED.append(pa.field("address", pa.int64()))


def decided(
    spark: SparkSession,
    folder: Folder,
    documents: Sequence[File],
    shared: Shared,
    members: DataFrame,
    choice: Choice,
    known: DataFrame | None = None,
) -> DataFrame:
    """``decisions.decided`` over documents of which older fetches are rejected first.

    ``shared``: the criteria; ``members``: the clusters; ``known``: copies in other corpora.
    """
    rules = shared.value.rules
    columns = list(dict.fromkeys([*judging.judged_columns(rules), *COLUMNS]))
    work = addressed(decisions.judged(shared))
    rows = spread.rows_of(spark, folder, documents, work, columns, ADDRESSED)
    judged, older = newest(rows, folder, "scratch/judged", rules)
    chosen = decisions.decided(judged, members, choice, rules, known)
    return pointed(chosen, older, folder, "scratch/decided")


def addressed(work: Callable[[int, Batches], Batches]) -> Callable[[int, Batches], Batches]:
    """A step that judges rows, with their addresses: rows of documents to rows of ``ADDRESSED``.

    ``work`` gives a batch for each batch, with rows in the same order.
    """

    def both(file: int, batches: Batches) -> Batches:
        read, judged = tee(batches)
        for batch, own in zip(read, work(file, judged), strict=True):
            yield pa.record_batch([*own.columns, pa.array(addresses(batch))], ADDRESSED)

    return both


def newest(
    rows: DataFrame, folder: Folder, scratch: str, rules: Sequence[Rule]
) -> tuple[DataFrame, DataFrame]:
    """Judged rows in which older fetches no longer pass, and which fetch each of them yields to.

    Nor do those that an objection in another fetch reaches, ``fetches.objected``.

    Columns: in ``ADDRESSED``; out ``JUDGED``, and (doc_id: string, newer: string).
    """
    judged = spread.table(
        rows.sparkSession, folder, spread.write(rows, folder, scratch, ADDRESSED), ADDRESSED
    )
    pages = (
        judged.groupBy("address")
        .agg(*_facts(rules))
        .where("fetches > 1")
        .select(
            "address",
            F.col("first.doc_id").alias("newer"),
            F.coalesce(F.col("objection") >= F.col("newest"), F.lit(False)).alias("late"),
        )
    )
    every = judged.join(shuffled(pages), on="address", how="left")
    late = F.col("passes") & F.coalesce("late", F.lit(False))
    older = F.col("passes") & ~late & (F.col("doc_id") != F.col("newer"))
    changed = {
        "passes": F.col("passes") & ~late & ~F.coalesce(older, F.lit(False)),
        "rejected_by": F.when(late, F.lit(RIGHTS_COPY))
        .when(older, F.lit(REASON))
        .otherwise(F.col("rejected_by")),
    }
    chosen = [changed[name].alias(name) if name in changed else name for name in JUDGED.names]
    return every.select(*chosen), every.where(older).select("doc_id", "newer")


def _facts(rules: Sequence[Rule]) -> list[Column]:
    """Of an address: its newest fetch that passes and the date of that; the latest objection."""
    age = F.coalesce(-F.col("warc_date"), F.lit(NEVER))
    copy = F.when(F.col("passes"), F.struct(age.alias("age"), F.col("doc_id")))
    dated = F.when(F.col("passes"), F.col("warc_date"))
    said = F.when(decisions.owner_objects(rules), F.coalesce("warc_date", F.lit(NEVER)))
    return [
        F.min(copy).alias("first"),
        F.coalesce(F.max(dated), F.lit(-NEVER)).alias("newest"),
        F.max(said).alias("objection"),
        F.count(F.lit(1)).alias("fetches"),
    ]


def pointed(decided: DataFrame, pairs: DataFrame, folder: Folder, scratch: str) -> DataFrame:
    """Decisions in which older fetches point to the copy that stays: the newest, or its copy.

    Those of a page that an objection to one of its copies removes go for that reason too.

    Columns: in ``CHOSEN`` and (doc_id, newer), out ``CHOSEN``.
    """
    names = CHOSEN.names
    files = spread.write(decided, folder, scratch, CHOSEN)
    every = spread.table(decided.sparkSession, folder, files, CHOSEN)
    older = F.coalesce(F.col("reason") == REASON, F.lit(False))
    objected = F.when(F.col("reason") == RIGHTS_COPY, F.col("reason"))
    stays = every.select(
        F.col("doc_id").alias("newer"),
        F.coalesce(objected, F.lit(REASON)).alias("reason"),
        "kept_doc_id",
        "kept_in",
    )
    own = (
        every.where(older)
        .drop("reason", "kept_doc_id", "kept_in", "exact")
        .join(shuffled(pairs), on="doc_id", how="inner")
        .join(shuffled(stays), on="newer", how="inner")
        .withColumn("exact", F.lit(False))
    )
    return every.where(~older).select(*names).unionByName(own.select(*names))
