"""Clusters of duplicate documents in Spark: equal texts first, then similar ones.

Nothing here draws lots or depends on arrival: edges come from keys and smallest nodes, so any
partitioning, order or retry gives the same clusters. Which copy stays is decided elsewhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from dedup.minhash import equal_bytes_needed
from pipeline.buckets import (
    BAND_ROWS_DDL,
    EDGES_DDL,
    KEY,
    as_batch,
    band_rows,
    bands_of_batch,
    bucket_edges,
    stored_bands,
)
from pipeline.components import components, saved, shuffled
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.jaccard import jaccard_edges, saved_groups, shared_buckets
from pipeline.packed import RowsOf, packed_edges

NO_WORDS = bytes(16)
"""The text hash of a text without words, which is no text's duplicate."""


@dataclass(frozen=True)
class ClusterSettings:
    """How near-duplicates are found; ``dedup.bands.PRESETS`` says why these.

    ``minimum_similarity`` is the share of equal MinHash values a pair needs to be linked; 0 links
    whatever shares a bucket. ``leaders`` bounds what a document is compared with in one bucket.
    Up to ``edge_cap`` edges are finished in one task (about 60 bytes an edge). ``partitions`` is
    the number buckets are shuffled to, None for the session's.
    """

    bands: int = 14
    rows: int = 8
    minimum_similarity: float = 0.65
    leaders: int = 16
    edge_cap: int = 200_000_000
    partitions: int | None = None

    def __post_init__(self) -> None:
        partitions = 1 if self.partitions is None else self.partitions
        if min(self.bands, self.rows, self.leaders, partitions) < 1 or self.edge_cap < 0:
            raise ConfigError("bands, rows, leaders and partitions start at 1, edge_cap at 0")
        if not 0 <= self.minimum_similarity <= 1:
            raise ConfigError(
                f"minimum_similarity is a share from 0 to 1, not {self.minimum_similarity}"
            )


def clusters(
    documents: DataFrame,
    settings: ClusterSettings,
    scratch: Folder,
    keys: DataFrame | None = None,
    sets: Callable[[DataFrame], DataFrame] | None = None,
) -> DataFrame:
    """One row for every document: its cluster, and the first copy of its text.

    ``cluster`` is the smallest node among all that are connected by equal or similar texts,
    ``exact_node`` the smallest with the same text, ``cluster_size`` counts both kinds. Documents
    meet only within their scope. One without words is alone. Should two share a node, they are
    taken for one document in one cluster, and both keep their row.

    ``documents`` is read several times: give it from a table. ``keys`` are the same rows without
    signatures, which are nine tenths of them: all but one of the readings take these if given.
    Edges are kept in ``scratch``, which nobody else uses and which must outlive the result: it is
    read from there.

    With ``sets``, similar means the Jaccard similarity of the shingles it has for a column of nodes
    (``pipeline.jaccard``), not the share of equal MinHash values.

    Columns: in (node: long, unique, scope: string, text_hash: binary(16), signature: binary, uint32
    little-endian, null or empty without shingles); out (node: long, cluster: long, cluster_size:
    int, exact_node: long).
    """
    keys = documents if keys is None else keys
    exact = saved(exact_edges(keys), scratch, "exact")
    firsts = documents.join(shuffled(exact.select("node")), on="node", how="left_anti")
    if sets is None:
        near = similar_edges(firsts, settings)
    else:
        bands = bands_of(firsts, replace(settings, minimum_similarity=0.0))
        shared = saved_groups(shared_buckets(bands, settings.partitions), scratch)
        near = jaccard_edges(shared, sets, settings.minimum_similarity, settings.leaders)
    forest = components(near, scratch, "near", settings.edge_cap)
    similar = saved(forest, scratch, "similar")
    return sized(memberships(keys, exact, similar))


def exact_edges(documents: DataFrame) -> DataFrame:
    """Edges from every document to the smallest node with the same text in its scope.

    One edge a node, even where two documents share a node: joins must not multiply their rows.

    Columns: in (node: long, scope: string, text_hash: binary), out (node, hub: long), node > hub.
    """
    texts = documents.where(F.col("text_hash") != F.lit(NO_WORDS)).select(
        "node", _scope(), "text_hash"
    )
    groups = texts.groupBy("scope", "text_hash").agg(
        F.min("node").alias("hub"), F.count(F.lit(1)).alias("copies")
    )
    shared = groups.where(F.col("copies") > 1).drop("copies")
    return (
        texts.join(shuffled(shared), on=["scope", "text_hash"], how="inner")
        .where(F.col("node") != F.col("hub"))
        .groupBy("node")
        .agg(F.min("hub").alias("hub"))
    )


def similar_edges(
    documents: DataFrame, settings: ClusterSettings, known: DataFrame | None = None
) -> DataFrame:
    """The edges of ``near_edges`` over ``bands_of``, without the JVM's taking part in the rows.

    ``known`` are documents whose bands are stored, looked at together with the others.

    Columns: in (node: long, scope: string, signature: binary) and (node, scope, buckets:
    array<long>, sketch: binary), out (node, hub: long), node > hub.
    """
    least = int(documents.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
    sketched = settings.minimum_similarity > 0
    signed = partial(bands_of_batch, bands=settings.bands, rows=settings.rows, sketched=sketched)
    sides: list[tuple[DataFrame, RowsOf]] = [
        (documents.select("node", _scope(), "signature"), signed)
    ]
    if known is not None:
        stored = known.select("node", _scope(), "buckets", "sketch")
        sides.append((stored, partial(stored_bands, sketched=sketched)))
    return packed_edges(
        sides,
        equal_bytes_needed(settings.minimum_similarity, settings.bands * settings.rows),
        settings.leaders,
        settings.partitions or least,
    )


def bands_of(documents: DataFrame, settings: ClusterSettings) -> DataFrame:
    """One row for every band of every document that has shingles.

    Columns: in (node: long, scope: string, signature: binary), out (scope, band: int, bucket: long,
    node, sketch: binary).
    """
    rows_of = partial(
        band_rows,
        bands=settings.bands,
        rows=settings.rows,
        sketched=settings.minimum_similarity > 0,
    )
    return documents.select("node", _scope(), "signature").mapInArrow(rows_of, BAND_ROWS_DDL)


def bands_stored(known: DataFrame) -> DataFrame:
    """One row for every stored band, without sketches: what ``bands_of`` makes of signatures.

    Columns: in (node: long, scope: string, buckets: array<long>, sketch: binary), out as
    ``bands_of``.
    """

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield as_batch(stored_bands(batch, sketched=False))

    return known.select("node", _scope(), "buckets", "sketch").mapInArrow(rows, BAND_ROWS_DDL)


def near_edges(bands: DataFrame, settings: ClusterSettings) -> DataFrame:
    """Edges between similar documents that share a bucket, fewer than the bucket has documents.

    A bucket is all of one scope, band and hash. Its rows are read as one stream in the order of
    their nodes; without a check its documents are linked to the smallest.

    Columns: in (scope: string, band: int, bucket: long, node: long, sketch: binary), out (node,
    hub: long), node > hub.
    """
    hashes = settings.bands * settings.rows
    edges_of = partial(
        bucket_edges,
        equal_bytes=equal_bytes_needed(settings.minimum_similarity, hashes),
        leaders=settings.leaders,
    )
    keys = [F.col(name) for name in KEY]
    spread = (
        bands.repartition(F.col("bucket"))
        if settings.partitions is None
        else bands.repartition(settings.partitions, F.col("bucket"))
    )
    return spread.sortWithinPartitions(*keys, F.col("node")).mapInArrow(edges_of, EDGES_DDL)


def memberships(documents: DataFrame, exact: DataFrame, similar: DataFrame) -> DataFrame:
    """Every document with the smallest node of its text and of its cluster.

    ``similar`` joins only the smallest nodes of their texts, so the smallest of a component is the
    smallest over all copies of all its texts.

    Columns: in documents (node: long), exact and similar (node, hub: long); out (node, cluster:
    long, exact_node: long).
    """
    copies = exact.select("node", F.col("hub").alias("copied"))
    texts = (
        documents.select("node")
        .join(shuffled(copies), on="node", how="left")
        .select("node", F.coalesce("copied", "node").alias("exact_node"))
    )
    joined = similar.select(F.col("node").alias("exact_node"), F.col("hub").alias("smallest"))
    return texts.join(shuffled(joined), on="exact_node", how="left").select(
        "node", F.coalesce("smallest", "exact_node").alias("cluster"), "exact_node"
    )


def sized(members: DataFrame) -> DataFrame:
    """Members with the number of documents in their cluster.

    Columns: in (node: long, cluster: long, exact_node: long), out (node, cluster, cluster_size:
    int, exact_node).
    """
    size = F.count(F.lit(1)).over(Window.partitionBy("cluster"))
    return members.select("node", "cluster", size.cast("int").alias("cluster_size"), "exact_node")


def _scope() -> Column:
    """Scope without nulls, which no join would match."""
    return F.coalesce(F.col("scope"), F.lit("")).alias("scope")
