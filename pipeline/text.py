"""HTML to main text and what the page says of itself, by engines whose settings are data.

The default is the project's own engine, which reads a page's bytes once and builds no tree; others'
engines (``tree_text``) are there to reproduce corpora made with them.
"""

import re
from typing import Final, NamedTuple

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from pipeline import head, html_engine
from pipeline.text_settings import DEFAULT, ExtractedPage, TextSettings

_SELF_CLOSED: Final = re.compile(r"(<html[^<>]{0,2000}?)/>", re.IGNORECASE)


class Scan(NamedTuple):
    """A page read by the project's own engine, with the tags that say something of it.

    ``cut``: whether it had more tags than are read.
    """

    page: ExtractedPage
    facts: str
    cut: bool


def extract(html: str, url: str | None, settings: TextSettings = DEFAULT) -> ExtractedPage:
    """Extract main text and declared facts of a page. An empty page gives an empty text.

    What goes to others' engines must have passed ``pipeline.precheck``. Raises whatever the engines
    raise: run it in the sandbox.
    """
    if settings.engine == "corpusmill":
        return scan(html, settings).page
    from pipeline import tree_text  # noqa: PLC0415 - trafilatura takes 0.5 s to import

    tree = parse(html)
    if tree is None:
        return _with_facts("", None)
    return _with_facts(tree_text.main_text(html, tree, url, settings), tree)


def scan(html: str, settings: TextSettings = DEFAULT) -> Scan:
    """Read a page with the project's own engine. Linear in the page, whatever it is."""
    read = html_engine.read(html, settings)
    tree = parse(read.facts) if read.facts else None
    page = _with_facts(read.text, tree)._replace(markdown=read.markdown)
    return Scan(page, read.facts, read.cut)


def from_plain(text: str) -> ExtractedPage:
    """Text that is text already (text/plain, WET records)."""
    return ExtractedPage(text, None, None, None)


def _with_facts(text: str, tree: HtmlElement | None) -> ExtractedPage:
    if tree is None:
        return ExtractedPage(text, None, None, None)
    return ExtractedPage(text, head.title(tree), head.published(tree), head.html_lang(tree))


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
