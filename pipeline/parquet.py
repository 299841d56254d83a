"""Parquet files with checksums: written once, hashed on the way out, checked when read.

Without page checksums most single-bit flips in a zstd Parquet file read back as other data with no
error; with them all are noticed. Both sides have to ask for them.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import Folder

ROW_GROUP_BYTES = 64 << 20
BUFFER_BYTES = 256 << 10
MANY_ROWS = 50_000
"""Rows of a table without text that are read at once."""


class File(NamedTuple):
    """One immutable file of a table."""

    path: str
    rows: int
    bytes: int
    sha256: str


class _Hashing(io.RawIOBase):
    """Passes bytes on and keeps their SHA-256, so that a file is never read again to be hashed."""

    def __init__(self, sink: IO[bytes]) -> None:
        super().__init__()
        self._sink = sink
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self._sink.write(view)
        self.digest.update(view)
        self.size += view.nbytes
        return view.nbytes

    def close(self) -> None:
        if not self.closed:
            self._sink.close()
        super().close()


class Writer:
    """Writes one Parquet file; after an error no file is left, rather than a valid half of one."""

    def __init__(
        self,
        folder: Folder,
        path: str,
        schema: pa.Schema,
        level: int = 3,
        group_bytes: int = ROW_GROUP_BYTES,
    ) -> None:
        self._folder, self._path, self._group_bytes = folder, path, group_bytes
        self._sink = _Hashing(folder.open_output(path))
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = self._rows = 0
        self._schema = schema
        strings = {field.name for field in schema if pa.types.is_string(field.type)}
        # A page is a few small writes, and each that reaches Python costs as much as a page.
        file = pa.PythonFile(self._sink, mode="w")
        self._stream = pa.BufferedOutputStream(file, BUFFER_BYTES)
        self._parquet = pq.ParquetWriter(
            self._stream,
            schema,
            compression="zstd",
            compression_level=level,
            use_dictionary=sorted(strings - {"text", "markdown", "doc_id", "url", "title"}),
            write_page_checksum=True,
            write_page_index=True,
        )

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; they reach the file in row groups of about ``group_bytes``."""
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        self._rows += batch.num_rows
        if self._waiting_bytes >= self._group_bytes:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, self._schema)
            self._parquet.write_table(table, row_group_size=max(1, table.num_rows))
        self._waiting, self._waiting_bytes = [], 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        whole = False
        try:
            if kind is None:
                self._flush()
            self._parquet.close()
            self._stream.close()
            self._sink.close()
            whole = kind is None
        finally:
            if not whole:
                self._folder.delete(self._path)
        if not whole:
            return
        self._folder.sync(self._path)
        found = metadata(self._folder, self._path).num_rows
        if found != self._rows:
            raise OSError(f"{self._path}: wrote {self._rows} rows, reads back {found}")

    @property
    def file(self) -> File:
        """The finished file."""
        return File(self._path, self._rows, self._sink.size, self._sink.digest.hexdigest())


def metadata(folder: Folder, path: str) -> pq.FileMetaData:
    """Footer of a Parquet file."""
    with folder.open_input(path) as source:
        return pq.ParquetFile(source).metadata


def batches(
    folder: Folder, path: str, columns: Sequence[str] | None = None, rows: int = 1000
) -> Iterator[pa.RecordBatch]:
    """Record batches of a file, page checksums verified.

    Raises OSError naming the file where a page does not match its checksum.
    """
    with folder.open_input(path) as source:
        file = pq.ParquetFile(source, page_checksum_verification=True, pre_buffer=False)
        try:
            yield from file.iter_batches(
                batch_size=rows, columns=list(columns) if columns else None
            )
        except OSError as error:
            raise OSError(f"{folder.path(path)}: {_plain(error)}") from None


def row(folder: Folder, path: str, number: int, columns: Sequence[str]) -> dict[str, Any]:
    """One row of a file, page checksums verified; only its row group is read."""
    with folder.open_input(path) as source:
        file = pq.ParquetFile(source, page_checksum_verification=True, pre_buffer=False)
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if number < count:
                table = file.read_row_group(group, columns=list(columns))
                return dict(table.slice(number, 1).to_pylist()[0])
            number -= count
    raise IndexError(f"{folder.path(path)}: has no such row")


def _plain(error: OSError) -> str:
    """Arrow's message without anything that could be the data's."""
    return re.sub(r"[^ -~]", "?", str(error))[:200]
