"""Rows packed for a move and merged behind it, so that few large values are moved.

A row of a hundred columns costs the JVM more to take apart, sort and put together again than its
text costs to move. So a task sorts the rows it holds and sends each receiver its part of them as
one Arrow record batch; the receiver merges those in the same order. They travel by Spark
(``pipeline.shards``) or in files of one machine (``pipeline.moving``).
"""

import mmap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.runs import local_folder

Batches = Iterator[pa.RecordBatch]
PACKED = pa.schema([("task", pa.int32()), ("rows", pa.binary())])
"""``rows``: a record batch as Arrow's IPC writes it, without its schema."""
PACK_BYTES = 64 << 20
"""Bytes of rows that are sorted and sent at once."""


class Block(NamedTuple):
    """How many rows come at once: a number, or fewer of so many bytes by a column of sizes."""

    rows: int
    size: str
    bytes: int


class Parts(NamedTuple):
    """Sorted record batches that lie in mapped files."""

    pages: list[mmap.mmap]
    batches: list[pa.RecordBatch]

    def let_go(self) -> None:
        """Give the pages read so far back, else they count as this process's until the end."""
        for pages in self.pages:
            pages.madvise(mmap.MADV_DONTNEED)


def packs(
    batches: Batches, order: Sequence[str], tasks: Sequence[int]
) -> Iterator[list[tuple[int, pa.RecordBatch]]]:
    """For some ``PACK_BYTES`` of rows at a time each task's, sorted by the columns ``order``.

    The first of these is a number; ``tasks`` says, for every such number, which task gets its rows,
    and never falls. Memory is four times ``PACK_BYTES``.
    """
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= PACK_BYTES:
            yield _packs(waiting, order, tasks)
            waiting, size = [], 0
    if waiting:
        yield _packs(waiting, order, tasks)


def _packs(
    batches: Sequence[pa.RecordBatch], order: Sequence[str], tasks: Sequence[int]
) -> list[tuple[int, pa.RecordBatch]]:
    together = pa.Table.from_batches(batches)
    if not together.num_rows:
        return []  # Arrow has no batch of no rows to give
    places = _sorted(together.select(order).combine_chunks(), order)
    # Column by column: what is put together of one is gone before the next.
    (rows,) = together.take(places).combine_chunks().to_batches()
    numbers = np.asarray(tasks, np.int32)[rows.column(order[0]).to_numpy()]
    starts = _starts(numbers).tolist()
    return [
        (int(numbers[start]), rows.slice(start, end - start))
        for start, end in pairwise([*starts, rows.num_rows])
    ]


def packed(batches: Batches, order: Sequence[str], tasks: Sequence[int]) -> Batches:
    """What ``packs`` gives, as rows of ``PACKED``."""
    for own in filter(None, packs(batches, order, tasks)):
        numbers = np.array([task for task, _ in own], np.int32)
        buffers = [rows.serialize() for _, rows in own]
        ends = np.cumsum([0, *(buffer.size for buffer in buffers)])
        if ends[-1] >= 1 << 31:
            raise ValueError("a row is too large to be moved")
        # pa.array() of the same takes six times as long.
        together = pa.py_buffer(b"".join(map(memoryview, buffers)))
        offsets = pa.py_buffer(ends.astype(np.int32))
        values = pa.Array.from_buffers(pa.binary(), len(own), [None, offsets, together])
        yield pa.record_batch([pa.array(numbers), values], PACKED)


def spooled(pieces: Batches, columns: pa.Schema) -> Parts:
    """The record batches that rows of ``PACKED`` hold, in a file without a name.

    It is gone when the parts are, or the process.
    """
    ends = [0]
    with TemporaryFile(dir=local_folder()) as file:
        for batch in pieces:
            for piece in batch.column("rows"):
                ends.append(ends[-1] + file.write(piece.as_buffer()))
        file.flush()
        return mapped(file, list(pairwise(ends)), columns)


def mapped(file: IO[bytes], places: Sequence[tuple[int, int]], columns: pa.Schema) -> Parts:
    """Record batches of ``columns`` from the places, each a start and an end, in a local file."""
    if not places:
        return Parts([], [])
    pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = pa.py_buffer(pages)
    batches = [
        pa.ipc.read_record_batch(whole.slice(start, end - start), columns) for start, end in places
    ]
    return Parts([pages], batches)


def merged(parts: Parts, order: Sequence[str], most: Block) -> Iterator[tuple[int, Batches]]:
    """Each number of the first column of ``order``, and the rows that have it, sorted.

    The rows come in batches that end where ``most`` says, counted from the first row of the number,
    and in memory of their own: how they were packed leaves no trace, though a Parquet writer cuts
    pages where batches end. In memory are the order, 40 bytes a row, and two such batches; all else
    lies in the files.
    """
    if not parts.batches:
        return
    keys = pa.Table.from_batches([part.select(order) for part in parts.batches])
    places = _sorted(keys, order).to_numpy().astype(np.int64)
    first = np.cumsum([0, *(part.num_rows for part in parts.batches)])
    part = np.searchsorted(first, places, side="right") - 1
    row = places - first[part]
    numbers = keys[order[0]].to_numpy()[places]
    sizes = pa.chunked_array([part.column(most.size) for part in parts.batches]).fill_null(0)
    sizes = sizes.to_numpy()[places]
    del keys, places

    def batches(start: int, end: int) -> Batches:
        for at, until in pairwise([*_blocks(sizes[start:end], most), end - start]):
            cut = slice(start + at, start + until)
            yield _gathered(parts.batches, part[cut], row[cut])
            parts.let_go()

    for start, end in pairwise([*_starts(numbers).tolist(), len(numbers)]):
        yield int(numbers[start]), batches(start, end)


def _blocks(sizes: NDArray[np.int32], most: Block) -> list[int]:
    """Where blocks of rows start: a function of the rows before alone."""
    before = (np.cumsum(sizes, dtype=np.int64) - sizes) // most.bytes
    starts = np.diff(before, prepend=-1) != 0
    starts[:: most.rows] = True
    return np.flatnonzero(starts).tolist()


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
    return pa.Table.from_batches(slices).take(back).combine_chunks().to_batches()[0]


def _sorted(rows: pa.Table, order: Sequence[str]) -> pa.Array:
    """Places of the rows in order, text by its bytes, nulls last."""
    return pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in order])


def _starts(numbers: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where runs of equal numbers >= 0 start."""
    return np.flatnonzero(np.diff(numbers, prepend=-1))
