"""ARC, the format before WARC: one line of fields, then the block.

``URL IP-address Archive-date Content-type Archive-length`` (version 1), or
``URL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename
Archive-length`` (version 2): https://archive.org/web/researcher/ArcFileFormat.php. URLs may hold
spaces, so a line is read from its end.
"""

import re

from pipeline.headers import escape_controls
from pipeline.warc import Head, claimed_length

MAX_LINE_BYTES = 8192
_SCHEME = re.compile(rb"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)


def _field_line(data: bytes) -> list[bytes] | None:
    """[url, ip, date, content type, length] of an ARC line at the start of ``data``."""
    if not _SCHEME.match(data):
        return None
    end = data.find(b"\n", 0, MAX_LINE_BYTES)
    fields = data[: max(end, 0)].rstrip(b"\r").split(b" ")
    # The length may be anything: what proves the line is the date in its place.
    if len(fields) < 5 or len(fields[-1]) > 20:
        return None
    # Version 2 has five fields more between content type and length. A content type may hold
    # spaces, so in version 1 the date is looked for a few fields further to the left.
    for date in (-8, -3, -4, -5):
        if len(fields) >= 2 - date and fields[date].isdigit() and 12 <= len(fields[date]) <= 18:
            url, kind = b" ".join(fields[: date - 1]), fields[date + 1]
            return [url, fields[date - 1], fields[date], kind, fields[-1]]
    return None


def is_arc_start(data: bytes) -> bool:
    """Whether ``data`` begins with a line of ARC fields."""
    return _field_line(data) is not None


def read_arc_head(data: bytes) -> Head | None:
    """Parse the ARC line at the start of ``data``, under WARC's names; None when it is none."""
    fields = _field_line(data)
    if fields is None:
        return None
    url, ip, date, kind, length = (escape_controls(f.decode("utf-8", "replace")) for f in fields)
    block_start = data.find(b"\n") + 1
    head = data[block_start : block_start + 5]
    http = head.upper() == b"HTTP/"
    headers = {
        "warc-target-uri": url,
        "warc-ip-address": ip,
        "warc-date": _iso_date(date),
        "content-type": "application/http; msgtype=response" if http else kind,
        "content-length": length,
    }
    if url.startswith("filedesc:"):
        warc_type = "warcinfo"
    else:
        # Everything else was fetched: without an HTTP header it is a resource, such as dns:.
        warc_type = "response" if http or url[:4].lower() == "http" else "resource"
    headers["warc-type"] = warc_type
    return Head("arc", warc_type, headers, block_start, claimed_length(length), None)


def _iso_date(digits: str) -> str:
    d = digits.ljust(14, "0")
    return f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z"


def find_arc_start(data: bytes, start: int) -> int:
    """Find the first place from ``start`` on where a line of ARC fields begins; -1 if none."""
    at = 0 if start == 0 else data.find(b"\n", start - 1) + 1
    while start <= at:
        if _SCHEME.match(data, at) and is_arc_start(data[at : at + MAX_LINE_BYTES]):
            return at
        at = data.find(b"\n", at) + 1 or -1
    return -1
