"""HTTP responses as archives hold them, taken apart on bytes, with bounds, without exceptions.

A block is hostile: whatever its bytes are, ``decode_response`` returns, and gives at most
``HttpLimits.max_body_bytes`` of body however small the block is that unpacks to more.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from pipeline import media
from pipeline.chunked import decode_chunked
from pipeline.codings import DECODERS, UNSUPPORTED, decode
from pipeline.headers import blank_line, header_lines

# Why a body is not what the server meant. Closed, like the reasons of ``record``.
HTTP_REASONS = {
    "empty_block": "the record has no bytes",
    "bad_http": "no status line; the body is the whole block",
    "bad_status": "a status that is no number of three digits",
    "headers_cut": "the block ends before the headers do",
    "unsupported_coding": "a content coding that is not read; the body is still coded",
    "too_many_codings": "more than three content codings; the body is still coded",
    "undecodable": "bytes that are neither in the coding they are labelled with nor text",
}
MAX_CODINGS = 3
_STATUS_LINE = re.compile(rb"(?:HTTP(?:/\d(?:\.\d)?)?|ICY)[ \t]+([^ \t\r\n]*)", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]{1,100}/[\w!#$&^.+*-]{1,100}", re.ASCII)
_CHARSET = re.compile(
    r";[ \t]*charset[ \t]*=[ \t]*[\"']?([\w.:+-]{1,40})", re.IGNORECASE | re.ASCII
)
_MAX_INTERIM = 1000


@dataclass(frozen=True)
class HttpLimits:
    """Bounds: the body after decoding, and what is parsed of the headers, in bytes."""

    max_body_bytes: int = 16 << 20
    max_header_bytes: int = 256 << 10


class HttpResponse(NamedTuple):
    """A response. ``status`` is 0 when it has none; names of headers are as sent.

    ``body`` is after transfer and content coding, ``truncated`` when there was more of it.
    ``problem`` is a key of ``HTTP_REASONS`` or None. ``media_type`` and ``charset`` are lower
    case and '' when missing or malformed. ``notes`` says where the headers did not tell the
    truth, in a closed set of words; they are no problem.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    truncated: bool
    problem: str | None
    media_type: str
    charset: str
    notes: tuple[str, ...]


def decode_response(block: bytes, limits: HttpLimits | None = None) -> HttpResponse:
    """Take apart the block of a response record; never raises."""
    limits = limits or HttpLimits()
    most = limits.max_body_bytes
    if not block:
        return HttpResponse(0, [], b"", False, "empty_block", "", "", ())
    at, notes = _after_interim(block)
    line = _STATUS_LINE.match(block, at)
    if line is None:
        return HttpResponse(0, [], block[:most], len(block) > most, "bad_http", "", "", notes)
    status, problem = _status(line.group(1))
    ends = blank_line(block, at)
    head_end, body_start = ends or (len(block), len(block))
    if head_end - at > limits.max_header_bytes:
        notes += ("headers_dropped",)
    head_end = min(head_end, at + limits.max_header_bytes)
    headers = header_lines(block[at:head_end].partition(b"\n")[2].decode("latin-1"))
    if ends is None:
        return HttpResponse(status, headers, b"", False, "headers_cut", "", "", notes)
    body, truncated, notes = _dechunked(headers, block[body_start:], notes)
    media_type, charset = content_type(headers)
    plain = _decoded(body, _codings(headers), media_type, most)
    return HttpResponse(
        status,
        headers,
        plain.body[:most],
        truncated or plain.cut or len(plain.body) > most,
        problem or plain.problem,
        media_type,
        charset,
        notes + plain.notes,
    )


def text_kind(response: HttpResponse, also: Collection[str] = ()) -> media.Kind | None:
    """Whether the body can hold text, and in which form; None for images, scripts, ...

    Feeds and PDF count only where they are ``also`` asked for.
    """
    if not response.body or response.problem in _STILL_CODED:
        return None
    return media.kind_of(response.media_type, response.body[:2048], also)


_STILL_CODED = frozenset({"unsupported_coding", "too_many_codings", "undecodable"})


def _after_interim(block: bytes) -> tuple[int, tuple[str, ...]]:
    """Where the final response starts: behind interim ones (RFC 9110 section 15.2) before it."""
    at = 0
    for _ in range(_MAX_INTERIM):
        line = _STATUS_LINE.match(block, at)
        if line is None or not re.fullmatch(rb"1\d\d", line.group(1)) or line.group(1) == b"101":
            break
        ends = blank_line(block, at)
        if ends is None or not _STATUS_LINE.match(block, ends[1]):
            break
        at = ends[1]
    return at, ("interim_responses",) if at else ()


def _status(text: bytes) -> tuple[int, str | None]:
    if len(text) == 3 and text.isdigit() and text[:1] in b"123456789":
        return int(text), None
    return 0, "bad_status"


def _values(headers: list[tuple[str, str]], name: str) -> list[str]:
    """List the comma-separated values of every header ``name``, lower case, in order."""
    joined = ",".join(value for key, value in headers if key.lower() == name)
    return [value for part in joined.lower().split(",") if (value := part.strip(" \t;"))]


def content_type(headers: list[tuple[str, str]]) -> tuple[str, str]:
    """Media type and charset of the first Content-Type, lower case, '' where there is none."""
    value = next((v for key, v in headers if key.lower() == "content-type"), "")
    found = _MEDIA_TYPE.match(value.lower())
    charset = _CHARSET.search(value)
    return found.group() if found else "", charset.group(1).lower() if charset else ""


def _dechunked(
    headers: list[tuple[str, str]], body: bytes, notes: tuple[str, ...]
) -> tuple[bytes, bool, tuple[str, ...]]:
    if "chunked" not in _values(headers, "transfer-encoding"):
        return body, False, notes
    chunks = decode_chunked(body)
    if chunks is None:
        return body, False, (*notes, "not_chunked")
    return chunks.body, chunks.cut, notes


def _codings(headers: list[tuple[str, str]]) -> list[str]:
    """Content codings in the order they were applied; compression in transfer coding counts."""
    transfer = [c for c in _values(headers, "transfer-encoding") if c in DECODERS]
    return [c for c in _values(headers, "content-encoding") if c != "identity"] + transfer


class _Plain(NamedTuple):
    body: bytes
    cut: bool
    problem: str | None
    notes: tuple[str, ...]


def _decoded(body: bytes, codings: list[str], media_type: str, limit: int) -> _Plain:
    """``body`` with its content codings undone, the last applied first."""
    known = [coding for coding in codings if coding in DECODERS]
    notes: tuple[str, ...] = ()
    if len(known) < len(codings):
        if UNSUPPORTED.intersection(codings):
            return _Plain(body, False, "unsupported_coding", notes)
        # "utf-8", "none", "text/html": names that are no coding are mistakes for none.
        notes += ("unknown_coding",)
    if len(known) > MAX_CODINGS:
        return _Plain(body, False, "too_many_codings", notes)
    cut = False
    for coding in reversed(known):
        done = decode(coding, body, limit) if body else None
        if done is None:
            text = not body or media.looks_like_text(body)
            return _Plain(body, cut, None if text else "undecodable", (*notes, "not_" + coding))
        body, cut = done.body, cut or done.cut
    return _unlabelled(_Plain(body, cut, None, notes), len(known), media_type, limit)


def _unlabelled(plain: _Plain, undone: int, media_type: str, limit: int) -> _Plain:
    """Undo gzip that the headers do not name, where a text was announced."""
    if not media_type.startswith("text/") and media_type != "application/xhtml+xml":
        return plain
    for _ in range(undone, MAX_CODINGS):
        if plain.body[:3] != b"\x1f\x8b\x08":
            break
        done = decode("gzip", plain.body, limit)
        if done is None or not done.body:
            break
        notes = (*plain.notes, "unlabelled_gzip")
        plain = _Plain(done.body, plain.cut or done.cut, None, notes)
    return plain
