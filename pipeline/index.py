"""Columnar indexes of archives, as Common Crawl publishes one: a row a record, in Parquet.

A row names its record by ``warc_filename``, ``warc_record_offset`` and ``warc_record_length``
(https://commoncrawl.org/columnar-index); its other columns are what a condition can ask for, and
so are folders named ``crawl=CC-MAIN-2024-10`` or ``subset=warc`` in a file's path.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from pipeline import parquet
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.storage import StorageOptions, scheme_of

FILE, OFFSET, LENGTH = "warc_filename", "warc_record_offset", "warc_record_length"
PLACE = (FILE, OFFSET, LENGTH)
AT_ONCE = 16
BATCH_ROWS = 16_384
_FOLDER_VALUE = re.compile(r"([^/=]+)=([^/]*)")


class IndexFile(NamedTuple):
    """One Parquet file of an index; ``values`` are the columns its path gives."""

    folder: Folder
    path: str
    bytes: int
    version: str
    rows: int
    columns: pa.Schema
    values: dict[str, str]


def index_files(uri: str, options: StorageOptions) -> list[IndexFile]:
    """The Parquet files of an index, by path: one file, or all below a folder or s3:// prefix.

    ConfigError where there are none, or one that cannot be read or names no records.
    """
    above, _, name = uri.rstrip("/").rpartition("/")
    if scheme_of(uri) not in ("", "file", "s3") or not name:
        raise ConfigError(f"{uri}: an index is a Parquet file, or a folder or s3:// prefix of them")
    folder = Folder(above or ("/" if uri.startswith("/") else "."), options)
    try:
        found = _listed(folder, name)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            files = list(pool.map(lambda item: _described(folder, uri, item), found))
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).split("\n", 1)[0][:300]
        raise ConfigError(f"{uri}: cannot be read as a Parquet index: {reason}") from None
    if not files:
        raise ConfigError(f"{uri}: no Parquet file of that name, or in a folder of that name")
    for file in files:
        missing = [place for place in PLACE if place not in file.columns.names]
        if missing:
            raise ConfigError(f"{file.folder.path(file.path)}: has no column {', '.join(missing)}")
    return files


def _listed(folder: Folder, name: str) -> list[fs.FileInfo]:
    system = folder.filesystem()
    one = system.get_file_info(folder.path(name))
    if one.type == fs.FileType.File:
        return [one]
    selector = fs.FileSelector(folder.path(name), recursive=True, allow_not_found=True)
    found = [i for i in system.get_file_info(selector) if i.type == fs.FileType.File]
    return sorted((i for i in found if i.path.endswith(".parquet")), key=lambda i: str(i.path))


def _described(folder: Folder, uri: str, item: fs.FileInfo) -> IndexFile:
    path = item.path[len(folder.base.rstrip("/")) + 1 :]
    footer = parquet.metadata(folder, path)
    named = _FOLDER_VALUE.findall(f"{uri}/{path}")
    values = {key: unquote(value) for key, value in named if value}
    return IndexFile(
        folder, path, item.size, str(item.mtime_ns), footer.num_rows, _read_as(footer), values
    )


def _read_as(footer: pq.FileMetaData) -> pa.Schema:
    """The columns that Spark can look at, in the types it knows."""
    known = [(field.name, _spark_type(field.type)) for field in footer.schema.to_arrow_schema()]
    return pa.schema([(name, kind) for name, kind in known if kind is not None])


def _spark_type(kind: pa.DataType) -> pa.DataType | None:
    if pa.types.is_dictionary(kind):
        return _spark_type(kind.value_type)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.timestamp("us", tz="UTC")
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return pa.string()
    if pa.types.is_integer(kind):
        return pa.int32() if kind.bit_width < 32 else pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    return kind if pa.types.is_boolean(kind) else None


def columns_of(files: Sequence[IndexFile]) -> pa.Schema:
    """Every column of any of the files, then those of their paths; ConfigError where types clash.

    Indexes gained columns over the years: where a file lacks one, it is null.
    """
    try:
        together = pa.unify_schemas([f.columns for f in files], promote_options="permissive")
    except pa.ArrowTypeError as error:
        raise ConfigError(f"files of the index do not fit together: {error}") from None
    fields = {field.name: field.type for field in together}
    for file in files:
        for name in file.values:
            fields.setdefault(name, pa.string())
    for name in (OFFSET, LENGTH):
        if not pa.types.is_integer(fields[name]):
            raise ConfigError(f"the index's column {name} holds no numbers")
        fields[name] = pa.int64()
    return pa.schema(list(fields.items()))


def needed(columns: pa.Schema, where: str | None) -> pa.Schema:
    """The columns that name a record, and those whose name occurs in the condition."""
    words = {word.lower() for word in re.findall(r"\w+", where or "")}
    return pa.schema([f for f in columns if f.name in PLACE or f.name.lower() in words])


def rows(file: IndexFile, columns: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The file's rows in those columns; of a remote file only these columns are read."""
    stored = [field.name for field in columns if field.name in file.columns.names]
    for batch in parquet.batches(file.folder, file.path, stored, BATCH_ROWS):
        arrays = [_column(file, batch, field) for field in columns]
        yield pa.record_batch(arrays, schema=columns)


def _column(file: IndexFile, batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name in batch.schema.names:
        return batch.column(field.name).cast(field.type)
    value = pa.scalar(file.values.get(field.name), field.type)
    return pa.repeat(value, batch.num_rows)
