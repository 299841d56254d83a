"""Title, date and language that a page gives for itself, read from its tree with bounded effort.

Deliberately shallow: date heuristics over the body text cost more than the extraction, and hang on
hostile pages. What is not declared stays None.
"""

import re
from datetime import date
from typing import Final

from lxml.html import HtmlElement

MAX_TITLE_CHARS: Final = 500
_MAX_ELEMENTS: Final = 400

# Declared dates, most explicit first (Open Graph, schema.org, Dublin Core, and news conventions).
DATE_NAMES: Final = (
    "article:published_time", "og:article:published_time", "datepublished", "dcterms.issued",
    "dc.date.issued", "dcterms.created", "dc.date.created", "dc.date", "dcterms.date",
    "citation_publication_date", "citation_date", "publication_date", "publish_date",
    "publishdate", "pubdate", "sailthru.date", "parsely-pub-date", "date",
)  # fmt: skip
_RANK: Final = {name: rank for rank, name in enumerate(DATE_NAMES)}
_ISO: Final = re.compile(r"\s{0,9}(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d])", re.ASCII)
_COMPACT: Final = re.compile(r"\s{0,9}(\d{4})(\d\d)(\d\d)(?!\d)", re.ASCII)
_LANG: Final = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}$", re.ASCII)
_LINKED_DATE: Final = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{8,40})"')


def title(tree: HtmlElement) -> str | None:
    """Return the title element's text, else og:title; one line, at most 500 characters."""
    for element in _first(tree, "title"):
        found = _folded("".join(element.itertext()))
        if found:
            return found
    for meta in _first(tree, "meta"):
        if (meta.get("property") or meta.get("name") or "").strip().lower() == "og:title":
            return _folded(meta.get("content") or "")
    return None


def published(tree: HtmlElement) -> str | None:
    """Date of publication as YYYY-MM-DD: meta elements, then JSON-LD, then time elements."""
    declared: list[tuple[int, str]] = []
    for meta in _first(tree, "meta"):
        name = meta.get("property") or meta.get("itemprop") or meta.get("name") or ""
        rank = _RANK.get(name.strip().lower())
        found = iso_date(meta.get("content") or "") if rank is not None else None
        if rank is not None and found:
            declared.append((rank, found))
    if declared:
        return min(declared)[1]
    for script in _first(tree, "script"):
        match = _LINKED_DATE.search((script.text or "")[:1000])
        if match and (found := iso_date(match[1])):
            return found
    for time in _first(tree, "time"):
        if found := iso_date(time.get("datetime") or ""):
            return found
    return None


def html_lang(tree: HtmlElement) -> str | None:
    """Return the lang attribute of the html element, where it has the form of a language tag."""
    root = tree.getroottree().getroot()
    for name in ("lang", "xml:lang", "{http://www.w3.org/XML/1998/namespace}lang"):
        if tag := language_tag(root.get(name) or ""):
            return tag
    return None


def language_tag(text: str) -> str | None:
    """The text where it has the form of a language tag (BCP 47), else None."""
    text = text.strip()[:40]
    return text if _LANG.match(text) else None


def iso_date(text: str) -> str | None:
    """Return the date a text starts with, YYYY-MM-DD, if it exists and lies in 1990 to 2100."""
    match = _ISO.match(text) or _COMPACT.match(text)
    if not match:
        return None
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return found.isoformat() if 1990 <= found.year <= 2100 else None


def _first(tree: HtmlElement, tag: str) -> list[HtmlElement]:
    found: list[HtmlElement] = []
    for element in tree.iter(tag):
        found.append(element)
        if len(found) == _MAX_ELEMENTS:
            break
    return found


def _folded(text: str) -> str | None:
    return " ".join(text[: 4 * MAX_TITLE_CHARS].split())[:MAX_TITLE_CHARS] or None
