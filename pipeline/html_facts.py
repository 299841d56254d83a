"""The tags of a page that say something of the page itself, as a small page of their own.

Titles, dates, languages, licences and opt-outs stand in a few tags among thousands; what reads
them (``head``, ``filters.rights``) need not parse the rest.
"""

from typing import Final

from pipeline.html_scan import Scanned
from pipeline.precheck import MAX_JSON_CHARS

_ENDS: Final = ((b"<title", b"</title>"), (b"<script", b"</script>"))


def facts(page: bytes, scanned: Scanned) -> str:
    """Return the tags that ``scan`` found to say something of the page, in their order."""
    parts: list[bytes] = []
    for start, end in scanned.facts.tolist():
        part = page[start : min(end, start + MAX_JSON_CHARS)]
        parts.append(part)
        parts += (close for name, close in _ENDS if part[: len(name)].lower() == name)
    return b"".join(parts).decode("utf-8", "replace")
