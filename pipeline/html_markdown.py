"""The text of chosen pieces as Markdown: headings, lists, tables of data, code, links if wanted.

CommonMark with GitHub's tables. Characters that mean something in Markdown are not escaped: the
column is read by models and people, not by a converter, and "2 * 3" should stay what it is.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.html_around import OL, around
from pipeline.html_names import NAMES
from pipeline.html_page import Page
from pipeline.html_scan import BLOCKS, LINE, NOTHING, PREFORMATTED, Scanned
from pipeline.html_text import places, rows_of_data

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
    wanted = zip(_numbers(scanned.gaps), _numbers(found), strict=True)
    for piece, (before, chosen) in enumerate(wanted):
        gap = max(gap, before)
        if chosen and (tables or not writer.row_of(piece)):
            writer.add(piece, gap)
            gap = NOTHING
    return writer.text()


def _numbers(array: NDArray[Any]) -> list[int]:
    """As a list: to take one number out of an array takes ten times as long."""
    numbers: list[int] = array.tolist()
    return numbers


class _Writer:
    """Puts piece after piece, and remembers what block, row and code it is in."""

    def __init__(self, page: bytes, scanned: Scanned, measured: Page, links: bool) -> None:
        self._page = page
        self._scanned = scanned
        self._names, self._bits = _numbers(scanned.names), _numbers(scanned.bits)
        self._starts, self._ends = _numbers(scanned.starts), _numbers(scanned.ends)
        self._owners = _numbers(scanned.owners)
        items, rows, self._cells_of = places(scanned)
        data = rows_of_data(scanned, measured.text)
        self._items, self._cells = _numbers(items), _numbers(self._cells_of)
        self._rows = _numbers(np.where(data[rows], rows, 0))
        near = around(scanned)
        self._links = _numbers(near.links) if links else [0] * len(self._names)
        self._codes, self._tables = _numbers(near.codes), _numbers(near.tables)
        self._headings = _numbers(near.headings)
        self._lists, self._depths = _numbers(near.lists), _numbers(near.depths)
        self._columns: dict[int, int] = {}
        self._parts: list[str] = []
        self._item = self._row = self._cell = self._table = self._pre = self._link = 0

    def row_of(self, piece: int) -> int:
        """The row of data a piece stands in, 0 for none."""
        return self._rows[self._owners[piece]]

    def add(self, piece: int, gap: int) -> None:
        owner, row = self._owners[piece], self.row_of(piece)
        pre = self._codes[owner] if self._bits[piece] & PREFORMATTED else 0
        link = self._links[owner]
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
        self._item, self._cell, self._link = self._items[owner], self._cells[owner], link
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
        item = self._items[owner]
        next_item = bool(item) and item != self._item
        near = (next_item and self._item) or (row and self._table == self._tables[row])
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
            table = self._tables[self._row]
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
            indent = "  " * min(max(self._depths[owner], 1) - 1, _MAX_INDENT)
            return indent + ("1. " if self._lists[owner] == OL else "- ")
        heading = self._headings[owner]
        return "#" * int(NAMES[self._names[heading]][1]) + " " if heading else ""

    def _count_cells(self, row: int) -> int:
        if row not in self._columns:  # pieces may go back to a row again and again
            cells = np.unique(self._cells_of[row + 1 : self._scanned.lasts[row]])
            self._columns[row] = max(int(np.count_nonzero(cells)), 1)
        return self._columns[row]

    def _close_link(self) -> None:
        if self._link:
            start, end = self._scanned.hrefs[self._link].tolist()
            address = " ".join(self._page[start:end].decode("utf-8", "replace").split())
            self._parts.append(f"]({address.replace(' ', '%20')})")
        self._link = 0

    def _characters(self, piece: int, verbatim: bool) -> str:
        content = self._page[self._starts[piece] : self._ends[piece]]
        text = content.decode("utf-8", "replace")
        return text if verbatim else " ".join(text.split())
