"""The fate of every record: a closed set of reasons, and what a first look at it decides."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple

import xxhash

from filters.rights import from_headers
from filters.urls import host, registrable_domain
from pipeline import pdf
from pipeline.http import HTTP_REASONS, HttpResponse, content_type, decode_response, text_kind
from pipeline.precheck import REFUSALS
from pipeline.record import HARMLESS, REASONS, Record, gap
from pipeline.storage import SOURCE_REASONS

FATES = ("extracted", "skipped", "failed")
SKIPPED = {
    "warcinfo": "description of the archive",
    "request": "request",
    "metadata": "metadata about another record",
    "revisit": "same payload as an earlier record",
    "other_record": "record of a type that holds no page",
    "redirect": "status 3xx",
    "http_status": "status other than 200 and 203",
    "empty": "no payload",
    "no_text": "page without text",
    "blocked_address": "left out unread: a rule on addresses rejects it",
    "same_payload": "left out unread: byte for byte an earlier page of its site and range",
    "other_language": "left out unmeasured: in a language that was not asked for",
    "partner": "a file whose lines were read with those of a table beside it",
    "unread_table": "pages whose texts are read from a table beside them",
    **REFUSALS,
    **pdf.SKIPS,
}
"""Records that hold no text, or are left out before they are read or measured."""
SCREENED = ("blocked_address", "same_payload", "other_language")
"""Of these, those that ``pipeline.screening`` leaves out."""
FAILED = {
    **{reason: meaning for reason, meaning in HTTP_REASONS.items() if reason != "empty_block"},
    "timeout": "the page took longer than its limit; its process was killed",
    "memory": "the page took more memory than its limit",
    "crash": "the page killed its process",
    "error": "the page raised an error in the parser",
    **pdf.FAILURES,
    "bad_line": "a line of a table that is not JSON with a text; after 1,000, the rest of a range",
    "line_too_long": "a line of a table beyond the limit",
    "unequal_lines": "a table and a file beside it do not have as many lines",
}
"""Records whose text is lost; what the archive reader and the storage report joins them."""
UNUSUAL = frozenset({"unsupported_version", "record_too_large"})
DAMAGE = (
    (REASONS.keys() - HARMLESS - UNUSUAL) | SOURCE_REASONS.keys() | {"bad_line", "unequal_lines"}
)
"""Reasons and notes that say an input is damaged or unreadable, as against a page that failed."""

PAGE_TYPES = ("response", "resource", "conversion")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?Z?$", re.ASCII)


class Page(NamedTuple):
    """A record that may hold text: what the sandbox gets, and the document's columns so far.

    ``record`` is what it was made from, for the quarantine.
    """

    header: dict[str, Any]
    body: bytes
    columns: dict[str, Any]
    record: Record | None = None


class Screened(NamedTuple):
    """A record's ledger row, and its page unless the row already ends it."""

    row: dict[str, Any]
    page: Page | None


def screen(record: Record, warc_file: str, also: Collection[str] = ()) -> Screened:
    """First look at a record: who it is, whether it can hold text.

    Feeds and PDF can only where they are ``also`` asked for ("feed", "pdf").
    """
    row = ledger_row(record, warc_file)
    if record.kind == "gap":
        reason = record.problem or "other_record"
        return _ended(row, "skipped" if reason in HARMLESS else "failed", reason)
    row["record_id"] = record.headers.get("warc-record-id")
    row["url"] = url = record.uri or None
    if record.problem:
        row["notes"].append(record.problem)
    if record.warc_type not in PAGE_TYPES:
        known = record.warc_type in SKIPPED
        return _ended(row, "skipped", record.warc_type if known else "other_record")
    response, problem = _response(record, row)
    if problem:
        return _ended(row, "failed" if problem in FAILED else "skipped", problem)
    kind = "text" if record.warc_type == "conversion" else text_kind(response, also)
    if kind is None:
        return _ended(row, "skipped", "not_text")
    row["doc_id"] = doc_id = document_id(warc_file, record.offset, record.inner_offset)
    header = {
        "url": url,
        "header_charset": response.charset or None,
        "kind": kind,
    }
    columns = {
        "doc_id": doc_id,
        "url": url,
        "host": (name := host(url or "")),
        "domain": registrable_domain(name),
        "warc_file": warc_file,
        "warc_offset": record.offset,
        "warc_length": record.length,
        "line": None,
        "derived_from": None,
        "warc_date": warc_date(record.headers.get("warc-date")),
        "source_type": "wet" if record.warc_type == "conversion" else kind,
        "payload_digest": record.headers.get("warc-payload-digest"),
        "truncated": _truncated(record, response),
        "rights": [signal._asdict() for signal in from_headers(response.headers)],
    }
    return Screened(row | {"fate": "extracted"}, Page(header, response.body, columns, record))


def ledger_row(record: Record, warc_file: str) -> dict[str, Any]:
    """Ledger row with the record's place and no fate yet."""
    return {
        "warc_file": warc_file,
        "warc_offset": record.offset,
        "warc_length": record.length,
        "line": None,
        "record_type": record.warc_type if record.kind == "record" else "gap",
        "record_id": None,
        "url": None,
        "http_status": None,
        "media_type": None,
        "fate": None,
        "reason": None,
        "notes": [],
        "lang": None,
        "doc_id": None,
    }


def file_row(warc_file: str, reason: str, offset: int = 0, length: int = 0) -> dict[str, Any]:
    """Ledger row of an input, or the rest of one, that could not be read."""
    return end(ledger_row(gap(offset, length, reason), warc_file), "failed", reason)


def damage(row: dict[str, Any]) -> set[str]:
    """What a ledger row says of damage to its input: of a gap, or of a record read in part."""
    return DAMAGE & {row["reason"], *row["notes"]}


def end(row: dict[str, Any], fate: str, reason: str) -> dict[str, Any]:
    """The row of a page that the sandbox ended."""
    return row | {"fate": fate, "reason": reason, "doc_id": None}


def document_id(warc_file: str, offset: int, inner: int) -> str:
    """128-bit id in hex: a function of where the record is, so that reruns agree."""
    return xxhash.xxh3_128_hexdigest(f"{warc_file}\0{offset}\0{inner}".encode())


def warc_date(text: str | None) -> datetime | None:
    """WARC-Date (W3C-DTF, or ARC's 14 digits made so by the reader) or None if it is no date."""
    found = DATE.match(text or "")
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micros = int((found[7] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)
    except ValueError:
        return None


def _ended(row: dict[str, Any], fate: str, reason: str) -> Screened:
    return Screened(row | {"fate": fate, "reason": reason}, None)


def _response(record: Record, row: dict[str, Any]) -> tuple[HttpResponse, str | None]:
    """The decoded response and the reason that ends it, if any; fills in the row."""
    http = is_http(record)
    response = decode_response(record.block) if http else _bare(record)
    row["notes"] += response.notes
    row["media_type"] = response.media_type or None
    row["http_status"] = response.status if http else None
    return response, _problem(response)


def _bare(record: Record) -> HttpResponse:
    """A block that is no HTTP message: the page itself."""
    headers = [("content-type", record.headers.get("content-type", ""))]
    kind = content_type(headers)
    return HttpResponse(200, headers, record.block, record.truncated, None, *kind, ())


def is_http(record: Record) -> bool:
    """Whether the block is an HTTP message: responses are, except Heritrix's DNS look-ups."""
    declared = record.headers.get("content-type", "").lower()
    is_dns = declared.startswith("text/dns") or record.uri.startswith("dns:")
    return declared.startswith("application/http") or (
        record.warc_type == "response" and not is_dns
    )


def _problem(response: HttpResponse) -> str | None:
    if response.problem == "empty_block":
        return "empty"
    if response.problem:
        return response.problem
    if 300 <= response.status < 400:
        return "redirect"
    if response.status not in (200, 203):
        return "http_status"
    return None if response.body else "empty"


def _truncated(record: Record, response: HttpResponse) -> str | None:
    declared = record.headers.get("warc-truncated")
    if declared:
        return declared[:40]
    return "limit" if record.truncated or response.truncated else None
