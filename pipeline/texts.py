"""Texts of a reference corpus: plain text, JSON lines or Parquet, compressed or not.

Raises ConfigError, naming file and line, for what is none of these.
"""

import gzip
import io
import json
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pipeline.errors import ConfigError

COLUMN = "text"
KINDS = ".txt, .txt.gz, .jsonl, .jsonl.gz, .jsonl.zst, .jsonl.xz, .parquet"


def files(path: str) -> list[Path]:
    """The files of a reference corpus: the one named, or all of a folder, sorted."""
    named = Path(path)
    if not named.exists():
        raise ConfigError(f"{path}: no such file or folder")
    found = [named]
    if named.is_dir():
        found = sorted(file for file in named.rglob("*") if file.is_file() and _kind(file))
    if not found or not _kind(found[0]):
        raise ConfigError(f"{path}: no texts; they are {KINDS}, or a folder of these")
    return found


def texts(file: Path) -> Iterator[str]:
    """The texts of one file: the whole of a ``.txt``, else the column or key ``text``."""
    kind = _kind(file)
    try:
        if kind == "parquet":
            yield from _parquet(file)
        elif kind == "txt":
            with _opened(file) as stream:
                yield stream.read().decode("utf-8-sig")
        else:
            yield from _json_lines(file)
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8") from None
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, pa.ArrowInvalid):
        raise ConfigError(f"{file}: cannot be read; is it whole?") from None


def _kind(file: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".zst", ".xz"):
        suffixes.pop()
    last = suffixes[-1] if suffixes else ""
    return last[1:] if last in (".txt", ".jsonl", ".parquet") else None


def _opened(file: Path) -> IO[bytes]:
    suffix = file.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], gzip.open(file))
    if suffix == ".xz":
        return cast(IO[bytes], lzma.open(file))
    raw = file.open("rb")
    if suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(
            raw, read_across_frames=True, closefd=True
        )
        return cast(IO[bytes], io.BufferedReader(cast(Any, reader)))
    return raw


def _json_lines(file: Path) -> Iterator[str]:
    with _opened(file) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            text = found.get(COLUMN) if isinstance(found, dict) else None
            if not isinstance(text, str):
                raise ConfigError(f"{file}: line {number} is no JSON object with a {COLUMN!r}")
            yield text


def _parquet(file: Path) -> Iterator[str]:
    source = pq.ParquetFile(file, page_checksum_verification=True)
    schema = source.schema_arrow
    kind = schema.field(COLUMN).type if COLUMN in schema.names else None
    if kind is None or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise ConfigError(f"{file}: has no column of strings named {COLUMN!r}")
    for batch in source.iter_batches(batch_size=1000, columns=[COLUMN]):
        yield from (text for text in batch.column(0).to_pylist() if text is not None)
