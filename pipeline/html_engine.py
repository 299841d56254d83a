"""Corpusmill's own extraction engine: a page's main text in one pass over its bytes.

No tree, no regular expressions: a scan of the page into two tables (``html_scan``), sums over them
(``html_page``), a choice (``html_cuts``, ``html_main``), and the text (``html_text``). Time is
linear in the page, so nothing needs to be removed from a hostile page before.
"""

import html
import re
from typing import Final, NamedTuple

import numpy as np

from pipeline.html_facts import facts
from pipeline.html_main import chosen
from pipeline.html_markdown import write_markdown
from pipeline.html_page import measure
from pipeline.html_scan import scan
from pipeline.html_text import write
from pipeline.text_settings import DEFAULT, TextSettings

_LONG_REFERENCE: Final = re.compile(r"&#([xX]?)([0-9a-fA-F]{8,});?")


class Read(NamedTuple):
    """A page's main text, its lines ended by LF but the last.

    ``markdown``: the same with its structure, if it was asked for.
    ``facts``: the tags that say something of the page itself (``html_facts``). ``cut``: whether the
    page had more tags than are read.
    """

    text: str
    markdown: str | None
    facts: str
    cut: bool


def read(page: str, settings: TextSettings = DEFAULT) -> Read:
    """Return the main text of a page, and what is said of it. Linear in the page."""
    content = page.encode("utf-8", "replace")
    view = np.frombuffer(content, np.uint8)
    scanned = scan(view)
    text, markdown = "", "" if settings.markdown else None
    if len(scanned.starts):
        measured = measure(view, scanned)
        found = chosen(scanned, measured, settings.comments)
        tables = settings.tables
        text = unescaped(write(view, scanned, measured, found, tables).tobytes().decode())
        if settings.markdown:
            markdown = unescaped(
                write_markdown(content, scanned, measured, found, tables, settings.links)
            )
    return Read(text, markdown, facts(content, scanned), bool(scanned.cut))


def whole(fragment: str) -> tuple[str, bool]:
    """Return all text of a fragment, nothing chosen, and whether it had more tags than are read."""
    view = np.frombuffer(fragment.encode("utf-8", "replace"), np.uint8)
    scanned = scan(view)
    if not len(scanned.starts):
        return "", bool(scanned.cut)
    every = np.ones(len(scanned.starts), np.bool_)
    text = write(view, scanned, measure(view, scanned), every, True)
    return unescaped(text.tobytes().decode()), bool(scanned.cut)


def unescaped(text: str) -> str:
    """Return a text with its character references replaced; linear, however many digits one has."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _LONG_REFERENCE.sub(_short, text)
    return html.unescape(text)


def _short(reference: re.Match[str]) -> str:
    """Shorten a reference of eight digits or more; beyond Unicode it is what cannot be decoded."""
    base, digits = reference[1], reference[2].lstrip("0")
    if not base and not digits.isdecimal():
        return reference[0] if len(digits) < 4000 else "\ufffd"
    return f"&#{base}{digits or 0};" if len(digits) < 8 else "\ufffd"
