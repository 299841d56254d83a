"""``corpusmill deduplicate``: documents to clusters of copies; every document gets a row."""

import logging
from collections.abc import Callable
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs.extract import sweep
from jobs.session import watched
from pipeline import fingerprint, spread, stages
from pipeline.clusters import ClusterSettings, clusters
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.schema import CLUSTERS, schema

log = logging.getLogger(__name__)

KEYS = ("doc_id", "lang", "text_hash", "signature")
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
    parts: fingerprint.Parts = {
        "extract": extracted.fingerprint,
        "config": {
            "duplicates": config.duplicates.model_dump(
                mode="json", exclude={"keep_order", "edge_cap", "newest_per_url"}
            )
        },
        "code": fingerprint.code(),
    }
    found = stages.check(folder, "deduplicate", parts)
    if found.stage:
        log.info("deduplicate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("deduplicate: again, since %s", line)
    folder.sweep_folder(SCRATCH)
    documents = extracted.files["documents"]
    keyed = spread.rows_of(spark, folder, documents, _keyed(config.duplicates.scope), KEYS, KEYED)
    grouped = clusters(keyed, settings, folder.below(SCRATCH))
    files = watched(
        spark, "deduplicate", lambda: spread.write(grouped, folder, "clusters", schema(CLUSTERS))
    )
    folder.sweep_folder(SCRATCH)
    stage = stages.Stage(
        "deduplicate", parts, {"clusters": files}, {"documents": sum(f.rows for f in files)}
    )
    stages.finish(folder, stage)
    sweep(folder, stage)
    return stage


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


def _keyed(scope: str) -> Callable[[int, spread.Batches], spread.Batches]:
    def work(_file: int, batches: spread.Batches) -> spread.Batches:
        for batch in batches:
            lang = batch.column("lang")
            scopes = lang if scope == "language" else pa.array(["all"] * batch.num_rows)
            yield pa.record_batch(
                [
                    pa.array(node_of(batch.column("doc_id"))),
                    scopes,
                    batch.column("text_hash").cast(pa.binary()),
                    batch.column("signature"),
                ],
                KEYED,
            )

    return work
