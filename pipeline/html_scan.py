"""One linear pass over a page's bytes: its elements and its pieces of text, as two tables.

No tree is built and no text copied. Nothing is decoded but names: a piece is where it starts and
ends in the page. Time and memory are linear in the page, whatever it is.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_bytes import (
    is_empty,
    is_letter,
    is_place_sign,
    past_declaration,
    past_raw,
    starts_markup,
    text_end,
    trimmed,
)
from pipeline.html_names import BLOCK, HEAD, HEADING, ID, RAW, TRAITS, UNSEEN, VOID
from pipeline.html_nesting import MAX_DEPTH, kept_by_end, kept_by_start
from pipeline.html_tags import CLOSED, LINK, PLACE, Bytes, element_of, read_attributes, read_name
from pipeline.html_words import LICENCE, LINKED_DATA

NOTHING, SPACE, LINE, BLOCKS = 0, 1, 2, 3
"""What stands between a piece and the one before it, the weakest first."""
LINKED, PREFORMATTED, HEADED = 1, 2, 4
"""What a piece is, as bits."""
MAX_TAGS: Final = 1 << 19
"""More of a page is not read; what is known of one takes some 80 bytes."""
MAX_FACTS: Final = 2048

_A, _BR, _HEAD, _HTML, _PRE = ID["a"], ID["br"], ID["head"], ID["html"], ID["pre"]
_LINK, _META, _SCRIPT = ID["link"], ID["meta"], ID["script"]
_TIME, _TITLE = ID["time"], ID["title"]
_OPEN, _BANG, _ASK, _SLASH = 0x3C, 0x21, 0x3F, 0x2F

# Places in the array of counts that the scan goes on with.
_DEPTH, _ELEMENTS, _PIECES, _FACTS, _GAP = 0, 1, 2, 3, 4
_LINKS, _UNSEEN_OPEN, _PRES, _HEADINGS, _BEYOND = 5, 6, 7, 8, 9
_COUNTS: Final = 10

Counts = NDArray[np.int64]


class Scanned(NamedTuple):
    """A page's elements, in the order of their start tags, and its pieces of text, in order.

    Of an element: ``names`` (``html_names``), ``parents`` (the first is its own), ``known``
    (``html_tags``), ``lasts`` (the first element after it that is not inside it). Of a piece:
    ``starts`` and ``ends`` in bytes, ``owners`` (the element it stands in), ``gaps``, ``bits``.
    ``hrefs``: (elements, 2), where each one's address starts and ends. ``facts``: (n, 2), where
    tags that say something of the page itself start and end (with what is between them, for
    ``title`` and JSON-LD). ``cut``: whether the page had more tags than are read.
    """

    names: NDArray[np.uint8]
    parents: NDArray[np.int32]
    known: NDArray[np.int32]
    lasts: NDArray[np.int32]
    hrefs: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    owners: NDArray[np.int32]
    gaps: NDArray[np.uint8]
    bits: NDArray[np.uint8]
    facts: NDArray[np.int32]
    cut: bool


class _Open(NamedTuple):
    """The elements that are open, the outermost first: names, numbers, and which are links.

    ``of`` counts those of each name, so that an end tag of none costs nothing.
    """

    names: NDArray[np.uint8]
    numbers: NDArray[np.int32]
    links: NDArray[np.uint8]
    of: NDArray[np.int32]


@njit(cache=True)
def scan(page: Bytes) -> Scanned:
    """Return a page's elements and pieces of text. The first element stands for the page."""
    size = len(page)
    found, tags = _tables(page)
    opened = _Open(
        np.zeros(MAX_DEPTH, np.uint8),
        np.zeros(MAX_DEPTH, np.int32),
        np.zeros(MAX_DEPTH, np.uint8),
        np.zeros(256, np.int32),
    )
    counts = np.zeros(_COUNTS, np.int64)
    counts[_GAP] = BLOCKS
    found.names[0] = opened.names[0] = _HTML
    counts[_DEPTH] = counts[_ELEMENTS] = 1
    room = len(found.names)
    at = 0
    while at < size and counts[_ELEMENTS] < room and counts[_PIECES] < room:
        if page[at] != _OPEN or not starts_markup(page, at):
            end = text_end(page, at + 1)
            if not counts[_UNSEEN_OPEN]:
                _read_text(page, at, end, found, opened, counts)
            at = end
            continue
        first = at + 2 if page[at + 1] == _SLASH else at + 1
        if first >= size or not is_letter(page[first]):
            at = past_declaration(page, at)
            continue
        at = _read_tag(page, at, first, found, opened, counts)
    for level in range(counts[_DEPTH]):
        found.lasts[opened.numbers[level]] = counts[_ELEMENTS]
    return _filled(found, counts, at < size and tags > MAX_TAGS)


@njit(cache=True)
def _tables(page: Bytes) -> tuple[Scanned, int]:
    """Return empty tables with room for all tags of a page, and how many those are at most."""
    tags = 0
    for byte in page:
        tags += byte == _OPEN
    room = min(tags, MAX_TAGS) + 2  # the page itself, and text after the last tag
    return Scanned(
        np.zeros(room, np.uint8),
        np.zeros(room, np.int32),
        np.zeros(room, np.int32),
        np.zeros(room, np.int32),
        np.zeros((room, 2), np.int32),
        np.zeros(room, np.int32),
        np.zeros(room, np.int32),
        np.zeros(room, np.int32),
        np.zeros(room, np.uint8),
        np.zeros(room, np.uint8),
        np.zeros((MAX_FACTS, 2), np.int32),
        False,
    ), tags


@njit(cache=True)
def _filled(found: Scanned, counts: Counts, cut: bool) -> Scanned:
    elements, pieces = counts[_ELEMENTS], counts[_PIECES]
    return Scanned(
        found.names[:elements],
        found.parents[:elements],
        found.known[:elements],
        found.lasts[:elements],
        found.hrefs[:elements],
        found.starts[:pieces],
        found.ends[:pieces],
        found.owners[:pieces],
        found.gaps[:pieces],
        found.bits[:pieces],
        found.facts[: counts[_FACTS]].copy(),
        cut,
    )


@njit(cache=True)
def _read_text(
    page: Bytes, at: int, end: int, found: Scanned, opened: _Open, counts: Counts
) -> None:
    """Note a piece of text, or the white space that it is."""
    start, stop = at, end
    if not counts[_PRES]:
        start, stop = trimmed(page, at, end)
        if start > at:
            counts[_GAP] = max(counts[_GAP], SPACE)
        if is_empty(page, start, stop):
            if stop > start:
                counts[_GAP] = max(counts[_GAP], SPACE)
            return
    owner = opened.numbers[counts[_DEPTH] - 1]
    if found.known[owner] & PLACE and is_place_sign(page, start, stop):
        return
    piece = counts[_PIECES]
    found.starts[piece], found.ends[piece] = start, stop
    found.owners[piece] = owner
    found.gaps[piece] = counts[_GAP]
    found.bits[piece] = (
        (LINKED if counts[_LINKS] else 0)
        | (PREFORMATTED if counts[_PRES] else 0)
        | (HEADED if counts[_HEADINGS] else 0)
    )
    counts[_PIECES] = piece + 1
    counts[_GAP] = SPACE if stop < end else NOTHING


@njit(cache=True)
def _read_tag(
    page: Bytes, tag: int, first: int, found: Scanned, opened: _Open, counts: Counts
) -> int:
    """Take in a start or end tag whose name begins at ``first``; return where to go on."""
    end, key = read_name(page, first)
    name = element_of(key, end - first)
    at, known, href, href_end = read_attributes(page, end)
    if at < 0:  # it never ends, and so is none
        return len(page)
    traits, depth = TRAITS[name], counts[_DEPTH]
    if traits & BLOCK:
        counts[_GAP] = BLOCKS
    if first - tag == 2:
        _read_end(name, found, opened, counts)
        return at
    if opened.names[depth - 1] == _HEAD and not traits & HEAD:
        depth -= 1
    _close(max(1, kept_by_start(name, opened.names, depth)), found, opened, counts)
    if name == _BR:
        counts[_GAP] = BLOCKS if counts[_GAP] >= LINE else LINE
    if name == _A and known & PLACE and counts[_HEADINGS]:
        known = PLACE  # a heading's address is no link, whatever it is called
    number = counts[_ELEMENTS]
    counts[_ELEMENTS] = number + 1
    found.names[number], found.known[number] = name, known
    found.parents[number] = opened.numbers[counts[_DEPTH] - 1]
    found.lasts[number] = number + 1
    found.hrefs[number, 0], found.hrefs[number, 1] = href, href_end
    if traits & RAW:
        at = past_raw(page, at, name)
    if counts[_FACTS] < MAX_FACTS and _tells(name, known):
        found.facts[counts[_FACTS], 0], found.facts[counts[_FACTS], 1] = tag, at
        counts[_FACTS] += 1
    # Browsers go on in "<button/>"; who writes it means an empty one.
    empty = known & CLOSED and (name == 0 or traits & UNSEEN)
    if not traits & (VOID | RAW) and not empty:
        _open(name, number, known, opened, counts)
    return at


@njit(cache=True)
def _read_end(name: int, found: Scanned, opened: _Open, counts: Counts) -> None:
    depth = counts[_DEPTH]
    if name == _A and counts[_LINKS]:  # even where a block in it is left open
        opened.links[:depth] = 0
        counts[_LINKS] = 0
    if counts[_BEYOND]:
        counts[_BEYOND] -= 1
    elif opened.of[name]:
        _close(max(1, kept_by_end(name, opened.names, depth)), found, opened, counts)


@njit(cache=True)
def _tells(name: int, known: int) -> bool:
    """Whether a tag says something of the page itself: its title, date, language or licence."""
    if name in (_META, _LINK, _TITLE, _TIME, _HTML):
        return True
    if name == _A:
        return (known & LICENCE) != 0
    return name == _SCRIPT and (known & LINKED_DATA) != 0


@njit(cache=True)
def _open(name: int, number: int, known: int, opened: _Open, counts: Counts) -> None:
    depth = counts[_DEPTH]
    if depth == MAX_DEPTH:
        counts[_BEYOND] += 1
        return
    if name == _A:  # one link at a time
        opened.links[:depth] = 0
        counts[_LINKS] = 0
    opened.names[depth], opened.numbers[depth] = name, number
    opened.links[depth] = name == _A and (known & LINK) != 0
    opened.of[name] += 1
    _count(name, 1, counts)
    counts[_LINKS] += opened.links[depth]
    counts[_DEPTH] = depth + 1


@njit(cache=True)
def _close(keep: int, found: Scanned, opened: _Open, counts: Counts) -> None:
    """Close all but the ``keep`` outermost open elements."""
    while counts[_DEPTH] > keep:
        counts[_DEPTH] -= 1
        depth = counts[_DEPTH]
        name = opened.names[depth]
        found.lasts[opened.numbers[depth]] = counts[_ELEMENTS]
        opened.of[name] -= 1
        _count(name, -1, counts)
        counts[_LINKS] -= opened.links[depth]


@njit(cache=True)
def _count(name: int, step: int, counts: Counts) -> None:
    traits = TRAITS[name]
    if traits & UNSEEN:
        counts[_UNSEEN_OPEN] += step
    if traits & HEADING:
        counts[_HEADINGS] += step
    if name == _PRE:
        counts[_PRES] += step
