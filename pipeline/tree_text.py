"""Main text by other projects' engines, which build a tree: trafilatura and Resiliparse.

No single setting of trafilatura is right for the web: its precision mode empties pages laid out in
tables, its recall mode keeps menus. "adaptive" takes the precision mode, and the recall mode where
the fast second opinion (Resiliparse) shows that prose is missing; a page laid out in tables is the
second opinion's alone, since trafilatura writes such a table as one line. Input is HTML that passed
``pipeline.precheck``; nothing here opens a connection.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Final

from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction
from trafilatura.deduplication import LRUCache
from trafilatura.settings import Document, Extractor

from pipeline.layout import is_laid_out_in_tables
from pipeline.text_settings import TextSettings

# Its records name pages and quote them.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL + 1)
logging.getLogger("justext").setLevel(logging.CRITICAL + 1)
logging.getLogger("readability").setLevel(logging.CRITICAL + 1)

MISSING_PROSE: Final = 0.2
"""Share of the second opinion's prose that may be missing from the precision mode's text."""
PROSE_WORDS: Final = 15
"""Words that make a line prose."""

_WORDS: Final = re.compile(r"\w+")


def main_text(html: str, tree: HtmlElement, url: str | None, settings: TextSettings) -> str:
    """Return a page's main text by the engine that the settings name."""
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
