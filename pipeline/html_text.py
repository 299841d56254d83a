"""The text of chosen pieces: lines, items, rows of data, code.

A block is a line; ``br`` ends one; an item of a list starts with "- "; cells of a row of data stand
in one line with " | " between them, where every cell is short (``DATUM_LETTERS``); in ``pre`` white
space stays as it is.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_names import ID
from pipeline.html_page import Counts, Page
from pipeline.html_scan import BLOCKS, LINE, NOTHING, PREFORMATTED, Scanned
from pipeline.html_tags import Bytes, is_blank

DATUM_LETTERS: Final = 100
"""A cell with more letters than this is no datum, and its row no row of data."""

_LI, _TR, _TD, _TH, _TABLE = ID["li"], ID["tr"], ID["td"], ID["th"], ID["table"]
_NEWLINE, _BLANK, _DASH, _BAR = 0x0A, 0x20, 0x2D, 0x7C
_EXTRA: Final = 5
"""Most bytes written before a piece: a joint and the mark of an item."""


@njit(cache=True)
def write(
    page: Bytes, scanned: Scanned, measured: Page, found: NDArray[np.bool_], tables: bool
) -> Bytes:
    """Return the text of the pieces in ``found``, character references as they stand.

    Without ``tables``, rows of data are left out; those that lay out a page never are.
    """
    items, rows, cells = places(scanned)
    data = rows_of_data(scanned, measured.text)
    room = 0
    for piece in range(len(found)):
        if found[piece]:
            room += scanned.ends[piece] - scanned.starts[piece] + _EXTRA
    text = np.empty(room, np.uint8)
    at = 0
    last_item, last_row, last_cell = -1, -1, -1
    gap = 0
    for piece in range(len(found)):
        gap = max(gap, scanned.gaps[piece])
        owner = scanned.owners[piece]
        if not found[piece]:
            continue
        row = rows[owner]
        in_row = row > 0 and data[row]
        if in_row and not tables:
            continue
        if at:
            same_row = in_row and row == last_row
            at = _joined(text, at, gap, same_row, cells[owner] != last_cell)
        if items[owner] != last_item and items[owner] and (gap == BLOCKS or not at):
            text[at], text[at + 1] = _DASH, _BLANK
            at += 2
        last_item, last_row, last_cell = items[owner], row, cells[owner]
        at = _copied(
            page, scanned.starts[piece], scanned.ends[piece], text, at,
            (scanned.bits[piece] & PREFORMATTED) != 0,
        )  # fmt: skip
        gap = 0
    return text[:at]


@njit(cache=True)
def _joined(text: Bytes, at: int, gap: int, same_row: bool, next_cell: bool) -> int:
    """Write what stands between two pieces; return where the text ends now."""
    if same_row and next_cell:
        text[at], text[at + 1], text[at + 2] = _BLANK, _BAR, _BLANK
        return at + 3
    if gap == NOTHING:
        return at
    text[at] = _NEWLINE if gap >= LINE and not same_row else _BLANK
    return at + 1


@njit(cache=True)
def _copied(page: Bytes, start: int, end: int, text: Bytes, at: int, verbatim: bool) -> int:
    """Copy a piece, runs of white space as one blank; return where the text ends now."""
    blank = False
    for place in range(start, end):
        byte = page[place]
        if not verbatim and is_blank(byte):
            if blank:
                continue
            blank, byte = True, _BLANK
        else:
            blank = False
        text[at] = byte
        at += 1
    return at


@njit(cache=True)
def places(
    scanned: Scanned,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return (elements,) the item, the row and the cell each stands in; 0 for none."""
    elements = len(scanned.names)
    items = np.zeros(elements, np.int32)
    rows = np.zeros(elements, np.int32)
    cells = np.zeros(elements, np.int32)
    for element in range(1, elements):
        parent, name = scanned.parents[element], scanned.names[element]
        items[element], rows[element], cells[element] = items[parent], rows[parent], cells[parent]
        if name == _LI:
            items[element] = element
        elif name == _TR:
            rows[element] = element
        elif name in (_TD, _TH):
            cells[element] = element
    return items, rows, cells


@njit(cache=True)
def rows_of_data(scanned: Scanned, text: Counts) -> NDArray[np.bool_]:
    """Return (elements,) whether each is a row whose cells are all short, two or more of them."""
    elements = len(scanned.names)
    count = np.zeros(elements, np.int64)
    data = np.zeros(elements, np.bool_)
    for element in range(1, elements):
        name, parent = scanned.names[element], scanned.parents[element]
        if (name in (_TD, _TH)) and scanned.names[parent] == _TR:
            count[parent] += 1 if text[element] <= DATUM_LETTERS else -elements
        elif name == _TABLE:  # a row with a table in it lays out
            outer = parent
            while outer and scanned.names[outer] != _TR and scanned.names[outer] != _TABLE:
                outer = scanned.parents[outer]
            count[outer] -= elements
    for element in range(elements):
        data[element] = scanned.names[element] == _TR and count[element] >= 2
    return data
