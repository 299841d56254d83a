"""Files on web servers: ranged reads of one version, or a copy where ranges are not served."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
import urllib3.exceptions

from pipeline.errors import ArchiveError
from pipeline.resume import TransientError, fetch_all, retried
from pipeline.storage import Source, StorageOptions

# What is lost when a body breaks: a piece counts when all of it is there.
_PIECE_BYTES = 16 << 10
_FIRST_BYTES = 256 << 10
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_EMPTY_RANGE = re.compile(r"bytes \*/0")


class _Version(NamedTuple):
    """What tells one version of a file from another: a strong ETag, else the time and the size."""

    etag: str
    modified: str
    size: int


def open_web(uri: str, options: StorageOptions) -> Source:
    """Open a file over HTTP or HTTPS; the environment's proxy settings are kept to."""
    pool = _pool(uri, options)

    def first() -> Source:
        asked = _FIRST_BYTES if options.read_ahead else 1
        response = _get(pool, uri, options, {"Range": f"bytes=0-{asked - 1}"})
        try:
            if response.status == 416 and _EMPTY_RANGE.match(_header(response, "content-range")):
                return Source(uri, 0, lambda _offset, _length: b"")
            _check_status(uri, response.status, 0)
            if response.status == 206:
                return _ranged(uri, options, pool, response)
            return _copied(uri, options, response)
        finally:
            response.release_conn()

    return retried(uri, first, options.retries)


def _ranged(
    uri: str,
    options: StorageOptions,
    pool: urllib3.PoolManager,
    response: urllib3.BaseHTTPResponse,
) -> Source:
    start, total = _range_of(uri, response)
    version = _Version(_strong_etag(response), _header(response, "last-modified"), total)
    if start != 0:
        raise ArchiveError(uri, "source_failed", "another range than asked for", 0)
    held = _all_that_comes(response)

    def request(offset: int, length: int) -> Iterator[bytes]:
        headers = {"Range": f"bytes={offset}-{offset + length - 1}"}
        if version.etag:
            headers["If-Range"] = version.etag
        answer = _get(pool, uri, options, headers)
        try:
            if answer.status == 200:
                raise ArchiveError(uri, "source_changed", "changed while it was read", offset)
            _check_status(uri, answer.status, offset)
            began, size = _range_of(uri, answer)
            modified = _header(answer, "last-modified")
            if _Version(_strong_etag(answer), modified, size) != version:
                raise ArchiveError(uri, "source_changed", "changed while it was read", offset)
            if began != offset:
                raise ArchiveError(uri, "source_failed", "another range than asked for", offset)
            yield from _pieces(answer)
        finally:
            answer.release_conn()

    def fetch(offset: int, length: int) -> bytes:
        return fetch_all(uri, request, offset, length, options.retries)

    name = version.etag.strip('"') or version.modified
    ahead = options.read_ahead
    return Source(
        uri, total, fetch, version=name, close=pool.clear, held=held if ahead else None, ahead=ahead
    )


def _copied(uri: str, options: StorageOptions, response: urllib3.BaseHTTPResponse) -> Source:
    """Copy the whole file to a temporary one: the server knows no ranges.

    A body that breaks off starts again, for there is no way to resume it.
    """
    copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the source)
    size = 0
    try:
        for piece in _pieces(response):
            size += len(piece)
            if size > options.max_spool_bytes:
                message = f"no range requests, and over {options.max_spool_bytes} bytes to copy"
                raise ArchiveError(uri, "source_failed", message, size)
            copy.write(piece)
        copy.flush()
        length = _header(response, "content-length")
        if length.isdigit() and int(length) != size:
            raise TransientError("the body was short")
    except BaseException:
        copy.close()
        raise

    def fetch(offset: int, n: int) -> bytes:
        return os.pread(copy.fileno(), n, offset)

    name = _strong_etag(response).strip('"') or _header(response, "last-modified")
    return Source(uri, size, fetch, version=name, close=copy.close)


def _get(
    pool: urllib3.PoolManager, uri: str, options: StorageOptions, headers: Mapping[str, str]
) -> urllib3.BaseHTTPResponse:
    timeout = urllib3.Timeout(connect=min(options.timeout_s, 10.0), read=options.timeout_s)
    try:
        return pool.request(
            "GET",
            uri,
            headers={"Accept-Encoding": "identity", "User-Agent": "corpusmill", **headers},
            preload_content=False,
            decode_content=False,
            timeout=timeout,
            retries=urllib3.Retry(total=5, connect=0, read=0, status=0, other=0, redirect=5),
        )
    except urllib3.exceptions.LocationValueError as error:
        raise ArchiveError(uri, "unreadable", type(error).__name__) from error
    except urllib3.exceptions.HTTPError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, urllib3.exceptions.SSLError):
            raise ArchiveError(uri, "unreadable", type(reason).__name__) from error
        raise TransientError(type(reason).__name__) from error


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(_PIECE_BYTES, decode_content=False)
    except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
        raise TransientError(type(error).__name__) from error


def _all_that_comes(response: urllib3.BaseHTTPResponse) -> bytes:
    """Return the body, or what there is of it if it breaks off: the rest can be asked for."""
    held = bytearray()
    try:
        for piece in _pieces(response):
            held += piece
    except TransientError:
        if not held:
            raise
    if not held:
        raise TransientError("the body was short")
    return bytes(held)


def _check_status(uri: str, status: int, offset: int) -> None:
    if status in (200, 206):
        return
    if status in (408, 425, 429) or status >= 500:
        raise TransientError(f"status {status}")
    if status in (404, 410):
        raise ArchiveError(uri, "missing", f"status {status}", offset)
    reason = "source_changed" if status in (412, 416) else "unreadable"
    raise ArchiveError(uri, reason, f"refused with status {status}", offset)


def _range_of(uri: str, response: urllib3.BaseHTTPResponse) -> tuple[int, int]:
    """Return (first byte, size of the file) of a 206 response."""
    found = _CONTENT_RANGE.match(_header(response, "content-range"))
    if found is None:
        raise ArchiveError(uri, "source_failed", "a range of a file of unknown size")
    return int(found.group(1)), int(found.group(3))


def _strong_etag(response: urllib3.BaseHTTPResponse) -> str:
    etag = _header(response, "etag")
    return "" if etag.startswith("W/") else etag


def _header(response: urllib3.BaseHTTPResponse, name: str) -> str:
    return str(response.headers.get(name) or "")


def _pool(uri: str, options: StorageOptions) -> urllib3.PoolManager:
    parts = urlsplit(uri)
    proxy = getproxies().get(parts.scheme.lower())
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()
