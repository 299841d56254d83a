"""``corpusmill curate``: rules over stored columns, best copies, sorted shards, the funnel."""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs import decide
from jobs.console import progress
from jobs.decide import counted
from jobs.extract import sweep
from jobs.session import local_cores, watched
from pipeline import (
    cluster_table,
    counting,
    deciding,
    fingerprint,
    judging,
    manifest,
    moving,
    parquet,
    rehydration,
    shards,
    stages,
    stats,
    verification,
)
from pipeline import config as configuration
from pipeline.config import Config
from pipeline.criteria import criteria
from pipeline.derived import Lists
from pipeline.errors import ConfigError
from pipeline.extraction import storage_options
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.schema import DOCUMENTS, KEYS

log = logging.getLogger(__name__)

PUBLISHED = [c.name for c in DOCUMENTS if c not in KEYS]


def alone(config: Config, folder: Folder, cores: int | None) -> bool:
    """Whether ``run`` needs no Spark: with cores of this machine, few documents, no repeats cut."""
    documents = stages.required(folder, "extract").files["documents"]
    known = stages.required(folder, "deduplicate").files.get("known", [])
    few = decide.rows_in([*documents, *known]) <= deciding.MOST_ROWS
    return few and not config.repeats.wanted and _few_bytes(documents, cores)


def _few_bytes(documents: list[File], cores: int | None) -> bool:
    return cores is not None and sum(file.bytes for file in documents) <= moving.MOST_BYTES


def run(
    spark: SparkSession | None, config: Config, folder: Folder, cores: int | None = None
) -> stages.Stage:
    """The finished curate stage: taken as it is when nothing it depends on changed.

    ``cores``: of this machine, for processes that write the shards if these are few; as the session
    has them if it is local. No session is needed if ``alone`` says so.
    """
    if spark is not None and cores is None:
        cores = local_cores(spark.sparkContext.master)
    extracted = stages.required(folder, "extract")
    grouped = stages.required(folder, "deduplicate", "members")
    judge = criteria(config, storage_options(config))
    parts = made_from(config, extracted, grouped, judge.lists)
    found = stages.check(folder, "curate", parts)
    if found.stage and manifest.read(folder) is not None:
        log.info("curate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("curate: again, since %s", line)
    records = _records(spark, folder, extracted)
    folder.sweep_folder("scratch")
    staging = f"scratch/curate-{uuid.uuid4().hex[:12]}"
    decided, counts = decide.run(spark, config, folder, extracted, grouped, judge, staging)
    decisions = decided.tables["decisions"]
    few = _few_bytes(extracted.files["documents"], cores)
    width = 4 * (cores or 1) if few or spark is None else spark.sparkContext.defaultParallelism
    layout = _layout(config, extracted, counts, width)
    rehydrated = _rehydrated(spark, config, folder, decisions)
    job = _publishing(config, folder, extracted, decided, layout, rehydrated, staging)
    written = _shards(None if few else spark, job, cores or 1)
    published = {row["path"]: layout.shards[row["shard"]].path for row in written}
    files = [File(published[r["path"]], r["rows"], r["bytes"], r["sha256"]) for r in written]
    for name, file in _clusters(spark, folder, decisions, staging).items():
        published[file.path] = name
        files.append(file._replace(path=name))
    tables = {
        "stats/funnel.parquet": stats.funnel(records, counts),
        "stats/personal_data.parquet": stats.personal_data(_masked(layout, written)),
        "stats/edits.parquet": stats.edits(row["edits"] for row in written),
        "stats/rehydration.parquet": rehydrated,
    }
    for name, batch in tables.items():
        with parquet.Writer(folder, f"{staging}/{name}", batch.schema) as out:
            out.write(batch)
        published[out.file.path] = name
        files.append(out.file._replace(path=name))
    sizes = verification.input_sizes(extracted)
    listing = [{"name": name, "bytes": size} for name, size in sorted(sizes.items())]
    made = {"code": parts["code"], "models": extracted.parts["models"]} | looked_up(judge.lists)
    made |= {name: grouped.parts[name] for name in ("against",) if name in grouped.parts}
    made |= {name: extracted.parts[name] for name in ("selection",) if name in extracted.parts}
    stages.forget(folder, "curate")
    used = as_used(config, extracted, grouped)
    manifest.publish(folder, staging, published, manifest.encode(used, made, listing, files))
    kept = sum(f.rows for f in files if f.path.startswith("corpus/"))
    stage = stages.Stage("curate", parts, decided.tables, {"kept": kept})
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
            "rights": config.duplicates.rights,
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
    known = cast(dict[str, Any], grouped.parts.get("against") or {})
    used["duplicates"]["against"] = [name for name, _ in known.get("corpora", [])]
    used["duplicates"]["symmetric"] = known.get("symmetric", False)
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
    grouped = stages.required(folder, "deduplicate", "members")
    judge = criteria(config, storage_options(config))
    _, counts = decide.in_process(config, folder, extracted, grouped, judge, write=False)
    return list(stats.funnel(_records(None, folder, extracted), counts).to_pylist())


def _records(spark: SparkSession | None, folder: Folder, extracted: stages.Stage) -> pa.Table:
    """Counts of the ledger; ConfigError where another version wrote it."""
    ledger = extracted.files["ledger"]
    for file in ledger[:1]:  # all of a stage are made by one code
        found = parquet.metadata(folder, file.path).schema.to_arrow_schema().names
        if missing := set(stats.LEDGER_COLUMNS).difference(found):
            raise ConfigError(
                f"{folder.uri}: its ledger has no column {', '.join(sorted(missing))}: it was "
                "extracted by another version; run `corpusmill extract` or `corpusmill mill` again"
            )
    return counted(spark, folder, ledger, stats.LEDGER_COLUMNS, stats.ledger_counts)


def _rehydrated(
    spark: SparkSession | None, config: Config, folder: Folder, decisions: list[File]
) -> pa.RecordBatch:
    """The table of weights; the rules' decisions give the removal rates."""
    sizes = counted(
        spark, folder, decisions, rehydration.COLUMNS, rehydration.counts, counting.SIZES
    )
    return rehydration.table(sizes, config.output.rehydration_most)


def _clusters(
    spark: SparkSession | None, folder: Folder, decisions: list[File], staging: str
) -> dict[str, File]:
    """The staged clusters table, by the names of its files; small runs need no Spark for it."""
    if spark is None or decide.rows_in(decisions) <= deciding.MOST_ROWS:
        return cluster_table.written(None, folder, decisions, staging)
    session = spark
    return watched(
        session,
        "write clusters",
        lambda: cluster_table.written(session, folder, decisions, staging),
    )


def _layout(
    config: Config, extracted: stages.Stage, counts: pa.Table, parallelism: int
) -> shards.Plan:
    text_bytes = stats.text_bytes(counts)
    stored = sum(file.bytes for file in extracted.files["documents"])
    packing = stored / max(1, sum(text_bytes.values()))
    return shards.plan(text_bytes, packing, config.output.shard_mib << 20, parallelism)


def _publishing(
    config: Config,
    folder: Folder,
    extracted: stages.Stage,
    decided: decide.Made,
    layout: shards.Plan,
    rehydrated: pa.RecordBatch,
    staging: str,
) -> shards.Publishing:
    return shards.Publishing(
        folder,
        PUBLISHED,
        extracted.files["documents"],
        decided.tables["decisions"],
        layout,
        staging,
        config.personal_data.kinds if config.personal_data.mask else (),
        config.edits.steps,
        decided.cuts,
        rehydrated if config.output.rehydration else None,
        config.output.zstd_level,
    )


def _shards(spark: SparkSession | None, job: shards.Publishing, cores: int) -> list[dict[str, Any]]:
    """Rows of ``shards.WRITTEN`` for the staged shards, by Spark or by so many processes."""
    if not job.layout.shards:
        return []
    if spark is not None:
        rows = shards.by_spark(spark, job)
        return [row.asDict(True) for row in watched(spark, "write shards", rows.collect)]
    total = 2 * sum(file.rows for file in job.documents)
    with progress("write shards", total, logged=True) as advance:
        return moving.written(job, cores, advance)


def _masked(
    layout: shards.Plan, written: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, int, int]]:
    """Counts of personal data in the shards of the corpus, as their writers told them."""
    for row in written:
        shard = layout.shards[row["shard"]]
        if shard.table == "corpus":
            for kind, documents, spans in zip(
                row["kinds"], row["documents"], row["spans"], strict=True
            ):
                yield shard.lang, kind, documents, spans
