"""Rows on their way to their shards: packed by shard, sorted, and merged where they are written.

Spark moves parcels, each some rows of one shard as one binary value, and never looks into them:
rows of ninety columns that it takes apart and puts together again cost several times as much. The
parcels of a shard are sorted runs; merged, they give its rows in order, cut every ``CHUNK_ROWS``
rows, so that the file depends on nothing else.
"""

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SORT = ("domain", "url", "doc_id")
PARCELS = pa.schema([("shard", pa.int32()), ("task", pa.int32()), ("rows", pa.binary())])
PACK_BYTES = 32 << 20
"""Rows are packed when they are so many bytes together; more is fewer, larger parcels."""
HELD_BYTES = 128 << 20
"""Parcels of a shard that are more than this wait in a file without a name."""
CHUNK_ROWS = 1000
ALIGNED = 64


def packed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Parcels of rows that have the columns ``shard`` and ``task`` besides those they keep."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        size += batch.nbytes
        if size >= PACK_BYTES:
            yield _parcels(waiting)
            waiting, size = [], 0
    if waiting:
        yield _parcels(waiting)


def _parcels(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches)
    order = _order(table, ("shard", *SORT))
    rows = table.combine_chunks().take(order).combine_chunks()
    numbers = rows["shard"].to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = np.append(starts[1:], len(numbers))
    kept = rows.drop_columns(["shard", "task"]).to_batches()
    slices = [
        kept[0].slice(start, end - start).serialize().to_pybytes()
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    tasks = rows["task"].to_numpy()[starts]
    return pa.record_batch(
        [pa.array(numbers[starts]), pa.array(tasks), pa.array(slices, pa.binary())], PARCELS
    )


def _order(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """Row numbers in ascending order of the columns; an address that is missing is an empty one."""
    keys = {n: table[n].fill_null("") if n in SORT else table[n] for n in names}
    return pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in names])


def merged(parcels: Iterable[pa.Buffer], columns: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of one shard's parcels in order. Memory: their keys, and ``HELD_BYTES``."""
    with tempfile.TemporaryFile() as spill:
        places: list[tuple[int, int]] = []
        held: list[pa.Buffer] = []
        size = 0
        for parcel in parcels:
            held.append(parcel)
            size += parcel.size
            if size >= HELD_BYTES:
                places += [_spilled(spill, buffer) for buffer in held]
                held, size = [], 0
        buffers = [*_mapped(spill, places), *held]
        yield from _chunks([pa.ipc.read_record_batch(b, columns) for b in buffers])


def _spilled(file: IO[bytes], buffer: pa.Buffer) -> tuple[int, int]:
    """Write a buffer to the end of a file; where it begins and ends there."""
    start = file.tell()
    file.write(buffer)
    end = file.tell()
    file.write(bytes(-end % ALIGNED))
    return start, end


def _mapped(file: IO[bytes], places: Sequence[tuple[int, int]]) -> list[pa.Buffer]:
    """Buffers that read from the file as they are used."""
    if not places:
        return []
    file.flush()
    whole = pa.py_buffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return [whole.slice(start, end - start) for start, end in places]


def _chunks(runs: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if not runs:
        return
    keys = pa.Table.from_batches([run.select(list(SORT)) for run in runs])
    order = _order(keys, SORT).to_numpy()
    sizes = np.array([run.num_rows for run in runs])
    run_of = np.repeat(np.arange(len(runs)), sizes)
    taken = np.zeros(len(runs), np.int64)
    for start in range(0, len(order), CHUNK_ROWS):
        own = run_of[order[start : start + CHUNK_ROWS]]
        counts = np.bincount(own, minlength=len(runs))
        used = np.flatnonzero(counts)
        slices = [runs[i].slice(taken[i], counts[i]) for i in used.tolist()]
        # each run is in order, so a chunk's rows of a run are its next ones
        by_run = np.argsort(own, kind="stable")
        place = np.empty(len(own), np.int64)
        place[by_run] = np.arange(len(own))
        table = pa.Table.from_batches(slices).combine_chunks().take(place)
        yield table.combine_chunks().to_batches()[0]
        taken += counts
