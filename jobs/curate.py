"""``corpusmill curate``: rules over stored columns, best copies, sorted shards, the funnel."""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import Row, SparkSession

from jobs.console import progress
from jobs.extract import sweep
from jobs.session import watched
from pipeline import config as configuration
from pipeline import (
    counting,
    deciding,
    decisions,
    fetches_spark,
    fingerprint,
    judging,
    manifest,
    parquet,
    repeated,
    repeats_narrow,
    shards,
    spread,
    stages,
    stats,
    verification,
)
from pipeline.config import Config
from pipeline.criteria import Criteria, criteria
from pipeline.derived import Lists
from pipeline.extraction import storage_options
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.repeats import Steps
from pipeline.schema import CLUSTERS, DOCUMENTS, KEYS, schema

log = logging.getLogger(__name__)

PUBLISHED = [c.name for c in DOCUMENTS if c not in KEYS]


def run(spark: SparkSession, config: Config, folder: Folder) -> stages.Stage:
    """The finished curate stage: taken as it is when nothing it depends on changed."""
    extracted = stages.required(folder, "extract")
    grouped = stages.required(folder, "deduplicate")
    judge = criteria(config, storage_options(config))
    parts = made_from(config, extracted, grouped, judge.lists)
    found = stages.check(folder, "curate", parts)
    if found.stage and manifest.read(folder) is not None:
        log.info("curate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("curate: again, since %s", line)
    folder.sweep_folder("scratch")
    staging = f"scratch/curate-{uuid.uuid4().hex[:12]}"
    decided, counts = _decide(spark, config, folder, extracted, grouped, judge)
    repeats = _repeats(spark, config, folder, extracted, decided, staging)
    if repeats:
        decided, counts = repeats.decisions, _decided(spark, folder, repeats.decisions)
    layout = _layout(spark, config, extracted, counts)
    written = watched(
        spark,
        "write shards",
        lambda: _shards(spark, config, folder, extracted, decided, repeats, layout, staging),
    )
    published = {row["path"]: layout.shards[row["shard"]].path for row in written}
    files = [File(published[r["path"]], r["rows"], r["bytes"], r["sha256"]) for r in written]
    tables = {
        "stats/funnel.parquet": stats.funnel(_records(spark, folder, extracted), counts),
        "stats/personal_data.parquet": stats.personal_data(_masked(layout, written)),
        "stats/edits.parquet": stats.edits(row["edits"] for row in written),
    }
    for name, batch in tables.items():
        with parquet.Writer(folder, f"{staging}/{name}", batch.schema) as out:
            out.write(batch)
        published[out.file.path] = name
        files.append(out.file._replace(path=name))
    sizes = verification.input_sizes(extracted)
    listing = [{"name": name, "bytes": size} for name, size in sorted(sizes.items())]
    made = {"code": parts["code"], "models": extracted.parts["models"]} | looked_up(judge.lists)
    stages.forget(folder, "curate")
    used = as_used(config, extracted, grouped)
    manifest.publish(folder, staging, published, manifest.encode(used, made, listing, files))
    kept = sum(f.rows for f in files if f.path.startswith("corpus/"))
    made_tables = {"decisions": decided, "repeats": repeats.lists if repeats else []}
    stage = stages.Stage("curate", parts, made_tables, {"kept": kept})
    stages.finish(folder, stage)
    sweep(folder, stage)
    return stage


def made_from(
    config: Config, extracted: stages.Stage, grouped: stages.Stage, lists: Lists | None
) -> fingerprint.Parts:
    """What the curate stage depends on."""
    return looked_up(lists) | {
        "extract": extracted.fingerprint,
        "deduplicate": grouped.fingerprint,
        "config": {
            "preset": config.preset,
            "rules": [judging.described(rule) for rule in config.rules.table()],
            "edits": config.edits.model_dump(mode="json"),
            "repeats": config.repeats.model_dump(mode="json"),
            "personal_data": config.personal_data.model_dump(mode="json"),
            "keep_order": list(config.duplicates.keep_order),
            "newest_per_url": config.duplicates.newest_per_url,
            "output": config.output.model_dump(mode="json"),
        },
        "code": fingerprint.code(),
    }


def looked_up(lists: Lists | None) -> fingerprint.Parts:
    """The lists the rules look up, by their checksums."""
    return {"lists": lists.made_from} if lists else {}


def as_used(config: Config, extracted: stages.Stage, grouped: stages.Stage) -> dict[str, Any]:
    """The configuration, with what earlier stages were really run with in place of its wishes."""
    used = config.model_dump(mode="json")
    for stage in (extracted, grouped):
        parts = cast(dict[str, Any], stage.parts["config"])
        ran_with = {section: parts[section] for section in parts if section in used}
        for line in fingerprint.differences(_alike(ran_with, used), ran_with):
            log.warning("curate: %s is as before, not as configured: %s", stage.name, line)
        used = configuration.merged(used, ran_with)
    return used


def _alike(pattern: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of ``values`` that has the keys of ``pattern``."""
    return {
        key: _alike(inner, values[key]) if isinstance(inner, dict) else values[key]
        for key, inner in pattern.items()
    }


def preview(config: Config, folder: Folder) -> list[dict[str, Any]]:
    """Rows of the funnel as ``run`` would publish it. No Spark; nothing is written or replaced.

    Memory is linear in the documents, about 120 bytes for each.
    """
    extracted = stages.required(folder, "extract")
    grouped = stages.required(folder, "deduplicate")
    judge = criteria(config, storage_options(config))
    _, counts = _in_process(config, folder, extracted, grouped, judge, write=False)
    return list(stats.funnel(_records(None, folder, extracted), counts).to_pylist())


def _in_process(
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
    judge: Criteria,
    *,
    write: bool,
) -> tuple[list[File], pa.Table]:
    keys = config.duplicates.keep_order
    judging.measured(folder, extracted.files["documents"], judge.rules)
    total = _rows(extracted.files["documents"])
    passes = 1 if write else 1 + repeats_narrow.passes(judge.repeats)
    with progress("decide", passes * total, logged=write) as advance:
        return deciding.decide(folder, extracted, grouped, judge, keys, advance, write=write)


def _decide(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
    judge: Criteria,
) -> tuple[list[File], pa.Table]:
    """The decisions table, one file per documents file, in its order; and its counts."""
    documents = extracted.files["documents"]
    if _rows(documents) <= deciding.MOST_ROWS:
        return _in_process(config, folder, extracted, grouped, judge, write=True)
    judging.measured(folder, documents, judge.rules)
    # Lists of megabytes reach each worker once, not with every task.
    shared = spark.sparkContext.broadcast(judge)
    members = spread.table(spark, folder, grouped.files["clusters"], schema(CLUSTERS))
    tasks = len(spread.grouped(spark, documents))
    keys = config.duplicates.keep_order

    def decide() -> list[File]:
        if judge.newest_per_url:
            decided = fetches_spark.decided(spark, folder, documents, shared, members, keys)
        else:
            work, columns = decisions.judged(shared), judging.judged_columns(judge.rules)
            rows = spread.rows_of(spark, folder, documents, work, columns, decisions.JUDGED)
            decided = decisions.decided(rows, members, keys)
        return decisions.write(decided, folder, tasks)

    files = watched(spark, "decide", decide)
    return files, _decided(spark, folder, files)


def _decided(spark: SparkSession, folder: Folder, files: Sequence[File]) -> pa.Table:
    """Counts of the decisions."""
    return _counted(spark, folder, files, stats.DECISION_COLUMNS, stats.decision_counts)


def _repeats(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    decided: Sequence[File],
    staging: str,
) -> repeated.Repeated | None:
    """What is cut from the kept documents, where repeats are cut at all."""
    if not config.repeats.wanted:
        return None
    steps = Steps(config.repeats, config.edits.steps)
    documents, scratch = extracted.files["documents"], f"{staging}/repeats"
    return watched(
        spark,
        "cut repeats",
        lambda: repeated.cut_repeats(spark, folder, documents, decided, steps, scratch),
    )


def _records(spark: SparkSession | None, folder: Folder, extracted: stages.Stage) -> pa.Table:
    """Counts of the ledger."""
    ledger = extracted.files["ledger"]
    return _counted(spark, folder, ledger, stats.LEDGER_COLUMNS, stats.ledger_counts)


def _counted(
    spark: SparkSession | None,
    folder: Folder,
    files: Sequence[File],
    columns: Sequence[str],
    count: counting.Count,
) -> pa.Table:
    """Counts over a table: by Spark where it is large, else faster here."""
    if spark is None or _rows(files) <= deciding.MOST_ROWS:
        return counting.in_process(folder, files, columns, count)
    return watched(spark, "count", lambda: counting.by_spark(spark, folder, files, columns, count))


def _rows(files: Sequence[File]) -> int:
    return sum(file.rows for file in files)


def _layout(
    spark: SparkSession, config: Config, extracted: stages.Stage, counts: pa.Table
) -> shards.Plan:
    text_bytes = stats.text_bytes(counts)
    stored = sum(file.bytes for file in extracted.files["documents"])
    packing = stored / max(1, sum(text_bytes.values()))
    cores = spark.sparkContext.defaultParallelism
    return shards.plan(text_bytes, packing, config.output.shard_mib << 20, cores)


def _shards(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    decided: list[File],
    repeats: repeated.Repeated | None,
    layout: shards.Plan,
    staging: str,
) -> list[Row]:
    """Rows of ``shards.WRITTEN`` for the staged shards."""
    if not layout.shards:
        return []
    documents = extracted.files["documents"]
    kinds = config.personal_data.kinds if config.personal_data.mask else ()
    cuts = repeats.cuts if repeats else ()
    place = shards.placed(folder, decided, layout, kinds, config.edits.steps, cuts)
    moved = spread.rows_of(spark, folder, documents, place, PUBLISHED, shards.MOVED)
    return shards.written(moved, folder, staging, layout, config.output.zstd_level).collect()


def _masked(layout: shards.Plan, written: Sequence[Row]) -> Iterator[tuple[str, str, int, int]]:
    """Counts of personal data in the shards of the corpus, as their writers told them."""
    for row in written:
        shard = layout.shards[row["shard"]]
        if shard.table == "corpus":
            for kind, documents, spans in zip(
                row["kinds"], row["documents"], row["spans"], strict=True
            ):
                yield shard.lang, kind, documents, spans
