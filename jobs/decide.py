"""The first part of ``corpusmill curate``: what becomes of every document, and what is cut from it.

Small runs are decided in one process, large ones by Spark; both decide the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.console import progress
from jobs.session import watched
from pipeline import (
    alike,
    counting,
    deciding,
    decisions,
    fetches_spark,
    judging,
    outcomes,
    repeated,
    repeats_narrow,
    spread,
    stages,
    stats,
)
from pipeline.choosing import choice_of
from pipeline.config import Config
from pipeline.criteria import Criteria
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.repeats import Steps
from pipeline.schema import KNOWN, MEMBERS, SUPERSEDED, schema

Tables = dict[str, list[File]]


class Made(NamedTuple):
    """Committed tables, and for each documents file what is cut from it where repeats are cut."""

    tables: Tables
    cuts: list[File]


def run(
    spark: SparkSession | None,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
    judge: Criteria,
    staging: str,
) -> tuple[Made, pa.Table]:
    """The decisions, one file per documents file, in its order; their counts; what is cut.

    ValueError where that takes Spark and there is none.
    """
    documents = extracted.files["documents"]
    if rows_in([*documents, *grouped.files.get("known", [])]) <= deciding.MOST_ROWS:
        tables, counts = in_process(config, folder, extracted, grouped, judge, write=True)
    elif spark is None:
        raise ValueError("so many documents take Spark to decide")
    else:
        tables, counts = _by_spark(spark, config, folder, extracted, grouped, judge)
    if not judge.repeats.wanted:
        return Made(tables | {"repeats": []}, []), counts
    if spark is None:
        raise ValueError("repeats are cut by Spark")
    steps, before = Steps(judge.repeats, judge.edit_steps), tables["decisions"]
    scratch = f"{staging}/repeats"
    found = watched(
        spark,
        "cut repeats",
        lambda: repeated.cut_repeats(spark, folder, documents, before, steps, scratch),
    )
    tables |= {"decisions": found.decisions, "repeats": found.lists}
    if tables["superseded"]:
        # A copy that was all repeats supersedes nothing.
        tables["superseded"] = _superseded(spark, folder, grouped, found.decisions)
    return Made(tables, found.cuts), _counts(spark, folder, found.decisions)


def in_process(
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
    judge: Criteria,
    *,
    write: bool,
) -> tuple[Tables, pa.Table]:
    """Tables of decisions, and their counts; what is not written is counted after the cuts."""
    choice = choice_of(config.duplicates, grouped.parts)
    judging.measured(folder, extracted.files["documents"], judge.rules)
    total = rows_in(extracted.files["documents"])
    passes = 1 if write else 1 + repeats_narrow.passes(judge.repeats)
    with progress("decide", passes * total, logged=write) as advance:
        return outcomes.decide(folder, extracted, grouped, judge, choice, advance, write=write)


def _by_spark(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
    judge: Criteria,
) -> tuple[Tables, pa.Table]:
    documents = extracted.files["documents"]
    judging.measured(folder, documents, judge.rules)
    # Lists of megabytes reach each worker once, not with every task.
    shared = spark.sparkContext.broadcast(judge)
    members = spread.table(spark, folder, grouped.files["members"], schema(MEMBERS))
    choice = choice_of(config.duplicates, grouped.parts)
    known = _known(spark, folder, grouped)

    def decide() -> list[File]:
        if judge.newest_per_url:
            chosen = fetches_spark.decided(spark, folder, documents, shared, members, choice, known)
        else:
            work, columns = decisions.judged(shared), judging.judged_columns(judge.rules)
            rows = spread.rows_of(spark, folder, documents, work, columns, decisions.JUDGED)
            chosen = decisions.decided(rows, members, choice, judge.rules, known)
        return _measured(spark, folder, documents, chosen, known)

    made = watched(spark, "decide", decide)
    tables: Tables = {"decisions": made, "superseded": []}
    if choice.symmetric and known is not None:
        tables["superseded"] = _superseded(spark, folder, grouped, made)
    return tables, _counts(spark, folder, made)


def _known(spark: SparkSession, folder: Folder, grouped: stages.Stage) -> DataFrame | None:
    files = grouped.files.get("known")
    return spread.table(spark, folder, files, schema(KNOWN)) if files else None


def _superseded(
    spark: SparkSession, folder: Folder, grouped: stages.Stage, made: Sequence[File]
) -> list[File]:
    """The table of documents of older corpora that a copy of this run replaces."""
    known = _known(spark, folder, grouped)
    if known is None:
        return []
    rows = spread.table(spark, folder, made, decisions.DECISIONS_SCHEMA)
    gone = decisions.superseded(rows, known)
    return spread.write(gone, folder, "superseded", schema(SUPERSEDED))


def _measured(
    spark: SparkSession,
    folder: Folder,
    documents: Sequence[File],
    chosen: DataFrame,
    known: DataFrame | None,
) -> list[File]:
    """The decisions table of what was chosen, similarities measured."""
    scratch = folder.below("scratch/decisions")
    kept = spread.write(chosen, scratch, "chosen", decisions.CHOSEN)
    saved = spread.table(spark, scratch, kept, decisions.CHOSEN)
    wanted = pa.schema([("doc_id", pa.string()), ("signature", pa.binary())])
    signatures = spread.table(spark, folder, documents, wanted)
    if known is None:
        known = spark.createDataFrame([], spread.ddl(schema(KNOWN)))
    rows = alike.with_similarity(saved, signatures, known)
    return decisions.write(rows, folder, len(spread.grouped(spark, documents)))


def _counts(spark: SparkSession, folder: Folder, made: Sequence[File]) -> pa.Table:
    """Counts of the decisions."""
    return counted(spark, folder, made, stats.DECISION_COLUMNS, stats.decision_counts)


def counted(
    spark: SparkSession | None,
    folder: Folder,
    files: Sequence[File],
    columns: Sequence[str],
    count: counting.Count,
    sums: counting.Sum = counting.FUNNEL,
) -> pa.Table:
    """Counts over a table: by Spark where it is large, else faster here."""
    table = (folder, files, columns, count, sums)
    if spark is None or rows_in(files) <= deciding.MOST_ROWS:
        return counting.in_process(*table)
    return watched(spark, "count", lambda: counting.by_spark(spark, *table))


def rows_in(files: Sequence[File]) -> int:
    """Rows of all the files."""
    return sum(file.rows for file in files)
