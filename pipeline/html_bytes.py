"""Stretches of a page's bytes: where text, comments and the characters of scripts end."""

from typing import Final

from numba import njit

from pipeline.html_tags import Bytes, element_of, is_blank, read_name

_OPEN, _END, _BANG, _ASK, _SLASH, _DASH = 0x3C, 0x3E, 0x21, 0x3F, 0x2F, 0x2D
_NO_BREAK: Final = (0x26, 0x6E, 0x62, 0x73, 0x70, 0x3B)  # &nbsp;
_NO_BREAK_NUMBER: Final = (0x26, 0x23, 0x31, 0x36, 0x30, 0x3B)  # &#160;
_PILCROW: Final = (0x26, 0x70, 0x61, 0x72, 0x61, 0x3B)  # &para;
_PILCROW_NUMBER: Final = (0x26, 0x23, 0x31, 0x38, 0x32, 0x3B)  # &#182;
_CHAIN: Final = (0xF0, 0x9F, 0x94, 0x97)  # U+1F517


@njit(cache=True, inline="always")
def is_letter(byte: int) -> bool:
    """Whether a byte is an ASCII letter."""
    return 97 <= byte <= 122 or 65 <= byte <= 90


@njit(cache=True)
def starts_markup(page: Bytes, at: int) -> bool:
    """Whether markup starts with the "<" at ``at``."""
    if at + 1 >= len(page):
        return False
    byte = page[at + 1]
    return is_letter(byte) or byte in (_SLASH, _BANG, _ASK)


@njit(cache=True)
def text_end(page: Bytes, at: int) -> int:
    """Return where the text from ``at`` on ends: at the next markup, or at the page's end."""
    size = len(page)
    while at < size and not (page[at] == _OPEN and starts_markup(page, at)):
        at += 1
    return at


@njit(cache=True)
def trimmed(page: Bytes, start: int, end: int) -> tuple[int, int]:
    """Return a stretch without white space at its ends."""
    while start < end and is_blank(page[start]):
        start += 1
    while end > start and is_blank(page[end - 1]):
        end -= 1
    return start, end


@njit(cache=True)
def _is(page: Bytes, at: int, end: int, word: tuple[int, ...]) -> bool:
    if end - at < len(word):
        return False
    equal = True
    for step in range(len(word)):
        equal &= page[at + step] == word[step]
    return equal


@njit(cache=True)
def is_empty(page: Bytes, start: int, end: int) -> bool:
    """Whether a stretch holds white space and no-break spaces alone, spelled in any way."""
    at = start
    while at < end:
        byte = page[at]
        if is_blank(byte):
            at += 1
        elif byte == 0xC2 and at + 1 < end and page[at + 1] == 0xA0:
            at += 2
        elif _is(page, at, end, _NO_BREAK) or _is(page, at, end, _NO_BREAK_NUMBER):
            at += 6
        else:
            return False
    return True


@njit(cache=True)
def is_place_sign(page: Bytes, start: int, end: int) -> bool:
    """Whether a stretch is a sign that links a heading to itself: "#", "¶", "§", a chain."""
    size = end - start
    if size == 1:
        return bool(page[start] == 0x23)
    if size == 2:
        return bool(page[start] == 0xC2 and page[start + 1] in (0xB6, 0xA7))
    if size == 4:
        return _is(page, start, end, _CHAIN)
    return size == 6 and (_is(page, start, end, _PILCROW) or _is(page, start, end, _PILCROW_NUMBER))


@njit(cache=True)
def past_declaration(page: Bytes, at: int) -> int:
    """Return where a comment, a declaration or an instruction at ``at`` ends."""
    size = len(page)
    if at + 3 < size and page[at + 1] == _BANG and page[at + 2] == _DASH and page[at + 3] == _DASH:
        at += 4
        if at < size and page[at] == _END:
            return at + 1
        while at + 2 < size:
            if page[at] == _DASH and page[at + 1] == _DASH and page[at + 2] == _END:
                return at + 3
            at += 1
        return size
    while at < size and page[at] != _END:
        at += 1
    return min(at + 1, size)


@njit(cache=True)
def past_raw(page: Bytes, at: int, name: int) -> int:
    """Return where the end tag that ends a raw element's characters starts, or the page's end."""
    size = len(page)
    while at + 2 < size:
        if page[at] == _OPEN and page[at + 1] == _SLASH and is_letter(page[at + 2]):
            end, found = read_name(page, at + 2)
            if element_of(found, end - at - 2) == name:
                return at
        at += 1
    return size
