"""What is fuzzed, and what must hold whatever the bytes are."""

import re
from collections.abc import Callable
from typing import Any

from filters import pii
from pipeline import charset, ledger, precheck
from pipeline.archives import REASONS, Limits, records
from pipeline.clean import clean
from pipeline.encodings import CODECS
from pipeline.http import HTTP_REASONS, HttpLimits, decode_response
from pipeline.members import HeldBytes
from pipeline.ranges import plan_ranges

LIMITS = Limits(
    max_block_bytes=64 << 10, max_header_bytes=4 << 10, max_dropped_bytes=1 << 20, max_ratio=20
)
HTTP_LIMITS = HttpLimits(max_body_bytes=64 << 10, max_header_bytes=4 << 10)
UNSTORABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
LABELS = (None, *CODECS, "utf-7", "punycode", "x-sjis", "")


def archives(data: bytes) -> None:
    """Every byte is accounted for, once; a file cut where ranges are cut gives the same rows."""
    source = HeldBytes(data)
    rows = list(records(source, 0, None, LIMITS))
    at = 0
    for row in rows:
        assert row.offset == at or (row.length == 0 and row.offset >= at), "a hole or an overlap"
        at = row.offset + row.length
        assert row.problem is None or row.problem in REASONS
        assert len(row.block) <= LIMITS.max_block_bytes
        ended = ledger.screen(row, "fuzz").row
        for name in ("url", "record_id", "record_type"):
            assert "\n" not in (ended[name] or "")
            assert "\x1b" not in (ended[name] or "")
    assert sum(row.length for row in rows) == len(data), "bytes unaccounted for"
    ranges = plan_ranges(source, "x.warc.gz", 2048)
    assert [row for start, end in ranges for row in records(source, start, end, LIMITS)] == rows


def http(data: bytes) -> None:
    """No exception, a bounded body, closed reasons, headers without control characters."""
    response = decode_response(data, HTTP_LIMITS)
    assert len(response.body) <= HTTP_LIMITS.max_body_bytes
    assert response.problem is None or response.problem in HTTP_REASONS
    assert 0 <= response.status <= 999
    for name, value in response.headers:
        assert not re.search("[\n\r\0\x1b]", name + value)
    assert decode_response(data, HTTP_LIMITS) == response


def slim(html: str) -> tuple[str | None, list[str]]:
    """What makes a page safe to parse, and its notes; the one line to change with it."""
    checked = precheck.check(html)
    assert (checked.html is None) == (checked.refused in precheck.REFUSALS)
    return checked.html, checked.reasons


def slimming(data: bytes) -> None:
    """Output no longer than the input, bounded, free of controls; a second pass finds little."""
    html = data.decode("utf-8", "replace")
    slimmed, notes = slim(html)
    assert set(notes) <= precheck.REASONS.keys()
    if slimmed is None:
        return
    assert len(slimmed) <= min(len(html), precheck.MAX_HTML_CHARS) + 100
    assert slimmed.count("<") <= precheck.MAX_TAGS
    assert not re.search("[\0\x01\x1b\ud800-\udfff]", slimmed)


def charsets(data: bytes) -> None:
    """Text that can be stored, from an encoding of the table, the same each time."""
    label = LABELS[data[0] % len(LABELS)] if data else None
    body = data[1:]
    for is_html in (True, False):
        decoded = charset.decode(body, label, is_html)
        assert decoded.charset in CODECS
        decoded.text.encode("utf-8")
        assert len(decoded.text) <= len(body)
    text = clean(decoded.text)
    assert not UNSTORABLE.search(text)
    assert clean(text) == text, "cleaning twice changes more"


def personal_data(data: bytes) -> None:
    """Spans inside the text, in order, apart; masked, nothing is left of them."""
    text = clean(data.decode("utf-8", "replace"))
    spans = pii.find(text, ("DE", "GB", "FI", None)[len(data) % 4])
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        end = span.end
    masked, moved = pii.mask(text, spans)
    assert len(moved) == len(spans)
    assert all(0 <= span.start < span.end <= len(masked) for span in moved)


TARGETS: dict[str, Callable[[bytes], Any]] = {
    "archives": archives,
    "http": http,
    "slimming": slimming,
    "charsets": charsets,
    "personal_data": personal_data,
}
