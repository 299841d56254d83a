"""Files that hold lists: plain or compressed text, folders and tar archives of UT1's making.

A list comes from anywhere, so what is read is bounded, and nothing of an archive touches the disk:
its members are read as a stream and told by the last two parts of their names, ``adult/domains``.
"""

import gzip
import hashlib
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self, cast

import zstandard

from pipeline import zstd_frames
from pipeline.errors import ConfigError
from pipeline.members import skippable_end
from pipeline.storage import LocalSource, Source, StorageOptions, local_path, open_source, scheme_of

MAX_BYTES: Final = 1 << 30
"""Of a list's text. UT1's largest, with 4.6 million sites, has 124 MB."""
MAX_LINE_BYTES: Final = 64 << 10
MAX_MEMBERS: Final = 10_000
TOO_LONG: Final = b"\0\n"
"""Stands for a line of more than ``MAX_LINE_BYTES``: no reader takes it for an entry."""
_CHUNK: Final = 1 << 20
_READ = ("domains", "urls")  # UT1's third file, "expressions", holds regular expressions
_Stream = IO[bytes]


class Part(NamedTuple):
    """One file of a list, in pieces of whole lines; ``folder`` it lies in, "" if in none."""

    folder: str
    text: Iterator[bytes]


class Opened(NamedTuple):
    """A list being read: its parts, in order, and once these are read its SHA-256."""

    parts: Iterator[Part]
    digest: Any

    def sha256(self) -> str:
        """SHA-256 of the file as it lies there; of a folder, of its files' names and content."""
        return str(self.digest.hexdigest())


@contextmanager
def opened(uri: str, options: StorageOptions | None = None) -> Iterator[Opened]:
    """Open the list at a path or address. ArchiveError or ConfigError where that cannot be."""
    digest = hashlib.sha256()
    path = local_path(uri)
    try:
        if scheme_of(uri) in ("", "file") and path.is_dir():
            yield Opened(_folder_parts(path, digest), digest)
            return
        with closing(open_source(uri, options)) as source:
            _check_frames(source, uri)
            raw = io.BufferedReader(_Raw(source, digest), _CHUNK)
            yield Opened(_file_parts(raw, uri), digest)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise ConfigError(f"{uri}: damaged or cut short: {type(error).__name__}") from None
    except tarfile.TarError as error:
        raise ConfigError(f"{uri}: a damaged tar archive: {type(error).__name__}") from None


class _Raw(io.RawIOBase):
    """A source as a stream that is hashed as it is read."""

    def __init__(self, source: Source | LocalSource, digest: Any) -> None:
        self._source, self._digest, self._at = source, digest, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read_at(self._at, len(buffer))
        self._digest.update(data)
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)


class _Bounded(io.RawIOBase):
    """A stream of which no more than ``MAX_BYTES`` are read; ConfigError where there are."""

    def __init__(self, stream: _Stream, uri: str) -> None:
        self._stream, self._uri, self._left = stream, uri, MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ConfigError(f"{self._uri}: more than {MAX_BYTES:,} bytes of text: no such list")
        buffer[: len(data)] = data
        return len(data)


def _check_frames(source: Source | LocalSource, uri: str) -> None:
    """ConfigError where a zstd file is cut: its decoder takes the cut for the end."""
    at, is_zstd = 0, source.read_at(0, 4) == zstd_frames.MAGIC
    while is_zstd and at < source.size:
        end = skippable_end(source, at) or zstd_frames.frame_end(source, at)[0]
        if end is None:
            raise ConfigError(f"{uri}: damaged or cut short: a zstd frame at byte {at}")
        at = end


def _file_parts(raw: "io.BufferedReader[Any]", uri: str) -> Iterator[Part]:
    text = io.BufferedReader(_Bounded(_unpacked(raw), uri), _CHUNK)
    if text.peek(512)[257:262] == b"ustar":
        yield from _tar_parts(text, uri)
    else:
        yield Part("", whole_lines(cast(_Stream, text)))
    while raw.read(_CHUNK):  # what follows a tar archive's end or a last frame is hashed, too
        pass


def _unpacked(raw: "io.BufferedReader[Any]") -> _Stream:
    head = raw.peek(6)[:6]
    if head[:2] == b"\x1f\x8b":
        return cast(_Stream, gzip.GzipFile(fileobj=raw))
    if head[:4] == zstd_frames.MAGIC:
        return cast(
            _Stream, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        )
    if head == b"\xfd7zXZ\0":
        return cast(_Stream, lzma.LZMAFile(raw))
    return cast(_Stream, raw)


class _Member(tarfile.TarInfo):
    """A header that is damaged or missing is an error; tarfile takes it for the archive's end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except _NO_HEADER as error:
            raise _ReadError(str(error)) from None


_NO_HEADER = (
    tarfile.InvalidHeaderError,  # type: ignore[attr-defined]
    tarfile.TruncatedHeaderError,  # type: ignore[attr-defined]
    tarfile.EmptyHeaderError,  # type: ignore[attr-defined]
)
_ReadError = tarfile.ReadError


def _tar_parts(text: "io.BufferedReader[Any]", uri: str) -> Iterator[Part]:
    """Links, devices and sparse files are passed over: UT1 has links from old names to new."""
    with tarfile.open(fileobj=text, mode="r|", tarinfo=_Member) as archive:
        for number, member in enumerate(archive):
            if number >= MAX_MEMBERS:
                raise ConfigError(f"{uri}: more than {MAX_MEMBERS:,} files: no such list")
            folder, _, name = member.name.rpartition("/")
            content = archive.extractfile(member) if member.isreg() else None
            if name in _READ and content and not member.issparse():
                yield Part(folder.rpartition("/")[2].strip("."), whole_lines(content))


def _folder_parts(path: Path, digest: Any) -> Iterator[Part]:
    for file in sorted(f for name in _READ for f in path.rglob(name) if f.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        folder = "" if file.parent == path else file.parent.name
        with closing(open_source(str(file))) as source:
            raw = io.BufferedReader(_Raw(source, digest), _CHUNK)
            bounded = io.BufferedReader(_Bounded(cast(_Stream, raw), str(file)), _CHUNK)
            yield Part(folder, whole_lines(cast(_Stream, bounded)))


def whole_lines(stream: _Stream) -> Iterator[bytes]:
    """The stream in pieces of whole lines, each with its end, without a byte order mark.

    A line over ``MAX_LINE_BYTES`` is ``TOO_LONG``, and takes no more memory than a piece.
    """
    rest, skipping, first = b"", False, True
    while piece := stream.read(_CHUNK):
        if first:
            piece, first = piece.removeprefix(b"\xef\xbb\xbf"), False
        end = piece.rfind(b"\n") + 1
        if skipping and end:
            start, skipping = piece.index(b"\n") + 1, False
        else:
            start = 0
        if end:
            yield _bounded(rest + piece[start:end])
            rest = b""
        if not skipping:
            rest += piece[end:]
        if len(rest) > MAX_LINE_BYTES:
            rest, skipping = b"", True
            yield TOO_LONG
    if rest:
        yield rest + b"\n"


def _bounded(text: bytes) -> bytes:
    return _LONG_LINE.sub(TOO_LONG, text)


_LONG_LINE = re.compile(rb"(?<![^\n])[^\n]{%d,}\n" % (MAX_LINE_BYTES + 1))


def lines_of(part: Part) -> Iterator[str]:
    """Lines without white space around them; no empty ones, no comments ("#" at the start)."""
    for text in part.text:
        for line in text.decode("utf-8", "replace").split("\n"):
            stripped = line.strip()
            if stripped and not stripped.startswith("#"):
                yield stripped
