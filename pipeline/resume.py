"""Remote reads that survive broken bodies: resumed behind the last good byte, with patience."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from pipeline.errors import ArchiveError

_T = TypeVar("_T")
_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 20.0
# Bodies that break again and again but bring a byte each time must end, too.
_MAX_REQUESTS_FACTOR = 10


class TransientError(Exception):
    """A request that may succeed when it is made again."""


def fetch_all(
    uri: str,
    request: Callable[[int, int], Iterator[bytes]],
    offset: int,
    length: int,
    retries: int,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> bytes:
    """Return exactly ``length`` bytes from ``offset``.

    ``request(offset, length)`` gives the pieces of one response and raises ``TransientError``
    where trying again makes sense. After ``retries`` requests in a row without a byte, or ten
    times as many in all, ArchiveError ``source_failed``.
    """
    data, fruitless, requests = bytearray(), 0, 0
    while len(data) < length:
        before = len(data)
        reason = "the body was short"
        try:
            for piece in request(offset + before, length - before):
                data += piece
        except TransientError as error:
            reason = str(error)
        if len(data) > length:
            raise ArchiveError(uri, "source_failed", "more bytes than asked for", offset)
        requests += 1
        fruitless = 0 if len(data) > before else fruitless + 1
        if len(data) < length:
            if fruitless > retries or requests > retries * _MAX_REQUESTS_FACTOR + 1:
                message = f"{reason}; gave up after {requests} requests"
                raise ArchiveError(uri, "source_failed", message, offset + len(data))
            pause(_pause_s(fruitless))
    return bytes(data)


def retried(
    uri: str, call: Callable[[], _T], retries: int, *, pause: Callable[[float], None] = time.sleep
) -> _T:
    """Return what ``call`` returns, tried again after a ``TransientError``; ArchiveError."""
    for failures in range(1, retries + 2):
        try:
            return call()
        except TransientError as error:
            reason = str(error)
        if failures <= retries:
            pause(_pause_s(failures))
    raise ArchiveError(uri, "source_failed", f"{reason}; gave up after {retries + 1} requests")


def _pause_s(failures: int) -> float:
    return min(_FIRST_PAUSE_S * 2.0 ** max(failures - 1, 0), _MAX_PAUSE_S)
