"""Bodies that are no page: feeds and PDF, each read by its own module, to what pages become."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pipeline import charset, feed, pdf, precheck
from pipeline.text_settings import ExtractedPage

KINDS: Final = frozenset({"feed", "pdf"})
_NOTHING: Final = ExtractedPage("", None, None, None)


class Read(NamedTuple):
    """What a body gave: its text and facts, encoding, notes, and why there is none, if so."""

    page: ExtractedPage
    charset: str | None
    charset_source: str | None
    reasons: list[str]
    refused: str | None


def read(header: Mapping[str, Any], body: bytes) -> Read:
    """Read a body whose header's ``kind`` is one of ``KINDS``."""
    if header["kind"] == "pdf":
        page, reasons, refused = pdf.read(body)
        return Read(page, None, None, reasons, refused)
    if precheck.is_binary(body):
        return Read(_NOTHING, None, None, [], "not_text")
    decoded = charset.decode(body, header.get("header_charset"), True)
    if precheck.is_noise(decoded.text):
        return Read(_NOTHING, decoded.charset, decoded.source, [], "not_text")
    page, reasons = feed.read(decoded.text)
    return Read(page, decoded.charset, decoded.source, reasons, None)
