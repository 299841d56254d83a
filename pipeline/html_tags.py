"""The inside of one tag: where it ends, and what its attributes say about its element.

Values are read as https://html.spec.whatwg.org/#attribute-value-(double-quoted)-state and its
neighbours say, in one pass, without keeping any.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_names import KEY_BYTES, KEYS, LENGTHS, NUMBERS, SLOTS, key
from pipeline.html_words import ASIDE, AWAY, KINDS, LICENCE, LINKED_DATA, STEPS, UNSHOWN

LINK: Final = 1 << 16
"""The element has an address (``href``)."""
CLOSED: Final = 1 << 17
"""The tag ends in a slash."""
PLACE: Final = 1 << 18
"""The address is a place in the page itself."""
BY_ID: Final = 18
"""Words for what frames a text are noted so many bits higher where they stand in an id."""

_CLASS: Final = np.uint64(key("class"))
_ID: Final = np.uint64(key("id"))
_ROLE: Final = np.uint64(key("role"))
_STYLE: Final = np.uint64(key("style"))
_ITEMPROP: Final = np.uint64(key("itemprop"))
_HIDDEN: Final = np.uint64(key("hidden"))
_HREF: Final = np.uint64(key("href"))
_REL: Final = np.uint64(key("rel"))
_TYPE: Final = np.uint64(key("type"))

_SPACE, _TAB, _FEED, _RETURN, _NEWLINE = 0x20, 0x09, 0x0C, 0x0D, 0x0A
_SLASH, _END, _EQUALS, _DOUBLE, _SINGLE, _HASH = 0x2F, 0x3E, 0x3D, 0x22, 0x27, 0x23

Bytes = NDArray[np.uint8]


@njit(cache=True, inline="always")
def is_blank(byte: int) -> bool:
    """Whether a byte is white space of HTML."""
    return (
        byte in (_SPACE, _NEWLINE, _TAB, _RETURN, _FEED)
    )  # fmt: skip


@njit(cache=True)
def read_name(page: Bytes, at: int) -> tuple[int, np.uint64]:
    """Return where a name ends (blank, slash, equals sign, end of tag), and its key.

    The key is of the first eight bytes in lower case, as ``html_names.key`` makes it.
    """
    size = len(page)
    found = np.uint64(0)
    start = at
    while at < size:
        byte = page[at]
        if byte in (_END, _SLASH, _EQUALS) or is_blank(byte):
            break
        if at - start < KEY_BYTES:
            if 65 <= byte <= 90:
                byte += 32
            found |= np.uint64(byte) << np.uint64(8 * (at - start))
        at += 1
    return at, found


@njit(cache=True)
def element_of(found: np.uint64, length: int) -> int:
    """Return an element's number for its name's key and length; 0 for one that is not known."""
    at = np.int64((found * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(54))
    while KEYS[at] != 0:
        if KEYS[at] == found:
            number = int(NUMBERS[at])
            return number if LENGTHS[number] == length else 0
        at = (at + 1) % SLOTS
    return 0


@njit(cache=True)
def kinds_of(page: Bytes, start: int, end: int) -> int:
    """Return the kinds of words (``html_words``) in a value."""
    state, kinds = np.int64(STEPS[0, 0]), 0
    before, blank = 0, True
    for at in range(start, end):
        byte = page[at]
        step = 0
        if 97 <= byte <= 122:
            step = byte - 96
        elif 65 <= byte <= 90:
            step = byte - 64
            if 97 <= before <= 122:
                state = np.int64(STEPS[state, 0])
                kinds |= KINDS[state]
        before = byte
        if step == 0:
            if blank:
                continue
            blank = True
        else:
            blank = False
        state = np.int64(STEPS[state, step])
        kinds |= KINDS[state]
    return int(kinds | KINDS[STEPS[state, 0]])


@njit(cache=True)
def past_blanks(page: Bytes, at: int) -> int:
    """Return where the white space at ``at`` ends."""
    while at < len(page) and is_blank(page[at]):
        at += 1
    return at


@njit(cache=True)
def read_value(page: Bytes, at: int) -> tuple[int, int, int]:
    """Return where the value that follows an equals sign starts and ends, and where to go on."""
    size = len(page)
    start = past_blanks(page, at)
    if start < size and page[start] in (_DOUBLE, _SINGLE):
        quote = page[start]
        end = start + 1
        while end < size and page[end] != quote:
            end += 1
        return start + 1, end, end + 1
    end = start
    while end < size and page[end] != _END and not is_blank(page[end]):
        end += 1
    return start, end, end


@njit(cache=True)
def read_attributes(page: Bytes, at: int) -> tuple[int, int, int, int]:
    """Return where the tag ends (past its ">"; -1 if it does not), and what is known from it.

    What is known are kinds of words, ``LINK``, ``PLACE`` and ``CLOSED``, as bits; and where its
    address (``href``) starts and ends. Of a style nothing is known but whether it shows the
    element: "overflow: hidden" hides nothing.
    """
    size = len(page)
    known, first, last = 0, 0, 0
    while at < size:
        byte = page[at]
        if byte == _END:
            return at + 1, known, first, last
        if is_blank(byte) or byte == _SLASH:
            closes = byte == _SLASH and at + 1 < size and page[at + 1] == _END
            known |= CLOSED if closes else 0
            at += 1
            continue
        if byte == _EQUALS:  # a name may start with it
            at += 1
        at, name = read_name(page, at)
        known |= UNSHOWN if name == _HIDDEN else 0
        at = past_blanks(page, at)
        if at >= size or page[at] != _EQUALS:
            continue
        start, end, at = read_value(page, at + 1)
        if name in (_CLASS, _ROLE, _ITEMPROP):
            known |= kinds_of(page, start, end)
        elif name == _ID:
            kinds = kinds_of(page, start, end)
            known |= (kinds & ~(AWAY | ASIDE)) | (kinds & (AWAY | ASIDE)) << BY_ID
        elif name == _STYLE:
            known |= kinds_of(page, start, end) & UNSHOWN
        elif name == _HREF:
            known |= LINK | (kinds_of(page, start, end) & LICENCE)
            known |= PLACE if start < end and page[start] == _HASH else 0
            first, last = start, end
        elif name in (_REL, _TYPE):
            known |= kinds_of(page, start, end) & (LICENCE | LINKED_DATA)
    return -1, known, first, last
