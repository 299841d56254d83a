"""HTML to main text, by engines whose settings are data.

No single setting is right for the web: precision modes empty pages laid out in tables, recall modes
keep menus. The default takes trafilatura's precision mode, and its recall mode where the fast
second opinion (Resiliparse) shows that prose is missing; a page laid out in tables is the second
opinion's alone, since trafilatura writes such a table as one line. Input is HTML that passed
``pipeline.precheck``; nothing here opens a connection.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction
from trafilatura.deduplication import LRUCache
from trafilatura.settings import Document, Extractor

from pipeline import head
from pipeline.layout import is_laid_out_in_tables

# Its records name pages and quote them.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL + 1)
logging.getLogger("justext").setLevel(logging.CRITICAL + 1)
logging.getLogger("readability").setLevel(logging.CRITICAL + 1)

MISSING_PROSE: Final = 0.2
"""Share of the second opinion's prose that may be missing from the precision mode's text."""
PROSE_WORDS: Final = 15
"""Words that make a line prose."""

_WORDS: Final = re.compile(r"\w+")
_SELF_CLOSED: Final = re.compile(r"(<html[^<>]{0,2000}?)/>", re.IGNORECASE)


@dataclass(frozen=True)
class TextSettings:
    """What an extraction engine is asked for.

    ``favor`` "adaptive" weighs precision against recall page by page. ``deduplicate`` removes
    repeated segments within one page only: across pages the result would depend on their order.
    ``min_extracted_chars`` is trafilatura's MIN_EXTRACTED_SIZE.
    """

    engine: Literal["trafilatura", "resiliparse"] = "trafilatura"
    favor: Literal["adaptive", "balanced", "precision", "recall"] = "adaptive"
    tables: bool = True
    comments: bool = False
    links: bool = False
    fast: bool = False
    deduplicate: bool = False
    min_extracted_chars: int = 250


DEFAULT: Final = TextSettings()
FINEWEB: Final = TextSettings(favor="precision", deduplicate=True)
"""FineWeb (arXiv:2406.17557; datatrove's Trafilatura extractor)."""
HPLT: Final = TextSettings(favor="precision", tables=False, comments=True, min_extracted_chars=0)
"""HPLT v3 and v4."""
RESILIPARSE: Final = TextSettings(engine="resiliparse")
SETTINGS: Final = {"default": DEFAULT, "fineweb": FINEWEB, "hplt": HPLT}


class ExtractedPage(NamedTuple):
    """Main text (lines end in LF), and what the page says of itself; date is YYYY-MM-DD."""

    text: str
    title: str | None
    date: str | None
    html_lang: str | None


def extract(html: str, url: str | None, settings: TextSettings = DEFAULT) -> ExtractedPage:
    """Extract main text and declared facts of a page. An empty page gives an empty text.

    Raises whatever the engines raise: run it in the sandbox.
    """
    tree = parse(html)
    if tree is None:
        return ExtractedPage("", None, None, None)
    facts = head.title(tree), head.published(tree), head.html_lang(tree)
    return ExtractedPage(_main_text(html, tree, url, settings), *facts)


def from_plain(text: str) -> ExtractedPage:
    """Text that is text already (text/plain, WET records)."""
    return ExtractedPage(text, None, None, None)


def parse(html: str) -> HtmlElement | None:
    """Tree of a page, None for one without elements.

    libxml2 drops in silence what lies deeper than 256 elements unless told ``huge_tree``; bytes,
    because it refuses characters with an encoding declaration.
    """
    parser = HTMLParser(
        huge_tree=True, encoding="utf-8", remove_comments=True, remove_pis=True,
        collect_ids=False, default_doctype=False, no_network=True,
    )  # fmt: skip
    # <html/> closes the document for libxml2
    content = _SELF_CLOSED.sub(r"\1>", html[:8192], count=1) + html[8192:]
    try:
        return document_fromstring(content.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        return None


def _main_text(html: str, tree: HtmlElement, url: str | None, settings: TextSettings) -> str:
    if settings.engine == "resiliparse":
        return _resiliparse(html, settings)
    if settings.favor != "adaptive":
        return _trafilatura(tree, url, settings, settings.favor)
    if is_laid_out_in_tables(tree):
        return _resiliparse(html, settings)
    text = _trafilatura(tree, url, settings, "precision")
    if missing_prose(text, _resiliparse(html, settings)) <= MISSING_PROSE:
        return text
    return _trafilatura(tree, url, settings, "recall")


def _resiliparse(html: str, settings: TextSettings) -> str:
    text: str = extract_plain_text(
        html,
        main_content=True,
        preserve_formatting=True,
        alt_texts=False,
        links=settings.links,
        comments=settings.comments,
        skip_elements=None if settings.tables else ["table"],
    )
    return text


def _trafilatura(tree: HtmlElement, url: str | None, settings: TextSettings, favor: str) -> str:
    options = Extractor(
        output_format="python",
        fast=settings.fast,
        precision=favor == "precision",
        recall=favor == "recall",
        comments=settings.comments,
        links=settings.links,
        tables=settings.tables,
        dedup=LRUCache(maxsize=4096) if settings.deduplicate else False,
        url=url,
    )
    options.min_extracted_size = settings.min_extracted_chars
    document = bare_extraction(copy(tree), options=options)
    if not isinstance(document, Document):  # None: nothing found
        return ""
    parts = [document.text, document.comments if settings.comments else None]
    return "\n".join(part for part in parts if part)


def missing_prose(text: str, opinion: str) -> float:
    """Share of the distinct word 4-grams of ``opinion``'s prose that ``text`` lacks, 0..1.

    Prose are its lines of 15 words or more; without any, nothing is missing.
    """
    wanted: set[tuple[str, ...]] = set()
    for line in opinion.split("\n"):
        words = _WORDS.findall(line.lower())
        if len(words) >= PROSE_WORDS:
            wanted.update(_fourgrams(words))
    if not wanted:
        return 0.0
    return len(wanted.difference(_fourgrams(_WORDS.findall(text.lower())))) / len(wanted)


def _fourgrams(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(words, words[1:], words[2:], words[3:], strict=False)
