"""Pages laid out in tables, told from pages that hold tables of data.

Pages of the years around 2000 stand in tables: menus in one cell, the article in another. An engine
that takes such a table for data writes the whole article as one line, cells set off by bars; one
that leaves tables out loses the page.
"""

from lxml.html import HtmlElement

CELL_CHARS = 300
"""A cell with more text than this is a section, not a datum."""
PAGE_SHARE = 0.5
"""A page is laid out in tables when more of its text than this stands in such sections."""
UNSEEN = frozenset(("script", "style", "noscript", "template", "head"))


def is_laid_out_in_tables(tree: HtmlElement) -> bool:
    """Whether most of a page's text stands in table cells too long to be data.

    One pass over the tree, linear in it.
    """
    total = inside = 0
    for chars in _section_chars(tree):
        total += abs(chars)
        inside += max(chars, 0)
    return inside > PAGE_SHARE * total


def _section_chars(tree: HtmlElement) -> list[int]:
    """Characters of each outermost cell, positive where it is a section, and of all other text."""
    found: list[int] = []
    waiting = [tree]
    while waiting:
        element = waiting.pop()
        if element.tag in UNSEEN or not isinstance(element.tag, str):
            continue
        if element.tag in ("td", "th"):
            chars = _text_chars(element)
            found.append(chars if chars > CELL_CHARS else -chars)
            continue
        for child in element:
            waiting.append(child)
            found.append(-len((child.tail or "").strip()))
        found.append(-len((element.text or "").strip()))
    return found


def _text_chars(cell: HtmlElement) -> int:
    chars = len((cell.text or "").strip())
    for inner in cell.iterdescendants():
        if inner.tag not in UNSEEN:
            chars += len((inner.text or "").strip())
        chars += len((inner.tail or "").strip())
    return chars
