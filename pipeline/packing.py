"""Rows packed for a shuffle and merged behind it, so that Spark moves a few large values.

A row of a hundred columns costs the JVM more to take apart, sort and put together again than its
text costs to move. So a task sorts the rows it holds and sends each receiver its part of them as
one Arrow record batch; the receiver merges those in the same order.
"""

import mmap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from tempfile import TemporaryFile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.runs import local_folder
from pipeline.spread import Batches

PACKED = pa.schema([("task", pa.int32()), ("rows", pa.binary())])
"""``rows``: a record batch as Arrow's IPC writes it, without its schema."""
PACK_BYTES = 32 << 20
"""Bytes of rows that are sorted and sent at once."""


def packed(batches: Batches, order: Sequence[str], tasks: Sequence[int]) -> Batches:
    """Rows of ``PACKED``: for each task its rows, sorted by the columns ``order``.

    The first of these is a number; ``tasks`` says, for every such number, which task gets its rows,
    and never falls. Memory is four times ``PACK_BYTES``.
    """
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= PACK_BYTES:
            yield _packed(waiting, order, tasks)
            waiting, size = [], 0
    if waiting:
        yield _packed(waiting, order, tasks)


def _packed(
    batches: Sequence[pa.RecordBatch], order: Sequence[str], tasks: Sequence[int]
) -> pa.RecordBatch:
    together = pa.Table.from_batches(batches).combine_chunks()
    rows = together.take(_sorted(together, order))
    numbers = np.asarray(tasks, np.int32)[rows[order[0]].to_numpy()]
    starts = _starts(numbers)
    own = [
        memoryview(rows.slice(start, end - start).to_batches()[0].serialize())
        for start, end in pairwise([*starts.tolist(), rows.num_rows])
    ]
    return pa.record_batch([pa.array(numbers[starts]), pa.array(own, pa.binary())], PACKED)


def merged(
    pieces: Batches, columns: pa.Schema, order: Sequence[str], rows: int
) -> Iterator[tuple[int, Batches]]:
    """Each number of the first column of ``order``, and the rows that have it, sorted.

    ``pieces``: rows of ``PACKED`` that hold batches of ``columns``. The rows come in batches of
    exactly ``rows``, but for the last of each number, in memory of their own: how they were packed
    leaves no trace, though a Parquet writer cuts pages where batches end. In memory are the order,
    32 bytes a row, and two such batches; all else lies in a temporary file.
    """
    pages, parts = _spooled(pieces, columns)
    if pages is None:
        return
    keys = pa.Table.from_batches([part.select(order) for part in parts])
    places = _sorted(keys, order).to_numpy().astype(np.int64)
    first = np.cumsum([0, *(part.num_rows for part in parts)])
    part = np.searchsorted(first, places, side="right") - 1
    row = places - first[part]
    numbers = keys[order[0]].to_numpy()[places]

    def batches(start: int, end: int) -> Batches:
        for count, at in enumerate(range(start, end, rows)):
            if count % 64 == 0:  # else all that was read of the file counts as this process's
                pages.madvise(mmap.MADV_DONTNEED)
            cut = slice(at, min(at + rows, end))
            yield _gathered(parts, part[cut], row[cut])

    for start, end in pairwise([*_starts(numbers), len(numbers)]):
        yield int(numbers[start]), batches(start, end)


def _spooled(pieces: Batches, columns: pa.Schema) -> tuple[mmap.mmap | None, list[pa.RecordBatch]]:
    """A file without a name, gone when it or the process is, and the record batches in it."""
    ends = [0]
    with TemporaryFile(dir=local_folder()) as file:
        for batch in pieces:
            for piece in batch.column("rows"):
                ends.append(ends[-1] + file.write(piece.as_buffer()))
        file.flush()
        if not ends[-1]:
            return None, []
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = pa.py_buffer(pages)
    return pages, [
        pa.ipc.read_record_batch(whole.slice(start, end - start), columns)
        for start, end in pairwise(ends)
    ]


def _gathered(
    parts: Sequence[pa.RecordBatch], part: NDArray[np.int64], row: NDArray[np.int64]
) -> pa.RecordBatch:
    """Those rows of those parts; of each part they are a run, since it is sorted."""
    by_part = np.argsort(part, kind="stable")
    starts = _starts(part[by_part])
    heads = by_part[starts]
    sizes = np.diff(starts, append=len(part)).tolist()
    slices = [
        parts[number].slice(at, size)
        for number, at, size in zip(part[heads].tolist(), row[heads].tolist(), sizes, strict=True)
    ]
    back = np.empty(len(part), np.int64)
    back[by_part] = np.arange(len(part))
    return pa.Table.from_batches(slices).combine_chunks().take(back).to_batches()[0]


def _sorted(rows: pa.Table, order: Sequence[str]) -> pa.Array:
    """Places of the rows in order, text by its bytes, nulls last."""
    return pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in order])


def _starts(numbers: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where runs of equal numbers >= 0 start."""
    return np.flatnonzero(np.diff(numbers, prepend=-1))
