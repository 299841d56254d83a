"""WARC record headers: ISO 28500, versions 0.17 to 1.1, and what nearly follows it."""

import re
from typing import Literal, NamedTuple

from pipeline.headers import blank_line, first_values

VERSIONS = frozenset({b"0.17", b"0.18", b"1.0", b"1.1"})
_VERSION_LINE = re.compile(rb"WARC/(\d\.\d{1,2})[ \t]*\r?\n", re.IGNORECASE)
# Inside other bytes a version line alone proves little: one of the format's fields must follow.
_START_INSIDE = re.compile(
    rb"WARC/\d\.\d{1,2}[ \t]*\r?\n(?:WARC|Content)-[A-Z-]+[ \t]*:", re.IGNORECASE
)


class Head(NamedTuple):
    """A parsed record header. ``block_start`` counts from the header's first byte, in bytes.

    ``length`` is the claimed length of the block, None where none that can be believed is given.
    """

    format: Literal["warc", "arc"]
    warc_type: str
    headers: dict[str, str]
    block_start: int
    length: int | None
    problem: str | None


def is_warc_start(data: bytes) -> bool:
    """Whether ``data`` begins with a WARC version line."""
    return _VERSION_LINE.match(data) is not None


def claimed_length(value: str) -> int | None:
    """Parse a length in bytes: ASCII digits only, while ``int`` takes ``1_000`` and more.

    >>> claimed_length("120"), claimed_length("-1"), claimed_length("1_000"), claimed_length("")
    (120, None, None, None)
    """
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None


def read_warc_head(data: bytes, max_header_bytes: int) -> Head | None:
    """Parse the header at the start of ``data``; None when it has no end, or runs into another."""
    version = _VERSION_LINE.match(data)
    if version is None:
        return None
    # The version line may be followed at once by the empty line: then there are no fields.
    ends = blank_line(data, version.end() - 1, max_header_bytes)
    # A header damaged at its end runs on into the next one, and must not take its block.
    if ends is None or find_warc_start(data[: ends[0]], version.end()) >= 0:
        return None
    headers = first_values(data[version.end() : ends[0]])
    length = claimed_length(headers.get("content-length", ""))
    known = version.group(1) in VERSIONS
    return Head(
        "warc",
        headers.get("warc-type", "").lower(),
        headers,
        ends[1],
        length,
        None if known else "unsupported_version",
    )


def find_warc_start(data: bytes, start: int) -> int:
    """Find the first place from ``start`` on where a record begins; -1 if none.

    Not only after a line end: that may be what was damaged.
    """
    at = data.find(b"WARC/", start)
    while at >= 0 and not _START_INSIDE.match(data, at):
        at = data.find(b"WARC/", at + 5)
    return at
