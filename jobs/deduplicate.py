"""``corpusmill deduplicate``: documents to clusters of copies; every document gets a row."""

import logging
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.extract import sweep
from jobs.session import watched
from pipeline import against, band_tables, corpora, few_clusters, fingerprint, spread, stages
from pipeline.clusters import ClusterSettings, clusters
from pipeline.config import Config, Language
from pipeline.crawls import scopes
from pipeline.duplicate_config import Duplicates
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.parquet import File, Writer, batches
from pipeline.schema import KNOWN, MEMBERS, schema
from pipeline.shingle_sets import shingle_sets

log = logging.getLogger(__name__)

KEYS = ("doc_id", "lang", "warc_file", "text_hash", "signature")
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
    duplicates, documents = config.duplicates, extracted.files["documents"]
    with_what = band_tables.made_with(duplicates, labelled_by(extracted))
    known = corpora.opened(
        duplicates.against, with_what, folder, mixed=duplicates.mixed_language_models
    )
    settings = ClusterSettings(
        bands=duplicates.bands,
        rows=duplicates.rows,
        minimum_similarity=duplicates.minimum_similarity,
        edge_cap=duplicates.edge_cap,
        partitions=_partitions(spark, duplicates.bands, documents, *(c.bands for c in known)),
    )
    sets = _sets(spark, duplicates, folder, documents, known)
    parts = made_from(config, extracted, known)
    found = stages.check(folder, "deduplicate", parts)
    if found.stage:
        log.info("deduplicate: finished before from the same documents, config and code")
        return found.stage
    for line in found.differences:
        log.info("deduplicate: again, since %s", line)
    folder.sweep_folder(SCRATCH)
    files = {
        "bands": watched(
            spark,
            "bands",
            lambda: band_tables.write(spark, folder, documents, duplicates),
        )
    }
    few = sum(file.rows for file in documents) <= few_clusters.MOST_DOCUMENTS
    if few and not known and not sets:
        files |= _few(folder, documents, duplicates, settings)
    else:
        keyed, narrow = (
            spread.rows_of(spark, folder, documents, _keyed(duplicates, made), columns, made)
            for columns, made in ((KEYS, KEYED), (KEYS[:-1], NARROW))
        )
        files |= watched(
            spark, "deduplicate", lambda: _clustered(keyed, narrow, known, settings, folder, sets)
        )
    folder.sweep_folder(SCRATCH)
    counts = {"documents": sum(f.rows for f in files["members"])}
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
    later = {
        "keep_order", "edge_cap", "rights", "against", "symmetric", "newest_per_url",
        "mixed_language_models",
    }  # fmt: skip
    parts: fingerprint.Parts = {
        "extract": extracted.fingerprint,
        "config": {"duplicates": config.duplicates.model_dump(mode="json", exclude=later)},
        "bands": band_tables.made_with(config.duplicates, labelled_by(extracted)),
        "code": fingerprint.code(),
    }
    if known:
        parts["against"] = corpora.described(known, symmetric=config.duplicates.symmetric)
    return parts


def _sets(
    spark: SparkSession,
    duplicates: Duplicates,
    folder: Folder,
    documents: list[File],
    known: Sequence[corpora.Corpus],
) -> list[Callable[[DataFrame], DataFrame]]:
    """What the true check compares, for the run's documents and every older corpus; or nothing."""
    if duplicates.check != "jaccard":
        return []
    sources = [(folder, corpora.Sets(documents, "text"))]
    sources += [(corpus.folder, corpora.sets_of(corpus)) for corpus in known]
    scratch, shingling = folder.below(SCRATCH), duplicates.shingling
    return [
        partial(
            shingle_sets, spark, place, of.files, scratch, shingling=shingling, column=of.column
        )
        for place, of in sources
    ]


def labelled_by(extracted: stages.Stage) -> Language:
    """How the documents' languages were found."""
    return Language.model_validate(cast(dict[str, Any], extracted.parts["config"])["language"])


def _few(
    folder: Folder, documents: Sequence[File], duplicates: Duplicates, settings: ClusterSettings
) -> dict[str, list[File]]:
    """The clusters table, made in this process."""
    keyed = _keyed(duplicates, KEYED)
    rows = [
        batch
        for number, file in enumerate(documents)
        for batch in keyed(number, batches(folder, file.path, KEYS))
    ]
    found = few_clusters.few_clusters(pa.Table.from_batches(rows, KEYED), settings)
    with Writer(folder, f"members/{uuid.uuid4().hex[:12]}.parquet", schema(MEMBERS)) as out:
        out.write(found)
    return {"members": [out.file], "known": []}


def _clustered(
    keyed: DataFrame,
    narrow: DataFrame,
    known: Sequence[corpora.Corpus],
    settings: ClusterSettings,
    folder: Folder,
    sets: Sequence[Callable[[DataFrame], DataFrame]],
) -> dict[str, list[File]]:
    """The clusters table, and that of known copies where there are older corpora."""
    scratch = folder.below(SCRATCH)
    if not known:
        grouped = clusters(keyed, settings, scratch, narrow, sets[0] if sets else None)
        files = spread.write(grouped, folder, "members", schema(MEMBERS))
        return {"members": files, "known": []}
    earlier = against.older(keyed.sparkSession, known)
    grouped, copies = against.clusters_against(keyed, earlier, settings, scratch, narrow, sets)
    return {
        "members": spread.write(grouped, folder, "members", schema(MEMBERS)),
        "known": spread.write(copies, folder, "known", schema(KNOWN)),
    }


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


def _partitions(spark: SparkSession, bands: int, *tables: Sequence[File]) -> int:
    """Number of tasks that buckets are spread over: the session's, or more to sort in memory."""
    rows = bands * sum(file.rows for files in tables for file in files)
    least = int(spark.conf.get("spark.sql.shuffle.partitions") or 1)
    return max(least, min(MOST_PARTITIONS, -(-rows * BAND_BYTES // BUCKETS_BYTES)))


def _keyed(
    duplicates: Duplicates, result: pa.Schema
) -> Callable[[int, spread.Batches], spread.Batches]:
    def work(_file: int, batches: spread.Batches) -> spread.Batches:
        for batch in batches:
            columns = {
                "node": pa.array(node_of(batch.column("doc_id"))),
                "scope": scopes(batch, duplicates.scope, duplicates.crawl_pattern),
                "text_hash": batch.column("text_hash").cast(pa.binary()),
            }
            if "signature" in result.names:
                columns["signature"] = batch.column("signature")
            yield pa.record_batch([columns[name] for name in result.names], result)

    return work
