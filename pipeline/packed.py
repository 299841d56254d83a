"""Band rows shuffled in packs: Spark moves bytes, and never looks at a row of a bucket.

A document has a row for each of its bands, and a row costs the JVM some microseconds to take over,
to sort and to hand back. So rows travel as one binary for every task that a part of the documents
has rows for, and are sorted where they are used. Most buckets hold one document: those are dropped
before anything of theirs is touched.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from dedup.leaders import links, no_leaders
from pipeline import spread
from pipeline.buckets import EDGES, EDGES_DDL, BandRows
from pipeline.runs import Rows, sorted_rows

DOCUMENTS_AT_ONCE = 16_384
"""Documents whose band rows are packed at a time: 14 bands of 112-byte sketches are 32 MB."""
HELD_BYTES = 256 << 20
"""Rows that a task sorts in memory; more go through sorted runs on its disk."""
RowsOf = Callable[[pa.RecordBatch], BandRows]
"""From documents to their band rows: ``bands_of_batch`` or ``stored_bands``."""
PACKS_DDL = "task int, pack binary"
PACKS = pa.schema([("task", pa.int32()), ("pack", pa.binary())])


def packed_edges(
    sides: Sequence[tuple[DataFrame, RowsOf]], equal_bytes: int, leaders: int, tasks: int
) -> DataFrame:
    """Edges between similar documents that share a bucket: what ``near_edges`` finds, for less.

    Columns: in of each side what its function takes, out (node, hub: long), node > hub.
    """
    moved = [
        documents.mapInArrow(partial(packs, rows_of=rows_of, tasks=tasks), PACKS_DDL)
        for documents, rows_of in sides
    ]
    edges_of = partial(pack_edges, equal_bytes=equal_bytes, leaders=leaders)
    together = reduce(DataFrame.unionByName, moved)
    return spread.by_task(together, tasks).mapInArrow(edges_of, EDGES_DDL)


def packs(
    batches: Iterator[pa.RecordBatch], rows_of: RowsOf, tasks: int
) -> Iterator[pa.RecordBatch]:
    """Band rows of documents, packed by the task that has their buckets."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(part.num_rows for part in waiting) >= DOCUMENTS_AT_ONCE:
            yield from _packs(waiting, rows_of, tasks)
            waiting = []
    if waiting:
        yield from _packs(waiting, rows_of, tasks)


def _packs(parts: list[pa.RecordBatch], rows_of: RowsOf, tasks: int) -> Iterator[pa.RecordBatch]:
    batch = pa.Table.from_batches(parts).combine_chunks().to_batches()
    if not batch:
        return
    found = rows_of(batch[0])
    task = (found.bucket.view(np.uint64) >> np.uint64(32)) % np.uint64(tasks)
    # numbers of 16 bits are sorted by their digits, in a tenth of the time
    order = np.argsort(task.astype(np.uint16 if tasks <= 1 << 16 else np.int32), kind="stable")
    task = task[order].astype(np.int32)
    starts = np.flatnonzero(np.diff(task, prepend=-1))
    for at, end in pairwise([*starts.tolist(), len(order)]):
        own = order[at:end]
        pack = _pack(found, own)
        yield pa.record_batch([pa.array(task[at : at + 1]), pa.array([pack], pa.binary())], PACKS)


def _pack(found: BandRows, own: NDArray[np.int64]) -> bytes:
    """Count, sketch bytes and scopes of some rows, then their columns one after the other."""
    ids, scope = np.unique(found.scope[own], return_inverse=True)
    names = [found.scopes[i].encode() for i in ids.tolist()]
    sizes = [len(own), found.sketch.shape[1], len(names), *map(len, names)]
    document = found.document[own]
    columns = (
        found.bucket[own],
        found.node[document],
        scope.astype(np.int32),
        found.band[own].astype(np.int32),
        found.sketch[document],
    )
    return b"".join([np.array(sizes, np.int64).tobytes(), *(c.tobytes() for c in columns), *names])


def unpacked(pack: bytes) -> tuple[list[str], Rows]:
    """Scopes and rows of a pack; ``Rows.scope`` counts in these scopes."""
    count, width, scopes = np.frombuffer(pack, np.int64, 3).tolist()
    lengths = np.frombuffer(pack, np.int64, scopes, 24).tolist()
    at = 24 + 8 * scopes
    columns: list[NDArray[Any]] = []
    for kind in (np.int64, np.int64, np.int32, np.int32):
        columns.append(np.frombuffer(pack, kind, count, at))
        at += columns[-1].nbytes
    sketch = np.frombuffer(pack, np.uint8, count * width, at).reshape(count, width)
    at += sketch.nbytes
    names = []
    for length in lengths:
        names.append(pack[at : at + length].decode())
        at += length
    return names, Rows.of([*columns, sketch])


def pack_edges(
    batches: Iterator[pa.RecordBatch], equal_bytes: int, leaders: int
) -> Iterator[pa.RecordBatch]:
    """Edges between similar documents of each bucket, from all packs of its task."""
    held = None
    last = None
    for rows in sorted_rows(_rows(batches), HELD_BYTES):
        held = held or no_leaders(leaders, rows.sketch.shape[1])
        starts = rows.starts()
        starts[0] = rows.key(0) != last
        last = rows.key(-1)
        sketch = np.ascontiguousarray(rows.sketch)
        left, right = links(rows.node, sketch, starts, equal_bytes, held)
        yield pa.record_batch([pa.array(left), pa.array(right)], EDGES)


def _rows(batches: Iterator[pa.RecordBatch]) -> Iterator[Rows]:
    """Rows of all packs, their scopes numbered as they first come."""
    numbers: dict[str, int] = {}
    for batch in batches:
        for pack in batch.column("pack"):
            names, rows = unpacked(pack.as_py())
            own = [numbers.setdefault(name, len(numbers)) for name in names]
            yield rows._replace(scope=np.array(own, np.int32)[rows.scope])
