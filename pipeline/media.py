"""Whether bytes can hold text: the media type a server gives, checked against what is there.

After the WHATWG MIME Sniffing standard (https://mimesniff.spec.whatwg.org/): a type that says
something is believed unless the bytes are plainly something else; a missing or meaningless one
is replaced by what the first bytes look like.
"""

import re
from collections.abc import Collection
from typing import Literal

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
# Section 7: types servers give when they do not know; browsers sniff on them.
_MEANINGLESS = frozenset(
    {"", "unknown/unknown", "application/unknown", "*/*", "application/octet-stream",
     "binary/octet-stream", "application/x-unknown", "none", "unknown"}
)  # fmt: skip
_XML_TYPES = frozenset({"text/xml", "application/xml"})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_HEAD_BYTES = 1445  # the standard's resource header
# Section 7.1: tags an HTML page opens with, up to a byte that ends a tag name, and a few more
# that fragments open with.
_HTML_START = re.compile(
    rb"(?:<!doctype html|<html|<head|<script|<iframe|<h1|<div|<font|<table|<a|<style|<title|<b"
    rb"|<body|<br|<p|<meta|<link|<center|<span|<section|<article|<main)[\s/>]|<!--",
    re.IGNORECASE,
)
_XHTML = re.compile(rb"<!doctype html|<html[\s>]", re.IGNORECASE)
# Section 7.3: a feed's root element, behind what may stand before it.
_FEED_START = re.compile(
    rb"(?:\s{0,999}(?:<\?[^<>]{0,999}>|<!--[^<>]{0,999}-->|<!doctype[^<>\[]{0,999}>)){0,20}\s{0,999}"
    rb"<(?:rss|feed|rdf:rdf)[\s>]",
    re.IGNORECASE,
)
_PDF_TYPES = frozenset({"application/pdf", "application/x-pdf"})
_BINARY_STARTS = (
    b"%PDF-", b"%!PS", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"BZh91AY",
    b"\xfd7zXZ", b"Rar!", b"7z\xbc\xaf", b"\x7fELF", b"MZ\x90", b"wOFF", b"wOF2", b"OTTO\0",
    b"\x00\x01\x00\x00", b"ID3\x03", b"ID3\x04", b"OggS", b"fLaC", b"\x1aE\xdf\xa3",
    b"\xd0\xcf\x11\xe0", b"\xca\xfe\xba\xbe", b"II*\0", b"MM\0*", b"\x28\xb5\x2f\xfd",
)  # fmt: skip
_RIFF_KINDS = (b"WEBP", b"WAVE", b"AVI ")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Section 3: binary data bytes.
_BINARY_BYTES = bytes(sorted({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)}))


Kind = Literal["html", "text", "feed", "pdf"]


def is_binary(head: bytes) -> bool:
    """Whether ``head`` begins as a known binary format does."""
    if head.startswith(_BINARY_STARTS):
        return True
    return (head[:4] == b"RIFF" and head[8:12] in _RIFF_KINDS) or head[4:8] == b"ftyp"


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes hold nothing that text has not (UTF-16 by its byte order mark)."""
    head = head[:_HEAD_BYTES]
    if head.startswith(_BOMS):
        return True
    return not is_binary(head) and len(head.translate(None, _BINARY_BYTES)) == len(head)


def kind_of(media_type: str, head: bytes, also: Collection[str] = ()) -> Kind | None:
    """Say what a body of this type (lower case, '' if none) that begins with ``head`` holds.

    ``text/html`` is believed unless the bytes are a binary format; ``text/plain`` is HTML if it
    begins like a page. Scripts, style sheets, JSON and everything else is None, and so are feeds
    and PDF unless they are ``also`` asked for: "feed", "pdf".
    """
    head = head[:_HEAD_BYTES]
    start = head.removeprefix(_BOMS[0]).lstrip()
    kind: Kind | None = None
    if "pdf" in also and _is_pdf(media_type, head):
        kind = "pdf"
    elif "feed" in also and _is_feed(media_type, head, start):
        kind = "feed"
    elif is_binary(head):
        kind = None
    elif media_type in _HTML_TYPES:
        kind = "html"
    elif media_type in _XML_TYPES:
        kind = "html" if _XHTML.search(start) else None
    elif media_type == "text/plain":
        kind = "html" if _XHTML.match(start) else "text"
    elif media_type in _MEANINGLESS or "/" not in media_type:
        kind = _sniffed(head, start)
    return kind


def _is_pdf(media_type: str, head: bytes) -> bool:
    """Readers look for the mark in the first 1024 bytes; who says PDF may have some before it."""
    return head.startswith(b"%PDF-") or (media_type in _PDF_TYPES and b"%PDF-" in head[:1024])


def _is_feed(media_type: str, head: bytes, start: bytes) -> bool:
    if media_type in _FEED_TYPES:
        return not is_binary(head) and not _XHTML.match(start)
    known = media_type in _XML_TYPES or media_type in _MEANINGLESS or "/" not in media_type
    return (known or media_type in ("text/html", "text/plain")) and bool(_FEED_START.match(start))


def _sniffed(head: bytes, start: bytes) -> Kind | None:
    if _HTML_START.match(start) or (start[:5] == b"<?xml" and _XHTML.search(start)):
        return "html"
    # Unlabelled XML, JSON and the like are data, not text to read.
    return "text" if start and start[:1] not in b"<{[" and looks_like_text(head) else None
