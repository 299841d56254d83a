"""Band rows of one task in the order of their buckets, in bounded memory.

What fits is sorted at once. More is sorted in runs that go to an unnamed file of the task's disk
and are merged block by block, so not even a bucket of all documents has to fit.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 65_536


class Rows(NamedTuple):
    """Band rows as columns; a bucket is all rows of equal bucket, band and scope."""

    bucket: NDArray[np.int64]
    node: NDArray[np.int64]
    scope: NDArray[np.int32]
    band: NDArray[np.int32]
    sketch: NDArray[np.uint8]

    @classmethod
    def of(cls, columns: Iterable[NDArray[Any]]) -> "Rows":
        """Rows of these columns, in order."""
        bucket, node, scope, band, sketch = columns
        return cls(bucket, node, scope, band, sketch)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        keys = self.bucket.nbytes + self.node.nbytes + self.scope.nbytes + self.band.nbytes
        return keys + self.sketch.nbytes

    def take(self, which: NDArray[np.int64]) -> "Rows":
        """The rows at these places."""
        return Rows.of(column[which] for column in self)

    def slice(self, start: int, end: int) -> "Rows":
        """The rows from one place to another."""
        return Rows.of(column[start:end] for column in self)

    def starts(self) -> NDArray[np.bool_]:
        """Which rows are in another bucket than the one before; the first is."""
        found = np.ones(len(self.node), np.bool_)
        found[1:] = False
        for column in (self.bucket, self.band, self.scope):
            found[1:] |= column[1:] != column[:-1]
        return found

    def key(self, row: int) -> tuple[int, int, int]:
        """Bucket of a row."""
        return int(self.bucket[row]), int(self.band[row]), int(self.scope[row])

    def order(self) -> NDArray[np.int64]:
        """Places of the rows, by bucket, then node."""
        return np.lexsort((self.node, self.scope, self.band, self.bucket))

    def up_to(self, last: tuple[int, int, int, int]) -> int:
        """How many of these sorted rows do not come after (bucket, band, scope, node)."""
        before = np.zeros(len(self.node), np.bool_)
        equal = np.ones(len(self.node), np.bool_)
        columns: Sequence[NDArray[Any]] = (self.bucket, self.band, self.scope, self.node)
        for column, value in zip(columns, last, strict=True):
            before |= equal & (column < value)
            equal &= column == value
        return int((before | equal).sum())


def sorted_rows(parts: Iterator[Rows], held_bytes: int) -> Iterator[Rows]:
    """All rows by bucket, then node, but for those alone in their bucket, which may be left out."""
    held: list[Rows] = []
    size = 0
    runs: list[Run] = []
    with tempfile.TemporaryFile(dir=local_folder()) as file:
        for part in parts:
            held.append(part)
            size += part.nbytes
            if size > held_bytes:
                rows = _joined(held)
                runs.append(Run(file, rows.take(rows.order())))
                held, size = [], 0
        if held and not runs:
            rows = _joined(held)
            held.clear()
            yield from _blocks(rows, _shared(rows))
            return
        if held:
            rows = _joined(held)
            runs.append(Run(file, rows.take(rows.order())))
            held.clear()
        yield from _merged(runs)


class Run:
    """Sorted rows in a file, read block by block."""

    def __init__(self, file: IO[bytes], rows: Rows) -> None:
        self._file, self._left = file, len(rows.node)
        self._types = [(column.dtype, column.shape[1:]) for column in rows]
        self._places = []
        for column in rows:
            self._places.append(file.seek(0, os.SEEK_END))
            file.write(np.ascontiguousarray(column).data)
        self.block = rows.slice(0, 0)

    def fill(self) -> bool:
        """Read the next block where this one is used up; False at the end."""
        if len(self.block.node) or not self._left:
            return bool(len(self.block.node))
        count = min(BLOCK_ROWS, self._left)
        columns = []
        for i, (kind, shape) in enumerate(self._types):
            size = count * kind.itemsize * int(np.prod(shape, dtype=np.int64))
            self._file.seek(self._places[i])
            columns.append(np.frombuffer(self._file.read(size), kind).reshape(count, *shape))
            self._places[i] += size
        self._left -= count
        self.block = Rows.of(columns)
        return True

    def last(self) -> tuple[int, int, int, int]:
        """Bucket and node of the block's last row."""
        return (*self.block.key(-1), int(self.block.node[-1]))

    def taken(self, last: tuple[int, int, int, int]) -> Rows:
        """The rows of the block that do not come after these."""
        count = self.block.up_to(last)
        rows = self.block.slice(0, count)
        self.block = self.block.slice(count, len(self.block.node))
        return rows


def _merged(runs: Sequence[Run]) -> Iterator[Rows]:
    while left := [run for run in runs if run.fill()]:
        last = min(run.last() for run in left)
        rows = _joined([run.taken(last) for run in left])
        yield rows.take(rows.order())


def _shared(rows: Rows) -> NDArray[np.int64]:
    """Places, in order, of the rows whose bucket number occurs twice or more."""
    order = np.argsort(rows.bucket)
    bucket = rows.bucket[order]
    equal = bucket[1:] == bucket[:-1]
    several = np.zeros(len(order), np.bool_)
    several[1:] |= equal
    several[:-1] |= equal
    places = order[several]
    keys = rows._replace(sketch=rows.sketch[:, :0]).take(places)
    return places[keys.order()]


def _blocks(rows: Rows, places: NDArray[np.int64]) -> Iterator[Rows]:
    for start in range(0, len(places), BLOCK_ROWS):
        yield rows.take(places[start : start + BLOCK_ROWS])


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows.of(np.concatenate(columns) for columns in zip(*parts, strict=True))


def local_folder() -> str | None:
    """Where Spark lets its tasks put files, else the system's temporary folder."""
    return os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0] or None
