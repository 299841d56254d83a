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
BAND_BYTES = 136
"""Of a band row: its keys, its node and a sketch of 112 bytes."""
BUCKETS_BYTES = 96 << 20
"""Band rows of one task, which holds them twice while it sorts."""
MOST_PARTITIONS = 10_000
"""From 500 million documents on, tasks get more and sort on disk: for every map task Spark keeps a
bit or more of each partition on the driver."""
KEYED = pa.schema(
    [
        ("node", pa.int64()),
        ("scope", pa.string()),
        ("text_hash", pa.binary()),
        ("signature", pa.binary()),
    ]
)
NARROW = pa.schema(list(KEYED)[:-1])


def run(spark: SparkSession, config: Config, folder: Folder) -> stages.Stage:
    """The finished deduplicate stage: taken as it is when nothing it depends on changed."""
    extracted = stages.required(folder, "extract")
    _check_signatures(config, extracted)
    settings = ClusterSettings(
        bands=config.duplicates.bands,
        rows=config.duplicates.rows,
        minimum_similarity=config.duplicates.minimum_similarity,
        edge_cap=config.duplicates.edge_cap,
        partitions=_partitions(spark, extracted, config.duplicates.bands),
    )
    parts: fingerprint.Parts = {
        "extract": extracted.fingerprint,
        "config": {
            "duplicates": config.duplicates.model_dump(
                mode="json", exclude={"keep_order", "edge_cap"}
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
    scope = config.duplicates.scope
    keyed = spread.rows_of(spark, folder, documents, _keyed(scope, KEYED), KEYS, KEYED)
    narrow = spread.rows_of(spark, folder, documents, _keyed(scope, NARROW), KEYS[:-1], NARROW)
    grouped = clusters(keyed, settings, folder.below(SCRATCH), narrow)
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


def _partitions(spark: SparkSession, extracted: stages.Stage, bands: int) -> int:
    """Number of tasks that buckets are spread over: the session's, or more to sort in memory."""
    rows = bands * sum(file.rows for file in extracted.files["documents"])
    least = int(spark.conf.get("spark.sql.shuffle.partitions") or 1)
    return max(least, min(MOST_PARTITIONS, -(-rows * BAND_BYTES // BUCKETS_BYTES)))


def _keyed(scope: str, result: pa.Schema) -> Callable[[int, spread.Batches], spread.Batches]:
    def work(_file: int, batches: spread.Batches) -> spread.Batches:
        for batch in batches:
            lang = batch.column("lang")
            columns = {
                "node": pa.array(node_of(batch.column("doc_id"))),
                "scope": lang if scope == "language" else pa.array(["all"] * batch.num_rows),
                "text_hash": batch.column("text_hash").cast(pa.binary()),
            }
            if "signature" in result.names:
                columns["signature"] = batch.column("signature")
            yield pa.record_batch([columns[name] for name in result.names], result)

    return work
