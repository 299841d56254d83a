"""Bodies that are no page: feeds and PDF, each read by its own module, to what pages become."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from filters.rights import RightsSignal
from pipeline import charset, feed, pdf, precheck
from pipeline.text_settings import ExtractedPage

KINDS: Final = frozenset({"feed", "pdf"})


class Read(NamedTuple):
    """What a body gave, a page's or another's: its text and facts, or why there is none.

    ``reasons`` are notes, ``rights`` what the head of a page says of them; ``charset`` is how the
    body was decoded and ``charset_source`` who said so, None where there was nothing to decode.
    """

    page: ExtractedPage | None
    refused: str | None = None
    reasons: Sequence[str] = ()
    rights: Sequence[RightsSignal] = ()
    charset: str | None = None
    charset_source: str | None = None


def read(header: Mapping[str, Any], body: bytes) -> Read:
    """Read a body whose header's ``kind`` is one of ``KINDS``."""
    if header["kind"] == "pdf":
        page, reasons, refused = pdf.read(body)
        return Read(None if refused else page, refused, reasons)
    if precheck.is_binary(body):
        return Read(None, "not_text")
    decoded = charset.decode(body, header.get("header_charset"), True)
    if precheck.is_noise(decoded.text):
        return Read(None, "not_text", (), (), decoded.charset, decoded.source)
    page, reasons = feed.read(decoded.text)
    return Read(page, None, reasons, (), decoded.charset, decoded.source)
