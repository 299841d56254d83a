"""``corpusmill deduplicate``: documents to clusters of copies; every document gets a row."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.extract import sweep
from jobs.session import watched
from pipeline import against, band_tables, corpora, fingerprint, spread, stages
from pipeline.clusters import ClusterSettings, clusters
from pipeline.config import Config
from pipeline.crawls import scopes
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.parquet import File
from pipeline.schema import CLUSTERS, KNOWN, schema

log = logging.getLogger(__name__)

KEYS = ("doc_id", "lang", "warc_file", "text_hash", "signature")
SCRATCH = "scratch/clusters"
KEYED = pa.schema(
    [
        ("node", pa.int64()),
        ("scope", pa.string()),
        ("text_hash", pa.binary()),
        ("signature", pa.binary()),
    ]
)


def run(spark: SparkSession, config: Config, folder: Folder) -> stages.Stage:
    """The finished deduplicate stage: taken as it is when nothing it depends on changed."""
    extracted = stages.required(folder, "extract")
    _check_signatures(config, extracted)
    settings = ClusterSettings(
        bands=config.duplicates.bands,
        rows=config.duplicates.rows,
        minimum_similarity=config.duplicates.minimum_similarity,
        edge_cap=config.duplicates.edge_cap,
    )
    with_what = band_tables.made_with(config.duplicates)
    known = corpora.opened(config.duplicates.against, with_what, folder)
    parts = made_from(config, extracted, known)
    found = stages.check(folder, "deduplicate", parts)
    if found.stage:
        log.info("deduplicate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("deduplicate: again, since %s", line)
    folder.sweep_folder(SCRATCH)
    documents = extracted.files["documents"]
    files = {
        "bands": watched(
            spark,
            "bands",
            lambda: band_tables.write(spark, folder, documents, config.duplicates),
        )
    }
    duplicates = config.duplicates
    work = _keyed(duplicates.scope, duplicates.crawl_pattern)
    keyed = spread.rows_of(spark, folder, documents, work, KEYS, KEYED)
    files |= watched(spark, "deduplicate", lambda: _clustered(keyed, known, settings, folder))
    folder.sweep_folder(SCRATCH)
    counts = {"documents": sum(f.rows for f in files["clusters"])}
    if known:
        counts["known"] = sum(f.rows for f in files["known"])
    stage = stages.Stage("deduplicate", parts, files, counts)
    stages.finish(folder, stage)
    sweep(folder, stage)
    return stage


def made_from(
    config: Config, extracted: stages.Stage, known: Sequence[corpora.Corpus]
) -> fingerprint.Parts:
    """What the deduplicate stage depends on."""
    later = {"keep_order", "edge_cap", "rights", "against", "symmetric"}
    parts: fingerprint.Parts = {
        "extract": extracted.fingerprint,
        "config": {"duplicates": config.duplicates.model_dump(mode="json", exclude=later)},
        "bands": band_tables.made_with(config.duplicates),
        "code": fingerprint.code(),
    }
    if known:
        parts["against"] = corpora.described(known, symmetric=config.duplicates.symmetric)
    return parts


def _clustered(
    keyed: DataFrame, known: Sequence[corpora.Corpus], settings: ClusterSettings, folder: Folder
) -> dict[str, list[File]]:
    """The clusters table, and that of known copies where there are older corpora."""
    scratch = folder.below(SCRATCH)
    if not known:
        grouped = clusters(keyed, settings, scratch)
        files = spread.write(grouped, folder, "clusters", schema(CLUSTERS))
        return {"clusters": files, "known": []}
    earlier = against.older(keyed.sparkSession, known)
    grouped, copies = against.clusters_against(keyed, earlier, settings, scratch)
    return {
        "clusters": spread.write(grouped, folder, "clusters", schema(CLUSTERS)),
        "known": spread.write(copies, folder, "known", schema(KNOWN)),
    }


def _check_signatures(config: Config, extracted: stages.Stage) -> None:
    """ConfigError where the stored signatures are not of as many values as the bands need."""
    ran_with = cast(dict[str, Any], extracted.parts["config"])
    stored, needed = ran_with["signature"]["hashes"], config.duplicates.hashes
    if stored != needed:
        raise ConfigError(
            f"duplicates.bands x duplicates.rows is {needed}, but the documents have "
            f"{stored} MinHash values each; choose bands and rows whose product is {stored}, or "
            "extract again with this configuration"
        )


def _keyed(scope: str, pattern: str) -> Callable[[int, spread.Batches], spread.Batches]:
    def work(_file: int, batches: spread.Batches) -> spread.Batches:
        for batch in batches:
            yield pa.record_batch(
                [
                    pa.array(node_of(batch.column("doc_id"))),
                    scopes(batch, scope, pattern),
                    batch.column("text_hash").cast(pa.binary()),
                    batch.column("signature"),
                ],
                KEYED,
            )

    return work
