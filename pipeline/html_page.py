"""How much text, linked text and prose stands in each element of a scanned page.

Sizes are in letters: characters that are not white space, an ideograph or a Hangul syllable for
two, a character reference for one, so that a bound means much the same in every script.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_scan import BLOCKS, LINKED, Scanned
from pipeline.html_tags import Bytes, is_blank

PROSE_LETTERS: Final = 70
"""Letters outside links that make a block prose: some 15 words of English."""
LINKED_PROSE: Final = 0.5
"""A block is no prose if more of it than this is linked."""
_REFERENCE_BYTES: Final = 10

Counts = NDArray[np.int64]


class Page(NamedTuple):
    """What is in a page, beside the tables of its scan.

    Of a piece: ``sizes`` in letters, ``blocks`` (the number of the block it is part of). Of a
    block: ``block_text``, ``block_linked`` in letters, ``block_prose`` (whether it is prose). Of an
    element, with all that is inside it: ``text``, ``linked``, ``prose`` in letters.
    """

    sizes: Counts
    blocks: NDArray[np.int32]
    block_text: Counts
    block_linked: Counts
    block_prose: NDArray[np.bool_]
    text: Counts
    linked: Counts
    prose: Counts


@njit(cache=True)
def letters(page: Bytes, start: int, end: int) -> int:
    """Return the letters of a stretch of text."""
    found, at = 0, start
    while at < end:
        byte = page[at]
        at += 1
        if byte < 0x80:
            if byte == 0x26:  # a reference, if it ends soon
                stop = min(at + _REFERENCE_BYTES, end)
                for ahead in range(at, stop):
                    if page[ahead] == 0x3B:
                        at = ahead + 1
                        break
            found += not is_blank(byte)
        elif byte >= 0xE3 and byte <= 0xED:
            found += 2
        else:
            found += byte >= 0xC0
    return found


@njit(cache=True)
def measure(page: Bytes, scanned: Scanned) -> Page:
    """Return how much text stands where. Linear in pieces and elements."""
    pieces, elements = len(scanned.starts), len(scanned.names)
    sizes = np.zeros(pieces, np.int64)
    blocks = np.zeros(pieces, np.int32)
    block_text = np.zeros(pieces + 1, np.int64)
    block_linked = np.zeros(pieces + 1, np.int64)
    block = -1
    for piece in range(pieces):
        if scanned.gaps[piece] == BLOCKS or block < 0:
            block += 1
        size = letters(page, scanned.starts[piece], scanned.ends[piece])
        sizes[piece], blocks[piece] = size, block
        block_text[block] += size
        if scanned.bits[piece] & LINKED:
            block_linked[block] += size
    count = block + 1
    block_prose = np.zeros(count, np.bool_)
    for block in range(count):
        plain = block_text[block] - block_linked[block]
        block_prose[block] = (
            plain >= PROSE_LETTERS and block_linked[block] <= LINKED_PROSE * block_text[block]
        )
    text = np.zeros(elements, np.int64)
    linked = np.zeros(elements, np.int64)
    prose = np.zeros(elements, np.int64)
    for piece in range(pieces):
        owner, size = scanned.owners[piece], sizes[piece]
        text[owner] += size
        if scanned.bits[piece] & LINKED:
            linked[owner] += size
        if block_prose[blocks[piece]]:
            prose[owner] += size
    add_up(scanned.parents, text)
    add_up(scanned.parents, linked)
    add_up(scanned.parents, prose)
    return Page(
        sizes, blocks, block_text[:count], block_linked[:count], block_prose, text, linked, prose
    )


@njit(cache=True)
def add_up(parents: NDArray[np.int32], counts: Counts) -> None:
    """Add each element's count to its parent's, the innermost first."""
    for element in range(len(parents) - 1, 0, -1):
        counts[parents[element]] += counts[element]
