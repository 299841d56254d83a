"""Buckets of candidates as Arrow batches: signatures to band rows, sorted band rows to edges."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.bands import band_hashes
from dedup.leaders import links, no_leaders
from dedup.minhash import sketches, without_shingles

DOCUMENTS_AT_ONCE = 2048
"""Documents whose band rows make one batch: 14 bands of 112-byte sketches are about 4 MB."""

Key = tuple[object, ...]
KEY = ("bucket", "band", "scope")
BAND_ROWS = pa.schema(
    [
        ("scope", pa.string()),
        ("band", pa.int32()),
        ("bucket", pa.int64()),
        ("node", pa.int64()),
        ("sketch", pa.binary()),
    ]
)
BAND_ROWS_DDL = "scope string, band int, bucket long, node long, sketch binary"
EDGES = pa.schema([("node", pa.int64()), ("hub", pa.int64())])
EDGES_DDL = "node long, hub long"


def band_rows(
    batches: Iterator[pa.RecordBatch], bands: int, rows: int, sketched: bool
) -> Iterator[pa.RecordBatch]:
    """One row a band for every document with shingles, from (node, scope, signature).

    ``sketch`` carries what a later check compares, a byte a hash, and is empty unless ``sketched``.
    Raises ValueError when signatures differ in length or are too short for bands x rows.
    """
    for batch in batches:
        for start in range(0, batch.num_rows, DOCUMENTS_AT_ONCE):
            part = batch.slice(start, DOCUMENTS_AT_ONCE)
            yield as_batch(bands_of_batch(part, bands, rows, sketched))


class BandRows(NamedTuple):
    """Band rows of some documents.

    ``node`` and ``sketch`` (n, sketch bytes) are the documents'; the others have a row a band, with
    its ``document`` and the number of its scope in ``scopes``.
    """

    node: NDArray[np.int64]
    sketch: NDArray[np.uint8]
    scopes: list[str]
    document: NDArray[np.int64]
    scope: NDArray[np.int32]
    band: NDArray[np.int32]
    bucket: NDArray[np.int64]


def bands_of_batch(batch: pa.RecordBatch, bands: int, rows: int, sketched: bool) -> BandRows:
    """The band rows of a batch (node, scope, signature); ValueError as ``band_rows``."""
    lengths = pc.fill_null(pc.binary_length(batch.column("signature")), 0)
    batch = batch.filter(pc.greater(lengths, 0))
    signatures = _signatures(batch.column("signature"), bands * rows)
    kept = np.flatnonzero(~without_shingles(signatures))
    sketch = sketches(signatures) if sketched else np.zeros((batch.num_rows, 0), np.uint8)
    scope = batch.column("scope").cast(pa.string()).dictionary_encode()
    document = np.repeat(kept, bands)
    return BandRows(
        batch.column("node").to_numpy(),
        sketch,
        scope.dictionary.to_pylist(),
        document,
        scope.indices.to_numpy()[document],
        np.tile(np.arange(bands, dtype=np.int32), len(kept)),
        band_hashes(signatures[kept], bands).ravel(),
    )


def stored_bands(batch: pa.RecordBatch, sketched: bool) -> BandRows:
    """The band rows of documents (node, scope, buckets, sketch), as a table of bands has them."""
    batch = batch.filter(
        pc.greater(pc.fill_null(pc.list_value_length(batch.column("buckets")), 0), 0)
    )
    buckets = batch.column("buckets")
    lengths = pc.list_value_length(buckets).to_numpy()
    document = np.repeat(np.arange(batch.num_rows), lengths)
    band = np.arange(len(document)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    scope = batch.column("scope").cast(pa.string()).dictionary_encode()
    width = batch.num_rows, 0
    return BandRows(
        batch.column("node").to_numpy(),
        byte_rows(batch.column("sketch")) if sketched else np.zeros(width, np.uint8),
        scope.dictionary.to_pylist(),
        document,
        scope.indices.to_numpy()[document],
        band.astype(np.int32),
        buckets.flatten().to_numpy(),
    )


def as_batch(found: BandRows) -> pa.RecordBatch:
    """Band rows as rows of ``BAND_ROWS``."""
    scopes = pa.array(found.scopes, pa.string()).take(pa.array(found.scope))
    return pa.record_batch(
        [
            scopes,
            pa.array(found.band),
            pa.array(found.bucket),
            pa.array(found.node[found.document]),
            binaries(found.sketch[found.document]),
        ],
        BAND_ROWS,
    )


def _signatures(column: pa.Array, hashes: int) -> NDArray[np.uint32]:
    """First ``hashes`` values of every signature, (n, hashes)."""
    if not len(column):
        return np.zeros((0, hashes), dtype=np.uint32)
    values = byte_rows(column).view("<u4").astype(np.uint32, copy=False)
    if values.shape[1] < hashes:
        raise ValueError(f"signatures have {values.shape[1]} hashes, the bands need {hashes}")
    return values[:, :hashes]


def bucket_edges(
    batches: Iterator[pa.RecordBatch], equal_bytes: int, leaders: int
) -> Iterator[pa.RecordBatch]:
    """Edges between similar documents of each bucket, from band rows sorted by KEY, then node.

    A bucket may span batches; it is read as a stream and held as ``leaders`` sketches, so neither
    memory nor edges grow faster than its documents (see ``dedup.leaders.links``).
    """
    held = None
    last_key: Key | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        sketch = byte_rows(batch.column("sketch"))
        held = held or no_leaders(leaders, sketch.shape[1])
        starts, last_key = bucket_starts(batch, KEY, last_key)
        left, right = links(batch.column("node").to_numpy(), sketch, starts, equal_bytes, held)
        yield pa.record_batch([pa.array(left), pa.array(right)], EDGES)


def bucket_starts(
    batch: pa.RecordBatch, key: Sequence[str], before: Key | None
) -> tuple[NDArray[np.bool_], Key]:
    """Which rows start a bucket, from rows sorted by ``key``; and the key of the last row.

    ``before`` is the key of the last row of the batch before. The batch must have rows.
    """
    starts = np.zeros(batch.num_rows, dtype=np.bool_)
    for name in key:
        column = batch.column(name)
        starts[1:] |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    first, last = (tuple(batch.column(n)[row].as_py() for n in key) for row in (0, -1))
    starts[0] = first != before
    return starts, last


def byte_rows(column: pa.Array) -> NDArray[np.uint8]:
    """View binaries of one length as an array (n, length); ValueError when lengths differ."""
    column = column.cast(pa.binary())
    _, offset_buffer, data = column.buffers()
    count = len(column)
    if not count or data is None:
        return np.zeros((count, 0), dtype=np.uint8)
    offsets = np.frombuffer(offset_buffer, np.int32)[column.offset :][: count + 1]
    width = int(offsets[1] - offsets[0])
    if (np.diff(offsets) != width).any():
        raise ValueError("binaries of different lengths: made with different numbers of hashes")
    return np.frombuffer(data, np.uint8, count * width, int(offsets[0])).reshape(count, width)


def binaries(rows: NDArray[np.uint8]) -> pa.Array:
    """Rows of an array (n, length) as n binaries; the other way of ``byte_rows``."""
    count, width = rows.shape
    offsets = (np.arange(count + 1, dtype=np.int64) * width).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows))]
    return pa.Array.from_buffers(pa.binary(), count, buffers)
