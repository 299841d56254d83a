"""``corpusmill curate``: rules over stored columns, best copies, sorted shards, the funnel."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from jobs.extract import sweep
from jobs.session import watched
from pipeline import config as configuration
from pipeline import (
    decisions,
    fingerprint,
    judging,
    manifest,
    parquet,
    shards,
    spread,
    stages,
    stats,
    verification,
)
from pipeline.config import Config
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.schema import CLUSTERS, CORPUS, DOCUMENTS, KEYS, LEDGER, schema

log = logging.getLogger(__name__)

PUBLISHED = [c.name for c in DOCUMENTS if c not in KEYS]


def run(spark: SparkSession, config: Config, folder: Folder) -> stages.Stage:
    """The finished curate stage: taken as it is when nothing it depends on changed."""
    extracted = stages.required(folder, "extract")
    grouped = stages.required(folder, "deduplicate")
    parts = made_from(config, extracted, grouped)
    found = stages.check(folder, "curate", parts)
    if found.stage and manifest.read(folder) is not None:
        log.info("curate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("curate: again, since %s", line)
    folder.sweep_folder("scratch")
    decided = watched(spark, "decide", lambda: _decide(spark, config, folder, extracted, grouped))
    staging = f"scratch/curate-{uuid.uuid4().hex[:12]}"
    files, names = watched(
        spark, "write shards", lambda: _shards(spark, config, folder, extracted, decided, staging)
    )
    tables = {
        "stats/funnel.parquet": _funnel(spark, folder, extracted, decided),
        "stats/personal_data.parquet": _personal_data(spark, folder, files, names),
    }
    for name, batch in tables.items():
        with parquet.Writer(folder, f"{staging}/{name}", batch.schema) as out:
            out.write(batch)
        names[out.file.path] = name
        files.append(out.file._replace(path=name))
    sizes = verification.input_sizes(extracted)
    listing = [{"name": name, "bytes": size} for name, size in sorted(sizes.items())]
    made = {"code": parts["code"], "models": extracted.parts["models"]}
    stages.forget(folder, "curate")
    used = as_used(config, extracted, grouped)
    manifest.publish(folder, staging, names, manifest.encode(used, made, listing, files))
    kept = sum(f.rows for f in files if f.path.startswith("corpus/"))
    stage = stages.Stage("curate", parts, {"decisions": decided}, {"kept": kept})
    stages.finish(folder, stage)
    sweep(folder, stage)
    return stage


def made_from(config: Config, extracted: stages.Stage, grouped: stages.Stage) -> fingerprint.Parts:
    """What the curate stage depends on."""
    return {
        "extract": extracted.fingerprint,
        "deduplicate": grouped.fingerprint,
        "config": {
            "preset": config.preset,
            "rules": [judging.described(rule) for rule in config.rules.table()],
            "personal_data": config.personal_data.model_dump(mode="json"),
            "keep_order": list(config.duplicates.keep_order),
            "output": config.output.model_dump(mode="json"),
        },
        "code": fingerprint.code(),
    }


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


def _decide(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    grouped: stages.Stage,
) -> list[File]:
    """The decisions table: one file per documents file, in its order."""
    rules = config.rules.table()
    documents = extracted.files["documents"]
    columns = judging.judged_columns(rules)
    work = decisions.judged(rules)
    rows = spread.rows_of(spark, folder, documents, work, columns, decisions.JUDGED)
    members = spread.table(spark, folder, grouped.files["clusters"], schema(CLUSTERS))
    decided = decisions.decided(rows, members, config.duplicates.keep_order)
    return decisions.write(decided, folder, len(spread.grouped(spark, documents)))


def _shards(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    decided: list[File],
    staging: str,
) -> tuple[list[File], dict[str, str]]:
    """Staged shards: the files under their published names, and staged name to published name."""
    rows = spread.table(spark, folder, decided, decisions.DECISIONS_SCHEMA)
    text_bytes = _text_bytes(rows)
    documents = extracted.files["documents"]
    packing = sum(f.bytes for f in documents) / max(1, sum(text_bytes.values()))
    cores = spark.sparkContext.defaultParallelism
    layout = shards.plan(text_bytes, packing, config.output.shard_mib << 20, cores)
    if not layout.shards:
        return [], {}
    kinds = config.personal_data.kinds if config.personal_data.mask else ()
    place = shards.placed(folder, decided, layout, kinds)
    moved = spread.rows_of(spark, folder, documents, place, PUBLISHED, shards.MOVED)
    done = shards.written(moved, folder, staging, layout, config.output.zstd_level).collect()
    published = {row["path"]: layout.shards[row["shard"]].path for row in done}
    files = [File(published[r["path"]], r["rows"], r["bytes"], r["sha256"]) for r in done]
    return files, published


def _text_bytes(rows: DataFrame) -> dict[tuple[str, str], int]:
    table = F.when(F.col("reason").isNull(), "corpus").otherwise("removed").alias("table")
    counted = rows.groupBy(table, "lang").agg(F.sum(F.col("text_bytes").cast("bigint")))
    return {(row[0], row[1]): row[2] for row in counted.collect()}


def _funnel(
    spark: SparkSession, folder: Folder, extracted: stages.Stage, decided: list[File]
) -> pa.RecordBatch:
    ledger = spread.table(spark, folder, extracted.files["ledger"], schema(LEDGER))
    rows = spread.table(spark, folder, decided, decisions.DECISIONS_SCHEMA)
    return watched(spark, "count", lambda: stats.funnel(ledger, rows))


def _personal_data(
    spark: SparkSession, folder: Folder, files: list[File], names: dict[str, str]
) -> pa.RecordBatch:
    """Counted in the shards themselves, still under their staged names."""
    staged = {name: path for path, name in names.items()}
    corpus = [f._replace(path=staged[f.path]) for f in files if f.path.startswith("corpus/")]
    masked = schema(c for c in CORPUS if c.name in ("doc_id", "lang", "pii"))
    rows = spread.table(spark, folder, corpus, masked)
    return watched(spark, "count masks", lambda: stats.personal_data(rows))
