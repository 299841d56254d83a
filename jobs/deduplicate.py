"""``corpusmill deduplicate``: documents to clusters of copies; every document gets a row."""

import logging
from collections.abc import Callable
from functools import partial
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
from pipeline.shingle_sets import shingle_sets

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
    keyed = spread.rows_of(spark, folder, documents, _keyed(config.duplicates.scope), KEYS, KEYED)
    scratch = folder.below(SCRATCH)
    sets = partial(
        shingle_sets, spark, folder, documents, scratch, shingling=config.duplicates.shingling
    )
    true_check = config.duplicates.check == "jaccard"
    grouped = clusters(keyed, settings, scratch, sets if true_check else None)
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
    """ConfigError where the stored signatures are not what the configuration compares."""
    stored = cast(dict[str, Any], extracted.parts["config"])["signature"]
    needed = config.duplicates.signature
    if stored["hashes"] != needed["hashes"]:
        raise ConfigError(
            f"duplicates.bands x duplicates.rows is {needed['hashes']}, but the documents have "
            f"{stored['hashes']} MinHash values each; choose bands and rows whose product is "
            f"{stored['hashes']}, or extract again with this configuration"
        )
    if stored != needed:
        raise ConfigError(
            f"duplicates.shingle_length and shingle_unit are {_shingles(needed)}, but the "
            f"documents' signatures are made of shingles of {_shingles(stored)}; set these, or "
            "extract again with this configuration"
        )


def _shingles(signature: dict[str, Any]) -> str:
    """What signatures are made of, as "5 words".

    >>> _shingles({"shingle_unit": "words", "shingle_length": 5})
    '5 words'
    """
    return f"{signature.get('shingle_length')} {signature.get('shingle_unit')}"


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
