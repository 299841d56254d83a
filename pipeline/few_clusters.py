"""Clusters of few documents in one process: what ``pipeline.clusters`` finds, without its shuffles.

A dozen Spark jobs over a hundred documents take ten seconds to plan and a moment to run. The same
kernels over arrays take the moment.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.components import star_forest
from dedup.minhash import equal_bytes_needed
from pipeline.buckets import EDGES, as_batch, bands_of_batch, bucket_edges
from pipeline.clusters import NO_WORDS, ClusterSettings
from pipeline.schema import MEMBERS, schema

MOST_DOCUMENTS: Final = 100_000
"""At 14 bands of 136 bytes each, held twice while they are sorted, some 400 MB."""

Nodes = NDArray[np.int64]


def few_clusters(documents: pa.Table, settings: ClusterSettings) -> pa.RecordBatch:
    """One row of ``MEMBERS`` for every document, in their order; as ``clusters`` says.

    Columns: in (node: int64, scope: string, text_hash: binary(16), signature: binary).
    """
    nodes = documents["node"].to_numpy()
    exact = _equal(documents, nodes)
    exact_nodes = _followed(nodes, *exact)
    firsts = documents.filter(pa.array(~np.isin(nodes, exact[0])))
    clusters = _followed(exact_nodes, *star_forest(*_similar(firsts, settings)))
    _, of, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    columns = {
        "node": nodes,
        "cluster": clusters,
        "cluster_size": counts[of].astype(np.int32),
        "exact_node": exact_nodes,
    }
    result = schema(MEMBERS)
    return pa.record_batch([pa.array(columns[name]) for name in result.names], result)


def _equal(documents: pa.Table, nodes: Nodes) -> tuple[Nodes, Nodes]:
    """Nodes, each once and in order, that are not the smallest with their text; and that one."""
    hashes = documents["text_hash"].combine_chunks()
    scopes = pc.fill_null(documents["scope"].combine_chunks(), "").cast(pa.binary())
    texts = pc.binary_join_element_wise(scopes, hashes, b"\0").dictionary_encode()
    codes = texts.indices.to_numpy()
    smallest = np.full(len(texts.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(smallest, codes, nodes)
    hubs = smallest[codes]
    later = (nodes != hubs) & pc.not_equal(hashes, NO_WORDS).to_numpy(zero_copy_only=False)
    order = np.lexsort((hubs[later], nodes[later]))
    found, first = np.unique(nodes[later][order], return_index=True)
    return found, hubs[later][order][first]


def _similar(documents: pa.Table, settings: ClusterSettings) -> tuple[Nodes, Nodes]:
    """Edges between documents that share a bucket and are similar."""
    columns = ["node", "scope", "signature"]
    scopes = pc.fill_null(documents["scope"], "")
    named = documents.set_column(documents.schema.get_field_index("scope"), "scope", scopes)
    (batch,) = named.select(columns).combine_chunks().to_batches() or [None]
    if batch is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    sketched = settings.minimum_similarity > 0
    rows = bands_of_batch(batch, settings.bands, settings.rows, sketched)
    order = np.lexsort((rows.node[rows.document], rows.scope, rows.band, rows.bucket))
    rows = rows._replace(
        **{name: getattr(rows, name)[order] for name in ("document", "scope", "band", "bucket")}
    )
    needed = equal_bytes_needed(settings.minimum_similarity, settings.bands * settings.rows)
    found = bucket_edges(iter([as_batch(rows)]), needed, settings.leaders)
    edges = pa.Table.from_batches(found, EDGES)
    return edges["node"].to_numpy(), edges["hub"].to_numpy()


def _followed(nodes: Nodes, edges: Nodes, hubs: Nodes) -> Nodes:
    """Each node's hub, or itself where it has no edge. ``edges``: each once."""
    if not len(edges):
        return nodes
    order = np.argsort(edges)
    at = np.minimum(np.searchsorted(edges[order], nodes), len(edges) - 1)
    has = edges[order][at] == nodes
    return np.where(has, hubs[order][at], nodes)
