"""The text of chosen pieces as Markdown: headings, lists, tables of data, code, links if wanted.

CommonMark with GitHub's tables. Characters that mean something in Markdown are not escaped: the
column is read by models and people, not by a converter, and "2 * 3" should stay what it is.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.html_names import HEADING, ID, NAMES, TRAITS
from pipeline.html_page import Page
from pipeline.html_scan import BLOCKS, LINE, NOTHING, PREFORMATTED, Scanned
from pipeline.html_text import places, rows_of_data

_LISTS: Final = (ID["ul"], ID["ol"], ID["menu"], ID["dir"])
_OL, _PRE, _A, _TABLE = ID["ol"], ID["pre"], ID["a"], ID["table"]
_MAX_INDENT: Final = 8
"""Lists nested deeper are written as if at this depth."""


def write_markdown(
    page: bytes,
    scanned: Scanned,
    measured: Page,
    found: NDArray[np.bool_],
    tables: bool,
    links: bool,
) -> str:
    """Return the pieces in ``found`` as Markdown, character references as they stand."""
    writer = _Writer(page, scanned, measured, links)
    gap = BLOCKS
    for piece in range(len(found)):
        gap = max(gap, int(scanned.gaps[piece]))
        if found[piece] and (tables or not writer.is_datum(piece)):
            writer.add(piece, gap)
            gap = NOTHING
    return writer.text()


class _Writer:
    """Puts piece after piece, and remembers what block, row and code it is in."""

    def __init__(self, page: bytes, scanned: Scanned, measured: Page, links: bool) -> None:
        self._page = page
        self._scanned = scanned
        self._links = links
        self._items, self._rows, self._cells = places(scanned)
        self._data = rows_of_data(scanned, measured.text)
        self._parts: list[str] = []
        self._item = self._row = self._cell = self._table = self._pre = self._link = 0

    def is_datum(self, piece: int) -> bool:
        """Whether a piece stands in a row of data."""
        row = self._rows[self._scanned.owners[piece]]
        return bool(row and self._data[row])

    def add(self, piece: int, gap: int) -> None:
        owner = int(self._scanned.owners[piece])
        row = int(self._rows[owner]) if self.is_datum(piece) else 0
        pre = self._above(owner, _PRE) if self._scanned.bits[piece] & PREFORMATTED else 0
        link = self._above(owner, _A) if self._links else 0
        if link != self._link:
            self._close_link()
        if row and row == self._row:
            self._parts.append(" | " if self._cells[owner] != self._cell else " " * (gap > NOTHING))
        elif pre and pre == self._pre:
            self._parts.append("\n" * (gap >= LINE))
        else:
            self._start(owner, row, pre, gap)
        if link and link != self._link:
            self._parts.append("[")
        self._item, self._cell, self._link = int(self._items[owner]), int(self._cells[owner]), link
        text = self._characters(piece, bool(pre))
        self._parts.append(text.lstrip("\r\n") if self._parts[-1:] == ["```\n"] else text)

    def text(self) -> str:
        self._close_link()
        self._end_block(0)
        return "".join(self._parts)

    def _start(self, owner: int, row: int, pre: int, gap: int) -> None:
        """Begin what follows: a row, code, a block, or the next line of one."""
        between = bool(self._parts)
        ended = self._end_block(pre)
        if not (row or pre or ended or gap >= LINE):
            self._parts.append(" " * (gap > NOTHING))
            return
        item = int(self._items[owner])
        next_item = bool(item) and item != self._item
        near = (next_item and self._item) or (row and self._table == self._above(row, _TABLE))
        if between:
            self._parts.append("\n" if near or (gap == LINE and not ended) else "\n\n")
        if row:
            self._parts.append("| ")
            self._row = row
        elif pre:
            self._parts.append("```\n")
            self._pre = pre
        elif gap == BLOCKS or ended:
            self._parts.append(self._mark(owner, next_item))
        if not row:
            self._table = 0

    def _end_block(self, pre: int) -> bool:
        """End the row or code before; return whether there was one."""
        if self._row:
            self._parts.append(" |")
            table = self._above(self._row, _TABLE)
            if table != self._table:
                columns = self._count_cells(self._row)
                self._parts.append("\n|" + " --- |" * columns)
                self._table = table
            self._row = 0
            return True
        if self._pre and self._pre != pre:
            self._parts[-1] = self._parts[-1].rstrip()
            self._parts.append("\n```")
            self._pre = 0
            return True
        return False

    def _mark(self, owner: int, next_item: bool) -> str:
        """What stands before a block: a heading's or an item's mark."""
        if next_item:
            kind, depth = self._list(owner)
            return "  " * min(depth - 1, _MAX_INDENT) + ("1. " if kind == _OL else "- ")
        at = owner
        while at:
            name = int(self._scanned.names[at])
            if TRAITS[name] & HEADING:
                return "#" * int(NAMES[name][1]) + " "
            at = int(self._scanned.parents[at])
        return ""

    def _list(self, owner: int) -> tuple[int, int]:
        """The kind of the innermost list around an element, and how many lists are around it."""
        kind = depth = 0
        at = owner
        while at:
            name = int(self._scanned.names[at])
            if name in _LISTS:
                kind, depth = kind or name, depth + 1
            at = int(self._scanned.parents[at])
        return kind, max(depth, 1)

    def _above(self, owner: int, name: int) -> int:
        """The innermost element of a name at or around an element; 0 for none."""
        at = owner
        while at and self._scanned.names[at] != name:
            at = int(self._scanned.parents[at])
        return at

    def _count_cells(self, row: int) -> int:
        cells = self._cells[row + 1 : self._scanned.lasts[row]]
        return max(len(set(cells.tolist()) - {0}), 1)

    def _close_link(self) -> None:
        if self._link:
            start, end = self._scanned.hrefs[self._link].tolist()
            address = " ".join(self._page[start:end].decode("utf-8", "replace").split())
            self._parts.append(f"]({address.replace(' ', '%20')})")
        self._link = 0

    def _characters(self, piece: int, verbatim: bool) -> str:
        start, end = self._scanned.starts[piece], self._scanned.ends[piece]
        text = self._page[start:end].decode("utf-8", "replace")
        return text if verbatim else " ".join(text.split())
