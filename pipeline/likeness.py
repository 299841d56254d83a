"""How similar documents are to the copies that stay, from stored signatures, in one process."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.minhash import similarity, sketch_similarity, sketches
from pipeline import parquet
from pipeline.buckets import byte_rows
from pipeline.files import Folder
from pipeline.judging import ROWS
from pipeline.known import Known

COPIES_AT_ONCE = 400_000
"""Copies whose signatures are held at a time: 180 MB of 112 values."""


def similarities(
    folder: Folder,
    files: Sequence[parquet.File],
    ends: NDArray[np.int64],
    kept: NDArray[np.int64],
    known: NDArray[np.int64],
    exact: NDArray[np.bool_],
    copies: Known,
) -> NDArray[np.float32]:
    """Similarity of every row to the copy that stays of its cluster; NaN where none does.

    1 for the copy itself and for equal texts, which are not read; for the rest the share of equal
    MinHash values, or of sketches where the copy is another corpus's. Arguments as in
    ``deciding.Decided``; ``ends``: rows up to the end of each file.
    """
    rows = np.arange(len(kept))
    found = np.full(len(kept), np.nan, np.float32)
    found[((kept >= 0) | (known >= 0)) & (exact | (kept == rows))] = 1
    near = np.flatnonzero((kept >= 0) & np.isnan(found))
    elsewhere = np.flatnonzero((known >= 0) & np.isnan(found))
    distinct = np.unique(kept[near])
    for start in range(0, len(distinct), COPIES_AT_ONCE):
        held = _Held(distinct[start : start + COPIES_AT_ONCE])
        _each(folder, files, ends, held.rows, held.take)
        own = near[held.has(kept[near])]
        _each(folder, files, ends, own, partial(_beside, found, kept, held))
    _each(folder, files, ends, elsewhere, partial(_beside_known, found, known, copies))
    return found


Use = Callable[[NDArray[np.int64], NDArray[np.uint32]], None]


class _Held:
    """Signatures of some rows, filled from several threads, each its own rows."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self.rows = rows
        self._values: NDArray[np.uint32] | None = None
        self._lock = Lock()

    def take(self, rows: NDArray[np.int64], values: NDArray[np.uint32]) -> None:
        with self._lock:
            if self._values is None:
                self._values = np.zeros((len(self.rows), values.shape[1]), np.uint32)
        self._values[np.searchsorted(self.rows, rows)] = values

    def has(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray((rows >= self.rows[0]) & (rows <= self.rows[-1]))

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        if self._values is None:
            return np.zeros((len(rows), 0), np.uint32)
        return self._values[np.searchsorted(self.rows, rows)]


def _beside(
    found: NDArray[np.float32],
    kept: NDArray[np.int64],
    held: _Held,
    rows: NDArray[np.int64],
    values: NDArray[np.uint32],
) -> None:
    copies = held.of(kept[rows])
    if copies.shape == values.shape:
        found[rows] = similarity(values, copies)


def _beside_known(
    found: NDArray[np.float32],
    known: NDArray[np.int64],
    copies: Known,
    rows: NDArray[np.int64],
    values: NDArray[np.uint32],
) -> None:
    own = copies.sketches[known[rows]]
    if own.shape == values.shape:
        found[rows] = sketch_similarity(sketches(values), own)


def _each(
    folder: Folder,
    files: Sequence[parquet.File],
    ends: NDArray[np.int64],
    wanted: NDArray[np.int64],
    use: Use,
) -> None:
    """Call ``use`` with rows and signatures of those wanted (sorted) that have words."""

    def one(number: int) -> None:
        start = int(ends[number - 1]) if number else 0
        own = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, ends[number])]
        for rows, values in _signatures(folder, files[number], own - start) if len(own) else ():
            use(rows + start, values)

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        list(pool.map(one, range(len(files))))


def _signatures(
    folder: Folder, file: parquet.File, wanted: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint32]]]:
    start = 0
    for batch in parquet.batches(folder, file.path, ("signature",), ROWS):
        low, high = np.searchsorted(wanted, [start, start + batch.num_rows])
        rows = wanted[low:high]
        column = batch.column("signature").take(pa.array(rows - start))
        some = pc.greater(pc.fill_null(pc.binary_length(column), 0), 0)
        values = byte_rows(column.filter(some)).view("<u4")
        if len(values):
            yield rows[some.to_numpy(zero_copy_only=False)], values
        start += batch.num_rows
