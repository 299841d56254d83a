"""Bytes from anywhere: a local file, ``s3://`` or ``https://``, read at any place.

A remote read is a ranged request tied to the version that was there at first (``If-Match`` on
S3, ``If-Range`` on HTTP), so bytes of two versions are never mixed. A body that breaks off is
resumed behind its last byte; every length is checked.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import ArchiveError

# Why a file cannot be read; the reasons an ArchiveError from here or ``inputs`` has.
SOURCE_REASONS = {
    "missing": "nothing of that name",
    "empty_file": "the file has no bytes",
    "not_a_regular_file": "a folder, pipe, socket or device",
    "unreadable": "access is refused, or the name cannot be understood",
    "unsupported_scheme": "not a path, file://, s3://, https:// or http://",
    "source_changed": "the file was changed while it was read",
    "source_failed": "reading failed, also after retries",
    "missing_partner": "a table without the file whose lines belong to its own, or that file alone",
    "beyond_end": "an index names bytes that the file does not have",
}


@dataclass(frozen=True)
class StorageOptions:
    """How to reach what is remote.

    ``retries`` counts requests in a row that bring no byte, each after a longer pause (0.5 s
    doubled, 20 s at most). ``max_spool_bytes`` bounds the temporary file that a server without
    range requests is copied to. ``paths_prefix`` goes before every relative line of a path list
    (``s3://commoncrawl/`` is the other choice for Common Crawl's). Without ``read_ahead`` no more
    bytes are fetched than are asked for.
    """

    endpoint_url: str | None = None
    anonymous: bool = False
    region: str | None = None
    retries: int = 8
    timeout_s: float = 60.0
    max_spool_bytes: int = 8 << 30
    paths_prefix: str = "https://data.commoncrawl.org/"
    read_ahead: bool = True


Fetch = Callable[[int, int], bytes]
_FIRST_FETCH_BYTES = 256 << 10
_MAX_FETCH_BYTES = 8 << 20


class Source:
    """One file. ``size`` in bytes; ``version`` an ETag, a time, or ''. Not for several threads."""

    def __init__(
        self,
        uri: str,
        size: int,
        fetch: Fetch,
        *,
        version: str = "",
        close: Callable[[], None] | None = None,
        held: bytes | None = None,
        ahead: bool = True,
    ) -> None:
        self.uri, self.size, self.version = uri, size, version
        self._ahead = ahead
        self._fetch, self._close = fetch, close
        self._step = _FIRST_FETCH_BYTES
        # The last two extents fetched, as (offset, bytes): a reader may step back a little.
        self._extents: list[tuple[int, bytes]] = [] if held is None else [(0, held)]

    def read_at(self, offset: int, n: int) -> bytes:
        """Return ``n`` bytes from ``offset``, fewer only at the end of the file; ArchiveError."""
        n = max(min(n, self.size - offset), 0)
        pieces: list[bytes] = []
        while n > 0:
            start, held = self._extent(offset, n)
            piece = held[offset - start : offset - start + n]
            pieces.append(piece)
            offset += len(piece)
            n -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Let go of what the source holds open."""
        self._extents.clear()
        if self._close is not None:
            self._close()
            self._close = None

    def _extent(self, offset: int, n: int) -> tuple[int, bytes]:
        """Return an extent that holds the byte at ``offset``."""
        for extent in self._extents:
            if extent[0] <= offset < extent[0] + len(extent[1]):
                return extent
        # Ask for more the longer reading goes on in order, for little after a jump.
        follows = any(offset == start + len(held) for start, held in self._extents)
        self._step = min(self._step * 2, _MAX_FETCH_BYTES) if follows else _FIRST_FETCH_BYTES
        length = min(max(n, self._step), self.size - offset) if self._ahead else n
        extent = (offset, self._fetch(offset, length))
        self._extents = [*self._extents[-1:], extent]
        return extent


class LocalSource:
    """A regular file on a file system; the interface of ``Source``."""

    def __init__(self, uri: str, path: Path) -> None:
        self.uri = uri
        self._descriptor = _opened(uri, path)
        status = os.fstat(self._descriptor)
        self.size, self.version = status.st_size, str(status.st_mtime_ns)

    def read_at(self, offset: int, n: int) -> bytes:
        """Return ``n`` bytes from ``offset``, fewer only at the end of the file; ArchiveError."""
        n = max(min(n, self.size - offset), 0)
        try:
            data = os.pread(self._descriptor, n, offset)
            while len(data) < n and (more := self._more(offset + len(data), n - len(data))):
                data += more
            status = os.fstat(self._descriptor) if n > _FIRST_FETCH_BYTES or len(data) < n else None
        except OSError as error:
            raise ArchiveError(self.uri, "source_failed", _why(error), offset) from error
        if status and (status.st_size, str(status.st_mtime_ns)) != (self.size, self.version):
            raise ArchiveError(self.uri, "source_changed", "changed while it was read", offset)
        return data

    def _more(self, offset: int, n: int) -> bytes:
        return os.pread(self._descriptor, n, offset)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_source(uri: str, options: StorageOptions | None = None) -> "Source | LocalSource":
    """Open a path, ``file://``, ``s3://``, ``https://`` or ``http://`` URI for reading.

    ArchiveError with a reason of ``SOURCE_REASONS`` when there is nothing to read. Only regular
    files are opened: a pipe would make the reader wait for ever.
    """
    # Remote back ends take half a second to import, and most runs need one of them at the most.
    options = options or StorageOptions()
    scheme = scheme_of(uri)
    source: Source | LocalSource
    if scheme in ("", "file"):
        source = LocalSource(uri, local_path(uri))
    elif scheme in S3_SCHEMES:
        from pipeline.s3 import open_s3  # noqa: PLC0415

        source = open_s3(uri, options)
    elif scheme in ("https", "http"):
        from pipeline.web import open_web  # noqa: PLC0415

        source = open_web(uri, options)
    else:
        raise ArchiveError(uri, "unsupported_scheme", f"no way to read {scheme}://")
    if source.size == 0:
        source.close()
        raise ArchiveError(uri, "empty_file", "the file is empty", 0)
    return source


S3_SCHEMES = ("s3", "s3a", "s3n")


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI in lower case; '' for a path."""
    head, colon, _ = uri.partition("://")
    return head.lower() if colon and head.replace("+", "").replace("-", "").isalnum() else ""


def local_path(uri: str) -> Path:
    """Return the path that a path or a ``file://`` URI names."""
    return Path(unquote(urlsplit(uri).path)) if scheme_of(uri) == "file" else Path(uri)


def _opened(uri: str, path: Path) -> int:
    """Return a descriptor of a regular file, checked before and after opening."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            # Should a pipe have taken the file's place, O_NONBLOCK keeps open() from waiting.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArchiveError(uri, "missing", "no such file") from error
    except (OSError, ValueError) as error:
        raise ArchiveError(uri, "unreadable", _why(error)) from error
    raise ArchiveError(uri, "not_a_regular_file", "not a regular file")


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
