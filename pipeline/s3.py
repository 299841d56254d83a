"""Objects on S3 and what speaks like it: ranged reads of one version, and listings."""

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import botocore.config
import botocore.exceptions
import urllib3.exceptions
from botocore import UNSIGNED

from pipeline.errors import ArchiveError
from pipeline.resume import TransientError, fetch_all, retried
from pipeline.storage import Source, StorageOptions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_T = TypeVar("_T")
# What is lost when a body breaks: a piece counts when all of it is there.
_PIECE_BYTES = 16 << 10
_TRANSIENT = (
    botocore.exceptions.HTTPClientError,  # connections reset or closed, time-outs
    botocore.exceptions.ConnectionError,  # connections refused
    botocore.exceptions.IncompleteReadError,
    botocore.exceptions.ResponseStreamingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
)
_ANY = (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, *_TRANSIENT)
_TRANSIENT_CODES = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "TooManyRequests",
     "RequestLimitExceeded", "InternalError", "ServiceUnavailable", "RequestTimeTooSkewed"}
)  # fmt: skip


class S3Object(NamedTuple):
    """An object in a listing; ``etag`` without quotes."""

    key: str
    size: int
    etag: str


def split_uri(uri: str) -> tuple[str, str]:
    """Return (bucket, key) of ``s3://bucket/key``; ArchiveError without a bucket."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not bucket:
        raise ArchiveError(uri, "unreadable", "no bucket in the name")
    return bucket, key


def open_s3(uri: str, options: StorageOptions) -> Source:
    """Open an object as it is now; a later version is ``source_changed``, never a mixture."""
    bucket, key = split_uri(uri)
    client = client_for(options)
    head = _patiently(uri, options, lambda: client.head_object(Bucket=bucket, Key=key))
    etag, size = str(head.get("ETag", "")), int(head["ContentLength"])

    def request(offset: int, length: int) -> Iterator[bytes]:
        try:
            wanted: dict[str, Any] = {"Range": f"bytes={offset}-{offset + length - 1}"}
            if etag:
                wanted["IfMatch"] = etag
            answer = client.get_object(Bucket=bucket, Key=key, **wanted)
            # Some servers know neither If-Match nor Range: believe what comes, not what was asked.
            if etag and answer.get("ETag", etag) != etag:
                raise ArchiveError(uri, "source_changed", "changed while it was read", offset)
            placed = answer.get("ContentRange", "").startswith(f"bytes {offset}-")
            if not placed and (offset or answer["ContentLength"] != length):
                raise ArchiveError(uri, "source_failed", "range requests are not served", offset)
            yield from answer["Body"].iter_chunks(_PIECE_BYTES)
        except _ANY as error:
            raise _meaning(uri, error, offset) from error

    def fetch(offset: int, length: int) -> bytes:
        return fetch_all(uri, request, offset, length, options.retries)

    return Source(uri, size, fetch, version=etag.strip('"'), ahead=options.read_ahead)


def list_objects(uri: str, options: StorageOptions) -> list[S3Object]:
    """List the objects whose URI begins with ``uri``, in the order of their keys."""
    bucket, prefix = split_uri(uri)
    client = client_for(options)

    def pages() -> list[S3Object]:
        found = []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                etag = item.get("ETag", "").strip('"')
                found.append(S3Object(item["Key"], int(item["Size"]), etag))
        return found

    return _patiently(uri, options, pages)


def _patiently(uri: str, options: StorageOptions, call: Callable[[], _T]) -> _T:
    """Return the result of a request without a body; retried as reading is."""

    def once() -> _T:
        try:
            return call()
        except _ANY as error:
            raise _meaning(uri, error, -1) from error

    return retried(uri, once, options.retries)


def _meaning(uri: str, error: Exception, offset: int) -> Exception:
    """Return what a failure means: try again, or which of the reasons it is."""
    if isinstance(error, botocore.exceptions.ClientError):
        return _refusal(uri, error, offset)
    if isinstance(error, _TRANSIENT) and not isinstance(error, botocore.exceptions.SSLError):
        return TransientError(type(error).__name__)
    # No credentials, a bucket name that cannot be, a certificate that does not fit.
    return ArchiveError(uri, "unreadable", type(error).__name__, offset)


def _refusal(uri: str, error: botocore.exceptions.ClientError, offset: int) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status == 429 or status >= 500 or code in _TRANSIENT_CODES:
        return TransientError(f"status {status}")
    if status == 412:
        return ArchiveError(uri, "source_changed", "changed while it was read", offset)
    if status == 404:
        return ArchiveError(uri, "missing", "no such object", offset)
    return ArchiveError(uri, "unreadable", f"refused with status {status}", offset)


def client_for(options: StorageOptions) -> "S3Client":
    """Return this process's client: it must not cross a fork, and is slow to make."""
    return _client_of_process(options, os.getpid())


@lru_cache(maxsize=8)
def _client_of_process(options: StorageOptions, _process: int) -> "S3Client":
    import boto3  # noqa: PLC0415 - 70 ms, which a worker that reads files need not wait

    config = botocore.config.Config(
        signature_version=UNSIGNED if options.anonymous else None,
        connect_timeout=min(options.timeout_s, 10.0),
        read_timeout=options.timeout_s,
        retries={"total_max_attempts": 1},  # resume.py tries again, also when a body breaks
        s3={"addressing_style": "path"} if options.endpoint_url else None,
    )
    session = boto3.session.Session()
    region = options.region or session.region_name or "us-east-1"
    return session.client(
        "s3", endpoint_url=options.endpoint_url, region_name=region, config=config
    )
