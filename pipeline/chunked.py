"""Chunked transfer coding (RFC 9112 section 7.1), undone where it is really there.

Many crawlers store bodies de-chunked under a header that still says chunked. So the framing
itself decides: every size line must be hexadecimal and every chunk must end in a line end, up to
the last chunk or to where the body was cut. Anything else is the body as it is.
"""

import re
from typing import NamedTuple

# Sizes to 2^60 and extensions to 1 KB; some servers pad sizes with spaces or zeros.
_SIZE_LINE = re.compile(rb"0{0,64}([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]{0,1024})?\r?\n")
_MAX_TRAILER_BYTES = 64 << 10


class Chunks(NamedTuple):
    """The content of chunks; ``cut`` when the last chunk was not reached."""

    body: bytes
    cut: bool


def decode_chunked(body: bytes) -> Chunks | None:
    """Return the content of ``body`` if it is chunked, None if its framing does not hold."""
    pieces: list[bytes] = []
    at, end = 0, len(body)
    while True:
        line = _SIZE_LINE.match(body, at)
        if line is None:
            # A body may be cut between chunks or inside a size line.
            cut_line = bool(pieces) and end - at < 20 and body.find(b"\n", at) < 0
            return Chunks(b"".join(pieces), cut=True) if cut_line else None
        size = int(line.group(1), 16)
        start = line.end()
        if size == 0:
            return (
                Chunks(b"".join(pieces), cut=False) if end - start <= _MAX_TRAILER_BYTES else None
            )
        stop = start + size
        if stop > end:
            return _cut_chunk(body, start, line.group(1), pieces)
        pieces.append(body[start:stop])
        if body[stop : stop + 2] == b"\r\n":
            at = stop + 2
        elif body[stop : stop + 1] == b"\n":
            at = stop + 1
        elif body[stop:] in {b"", b"\r"}:
            return Chunks(b"".join(pieces), cut=True)
        else:
            return None


def _cut_chunk(body: bytes, start: int, size: bytes, pieces: list[bytes]) -> Chunks | None:
    """Judge a chunk that reaches beyond the end: the body was cut, or its first line is text.

    A text that opens with a line like "add" or "decade" would pass for a single cut chunk, so
    without a whole chunk before it the size must hold a decimal digit.
    """
    if not pieces and not any(0x30 <= digit <= 0x39 for digit in size):
        return None
    return Chunks(b"".join([*pieces, body[start:]]), cut=True)
