"""RSS, Atom and RDF feeds to text: the title and the longest text of every entry, in order.

A feed is read by one scan that knows tags, CDATA, comments and nothing of DTDs: what a document
type declares is stepped over, so an entity stands for itself and cannot grow. Whatever the bytes
are, the scan is linear and raises nothing. So is the project's own engine, which reads the HTML
inside entries: all of it, since an entry frames no text.
"""

import re
from collections.abc import Iterator
from email.utils import parsedate
from html import unescape
from typing import Final, NamedTuple

from pipeline import html_engine, precheck
from pipeline.head import iso_date, language_tag
from pipeline.text_settings import ExtractedPage

ROOTS: Final = frozenset({"rss", "feed", "rdf"})
ENTRIES: Final = frozenset({"item", "entry"})
TITLES: Final = frozenset({"title", "rss:title", "atom:title", "dc:title"})
BODIES: Final = frozenset(
    {
        *("content:encoded", "content", "atom:content", "xhtml:body", "body"),
        *("description", "rss:description", "summary", "atom:summary"),
    }
)
"""Elements that hold an entry's text. An entry often has two, one of them cut: the longer counts.
Those of other vocabularies (``media:description``) belong to pictures and sounds."""
DATES: Final = ("updated", "pubdate", "lastbuilddate", "published", "dc:date")
LANGUAGES: Final = frozenset({"language", "dc:language"})
_TAG: Final = re.compile(r"(/?)([A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?)")
_XML_LANG: Final = re.compile(r"""\sxml:lang\s{0,9}=\s{0,9}["']([^"'<>]{1,40})["']""")
_XHTML: Final = re.compile(r"""\stype\s{0,9}=\s{0,9}["'](?:xhtml|[a-z/]{0,40}xhtml\+xml)["']""")
_PLAIN: Final = re.compile(r"""\stype\s{0,9}=\s{0,9}["']text["']""")
_MARKUP: Final = re.compile(r"<[a-zA-Z/!]")


class Piece(NamedTuple):
    """A tag (``name`` in lower case, '/' before it when it closes) or characters ('')."""

    name: str
    start: int
    end: int
    text: str


class Entry(NamedTuple):
    """Title and text of an entry, either may be empty."""

    title: str
    text: str


def read(markup: str) -> tuple[ExtractedPage, list[str]]:
    """A feed's text and what it says of itself, and what was done to it (``precheck.REASONS``).

    Text without any entry is empty: RDF that is no feed, a page of errors.
    """
    reasons: list[str] = []
    if len(markup) > precheck.MAX_HTML_CHARS:
        markup = markup[: precheck.MAX_HTML_CHARS]
        reasons.append("cut_2mi_chars")
    scan = _Scan(markup, reasons)
    entries = list(scan.entries())
    parts = ("\n".join(part for part in entry if part) for entry in entries)
    text = "\n\n".join(part for part in parts if part)
    facts = scan.facts
    lang = next((facts[name] for name in ("language", "dc:language", "lang") if name in facts), "")
    date = next((found for name in DATES if (found := _date(facts.get(name, "")))), None)
    page = ExtractedPage(text, _plain(facts.get("title", "")) or None, date, language_tag(lang))
    return page, list(dict.fromkeys(reasons))


def pieces(markup: str) -> Iterator[Piece]:
    """Tags and characters in order; declarations, comments and processing instructions left out.

    What has no end runs to the end of the feed; so every character is looked at once.
    """
    at = 0
    while (tag := markup.find("<", at)) >= 0:
        if tag > at:
            yield Piece("", at, tag, unescape(markup[at:tag]))
        if markup.startswith("<![CDATA[", tag):
            end = _after(markup, "]]>", tag + 9)
            content = markup[tag + 9 : end]
            yield Piece("", tag, end, content.removesuffix("]]>"))
        elif markup.startswith("<!--", tag):
            end = _after(markup, "-->", tag + 4)
        elif markup.startswith("<?", tag):
            end = _after(markup, "?>", tag + 2)
        elif markup.startswith("<!", tag):
            end = _after(markup, ">", tag)
            if "[" in markup[tag:end]:  # an internal subset, whatever it declares
                end = _after(markup, "]>", tag)
        else:
            end = _after(markup, ">", tag)
            found = _TAG.match(markup, tag + 1)
            if found:
                yield Piece((found[1] + found[2]).lower(), tag, end, markup[tag:end])
        at = end
    if at < len(markup):
        yield Piece("", at, len(markup), unescape(markup[at:]))


def _after(markup: str, mark: str, start: int) -> int:
    found = markup.find(mark, start)
    return len(markup) if found < 0 else found + len(mark)


class _Scan:
    """One pass over a feed: its entries, and the facts that stand outside of them."""

    def __init__(self, markup: str, reasons: list[str]) -> None:
        self._markup, self._reasons = markup, reasons
        self._pieces = pieces(markup)
        self.facts: dict[str, str] = {}

    def entries(self) -> Iterator[Entry]:
        for piece in self._pieces:
            name = piece.name
            if name.rpartition(":")[2] in ENTRIES:
                if not piece.text.endswith("/>"):
                    yield self._entry(name)
            elif name.rpartition(":")[2] in ROOTS:
                found = _XML_LANG.search(piece.text[:2000])
                if found:
                    self.facts.setdefault("lang", found[1])
            elif name in TITLES or name in DATES or name in LANGUAGES:
                self.facts.setdefault("title" if name in TITLES else name, self._inside(piece))

    def _entry(self, name: str) -> Entry:
        title, body = "", ""
        for piece in self._pieces:
            if piece.name == f"/{name}":
                break
            if piece.name in TITLES and not title:
                title = _plain(self._inside(piece))
            elif piece.name in BODIES:
                content = self._inside(piece)
                plain = _PLAIN.search(piece.text[:2000])
                text = content.strip() if plain else _text(content, self._reasons)
                body = max(body, text, key=len)
        return Entry(title, "" if body == title else body)

    def _inside(self, opening: Piece) -> str:
        """What an element holds up to its end tag: characters, or its markup where it is XHTML."""
        if opening.text.endswith("/>"):
            return ""
        closing, parts, end = f"/{opening.name}", [], opening.end
        for piece in self._pieces:
            if piece.name == closing:
                break
            end = piece.end
            if not piece.name:
                parts.append(piece.text)
        whole = _XHTML.search(opening.text[:2000])
        return self._markup[opening.end : end] if whole else "".join(parts)


def _text(content: str, reasons: list[str]) -> str:
    """Text of a fragment of HTML, or of plain characters."""
    if "&" in content:  # escaped twice is common where titles and summaries are made from HTML
        content = content if _MARKUP.search(content) else unescape(content)
    if not _MARKUP.search(content):
        return content.strip()
    found, cut = html_engine.whole(content)
    reasons += ["cut_tags"] * cut
    return found.strip()


def _plain(title: str) -> str:
    """A title as one line; the rare one with markup loses it."""
    return " ".join((_text(title, []) if "<" in title or "&" in title else title).split())


def _date(value: str) -> str | None:
    value = value.strip()[:60]
    found = iso_date(value)
    if found is None and (parts := parsedate(value)):
        found = iso_date(f"{parts[0]:04d}-{parts[1]:02d}-{parts[2]:02d}")
    return found
