"""Clusters over a run's documents and those of older corpora, from the older ones' band tables.

The candidates, checks and components are those of one run over all of them: the same edges are
found, so the same documents end in one cluster. Two documents of the run that are joined only
through an older one share a cluster, and two older clusters joined by a document of the run are one
cluster here; what the older corpora published stays as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from pipeline import band_tables, spread
from pipeline.clusters import (
    ClusterSettings,
    bands_of,
    bands_stored,
    exact_edges,
    memberships,
    similar_edges,
)
from pipeline.components import components, saved, shuffled
from pipeline.corpora import Corpus
from pipeline.files import Folder
from pipeline.jaccard import jaccard_edges, saved_groups, shared_buckets
from pipeline.judging import node_of
from pipeline.parquet import File
from pipeline.schema import BANDS, KNOWN, schema

OLDER = pa.schema(
    [
        ("node", pa.int64()),
        ("rank", pa.int32()),
        ("corpus", pa.string()),
        ("held", pa.bool_()),
        ("objected", pa.bool_()),
        *(field for field in schema(BANDS) if field.name not in ("text_hash", "fate")),
        ("text_hash", pa.binary()),
    ]
)
KEYS = pa.schema([OLDER.field(n) for n in ("node", "rank", "scope", "text_hash", "doc_id")])
PLACES = pa.schema([("node", pa.int64()), ("rank", pa.int32()), ("own", pa.int64())])
Sets = Callable[[DataFrame], DataFrame]
"""Shingles of a corpus's documents, as ``pipeline.shingle_sets`` makes or finds them."""
LABELS = pa.schema(
    [
        ("node", pa.int64()),
        ("joint", pa.int64()),
        ("joint_exact", pa.int64()),
        ("cluster", pa.int64()),
        ("cluster_size", pa.int32()),
        ("exact_node", pa.int64()),
    ]
)


def older(spark: SparkSession, corpora: Sequence[Corpus]) -> DataFrame:
    """Documents of older corpora. Columns: ``OLDER``; ``rank`` counts the corpora from 0."""
    return reduce(DataFrame.unionByName, [_rows(spark, i, c) for i, c in enumerate(corpora)])


def _rows(spark: SparkSession, rank: int, corpus: Corpus) -> DataFrame:
    folder, name, decisions = corpus.folder, corpus.name, corpus.decisions

    def read(items: list[tuple[int, File]]) -> spread.Batches:
        for number, file in items:
            own = decisions[number] if decisions else None
            for batch in band_tables.with_fates(folder, file, own):
                yield _older(batch, rank, name)

    return spread.each(spark, spread.grouped(spark, corpus.bands), read, OLDER)


def _older(batch: pa.RecordBatch, rank: int, name: str) -> pa.RecordBatch:
    count, fate = batch.num_rows, batch.column("fate").fill_null(band_tables.KEPT)
    columns = {
        "node": pa.array(node_of(batch.column("doc_id"))),
        "rank": pa.repeat(pa.scalar(rank, pa.int32()), count),
        "corpus": pa.repeat(pa.scalar(name), count),
        "held": pc.equal(fate, band_tables.KEPT),
        "objected": pc.equal(fate, band_tables.OBJECTED),
    }
    named = (f.name for f in OLDER)
    arrays = [columns[n] if n in columns else batch.column(n) for n in named]
    return pa.record_batch([a.cast(f.type) for a, f in zip(arrays, OLDER, strict=True)], OLDER)


def apart(documents: DataFrame, known: DataFrame) -> DataFrame:
    """Older documents with nodes that neither the run's nor an earlier corpus's documents have.

    Archives of the same name, or the same archives, give the same ids in different corpora. The
    first to use a node keeps it: its order among others, and so the result, is that of one run.

    Columns: in (node: long, …) and ``OLDER``, out ``OLDER``.
    """
    users = documents.select("node", F.lit(-1).alias("user")).unionByName(
        known.select("node", F.col("rank").alias("user"))
    )
    owners = (
        users.groupBy("node")
        .agg(F.min("user").alias("owner"), F.max("user").alias("last"))
        .where(F.col("owner") != F.col("last"))
        .drop("last")
    )
    another = F.col("owner").isNotNull() & (F.col("owner") != F.col("rank"))
    node = F.when(another, F.xxhash64("node", "rank")).otherwise(F.col("node"))
    every = known.join(shuffled(owners), on="node", how="left")
    return every.withColumn("node", node).drop("owner")


def clusters_against(
    documents: DataFrame,
    known: DataFrame,
    settings: ClusterSettings,
    scratch: Folder,
    keys: DataFrame | None = None,
    sets: Sequence[Sets] = (),
) -> tuple[DataFrame, DataFrame]:
    """The run's documents with their clusters, and the older ones that share one with them.

    ``cluster``, ``cluster_size`` and ``exact_node`` are of the run's documents alone, as
    ``pipeline.clusters.clusters`` has them; the older ones come with the clusters' names here.
    Both are read from ``scratch``, which must outlive them. ``keys`` are the documents without
    signatures, as ``clusters`` has them. With ``sets``, those of the run and of every older corpus
    in its order, similar means the Jaccard similarity of the shingles.

    Columns: in (node: long, scope: string, text_hash: binary, signature: binary) and ``OLDER``;
    out (node, cluster, cluster_size, exact_node) and ``KNOWN``.
    """
    spark = documents.sparkSession
    keys = documents if keys is None else keys
    files = spread.write(apart(keys, known), scratch, "older", OLDER)
    known, known_keys = (spread.table(spark, scratch, files, kind) for kind in (OLDER, KEYS))
    new, old = joint(documents, known, settings, scratch, keys, known_keys, sets)
    labelled = spread.write(labels(new), scratch, "labels", LABELS)
    named = spread.table(spark, scratch, labelled, LABELS)
    return (
        named.select("node", "cluster", "cluster_size", "exact_node"),
        shared(old, named, known),
    )


def joint(
    documents: DataFrame,
    known: DataFrame,
    settings: ClusterSettings,
    scratch: Folder,
    keys: DataFrame | None = None,
    known_keys: DataFrame | None = None,
    sets: Sequence[Sets] = (),
) -> tuple[DataFrame, DataFrame]:
    """Clusters over both, for the run's documents and for the older: as one run finds them.

    Columns: in as ``clusters_against``, nodes apart, and the same rows by their keys alone (those
    of ``KEYS`` for the older); out twice (node, cluster, exact_node).
    """
    keys = documents if keys is None else keys
    known_keys = known if known_keys is None else known_keys
    named = ("node", "scope", "text_hash")
    both = keys.select(*named).unionByName(known_keys.select(*named))
    exact = saved(exact_edges(both), scratch, "exact")
    copies = shuffled(exact.select("node"))
    firsts = [side.join(copies, on="node", how="left_anti") for side in (documents, known)]
    if sets:
        plain = replace(settings, minimum_similarity=0.0)
        bands = bands_of(firsts[0], plain).unionByName(bands_stored(firsts[1]))
        shared = saved_groups(shared_buckets(bands, settings.partitions), scratch)
        every = partial(joint_sets, known=known_keys, sets=sets)
        near = jaccard_edges(shared, every, settings.minimum_similarity, settings.leaders)
    else:
        near = similar_edges(firsts[0], settings, firsts[1])
    forest = components(near, scratch, "near", settings.edge_cap)
    similar = saved(forest, scratch, "similar")
    return memberships(keys, exact, similar), memberships(known_keys, exact, similar)


def joint_sets(nodes: DataFrame, known: DataFrame, sets: Sequence[Sets]) -> DataFrame:
    """Shingles of documents of the run and of older corpora, each from where that corpus has them.

    Columns: in (node: long, distinct) and ``KEYS``, out (node: long, shingles: binary).
    """

    def places(batches: spread.Batches) -> spread.Batches:
        for batch in batches:
            own = pa.array(node_of(batch.column("doc_id")))
            yield pa.record_batch([batch.column("node"), batch.column("rank"), own], PLACES)

    wanted = known.select("node", "rank", "doc_id").join(shuffled(nodes), on="node", how="inner")
    older = wanted.mapInArrow(places, spread.ddl(PLACES)).distinct()
    own, *others = sets
    parts = [own(nodes)]
    for rank, of in enumerate(others):
        parts.append(of(older.where(F.col("rank") == rank).select("own", "node")))
    return reduce(DataFrame.unionByName, parts)


def labels(members: DataFrame) -> DataFrame:
    """Clusters named after the run's own smallest node, and counted among its documents.

    Columns: in (node, cluster, exact_node), out ``LABELS``.
    """
    cluster, text = Window.partitionBy("cluster"), Window.partitionBy("exact_node")
    return members.select(
        "node",
        F.col("cluster").alias("joint"),
        F.col("exact_node").alias("joint_exact"),
        F.min("node").over(cluster).alias("cluster"),
        F.count(F.lit(1)).over(cluster).cast("int").alias("cluster_size"),
        F.min("node").over(text).alias("exact_node"),
    )


def shared(old: DataFrame, named: DataFrame, known: DataFrame) -> DataFrame:
    """Older documents in clusters of the run that it must know of: held, or objected to.

    Columns: in (node, cluster, exact_node), ``LABELS`` and ``OLDER``, out ``KNOWN``.
    """
    clusters = named.select("joint", "cluster").distinct()
    texts = named.select("joint_exact", "exact_node").distinct()
    facts = known.where(F.col("held") | F.col("objected") | F.col("opted_out"))
    return (
        old.dropDuplicates(["node"])
        .withColumnsRenamed({"cluster": "joint", "exact_node": "joint_exact"})
        .join(shuffled(clusters), on="joint", how="inner")
        .join(shuffled(texts), on="joint_exact", how="left")
        .join(shuffled(facts), on="node", how="inner")
        .select(*schema(KNOWN).names)
    )
