"""What the extraction engines are asked for, and what they give: settings are data."""

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

Engine = Literal["corpusmill", "trafilatura", "resiliparse"]


@dataclass(frozen=True)
class TextSettings:
    """What an extraction engine is asked for; each does what it can of it.

    ``engine`` "corpusmill" is the project's own (``html_engine``): it knows ``tables``,
    ``comments``, and ``markdown``, the text's structure in Markdown, there with ``links``. Of
    trafilatura alone: ``favor`` "adaptive" weighs precision against recall page by page;
    ``deduplicate`` removes repeated segments within one page only, for across pages the result
    would depend on their order; ``min_extracted_chars`` is its MIN_EXTRACTED_SIZE.
    """

    engine: Engine = "corpusmill"
    favor: Literal["adaptive", "balanced", "precision", "recall"] = "adaptive"
    tables: bool = True
    comments: bool = False
    links: bool = False
    markdown: bool = False
    fast: bool = False
    deduplicate: bool = False
    min_extracted_chars: int = 250


DEFAULT: Final = TextSettings()
TRAFILATURA: Final = TextSettings(engine="trafilatura")
FINEWEB: Final = replace(TRAFILATURA, favor="precision", deduplicate=True)
"""FineWeb (arXiv:2406.17557; datatrove's Trafilatura extractor)."""
HPLT: Final = replace(
    TRAFILATURA, favor="precision", tables=False, comments=True, min_extracted_chars=0
)
"""HPLT v3 and v4."""
RESILIPARSE: Final = TextSettings(engine="resiliparse")
SETTINGS: Final = {"default": DEFAULT, "fineweb": FINEWEB, "hplt": HPLT}


class ExtractedPage(NamedTuple):
    """Main text (lines end in LF), and what the page says of itself; date is YYYY-MM-DD."""

    text: str
    title: str | None
    date: str | None
    html_lang: str | None
    markdown: str | None = None
