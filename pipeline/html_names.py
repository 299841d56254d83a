"""Names of HTML elements as small numbers, and what each means to a reader of text.

Kernels look a name up by its first eight bytes packed into one integer; the names below are told
apart by them. Sources: https://html.spec.whatwg.org, sections 4 (elements) and 15.3 (rendering).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

KEY_BYTES: Final = 8

BLOCK: Final = 1
"""Starts and ends a line of its own."""
VOID: Final = 2
"""Has no end tag and holds nothing."""
RAW: Final = 4
"""Holds characters that are no markup, up to its own end tag."""
UNSEEN: Final = 8
"""What it holds is never read as text."""
HEADING: Final = 16
FENCE: Final = 32
"""End tags and implied ends do not reach through it (the specification's scopes)."""
ENDS_P: Final = 64
"""Its start tag ends an open paragraph."""
FURNITURE: Final = 128
"""Frames the main text, by the element's own meaning: navigation, asides, footers."""
HEAD: Final = 256
"""May stand in a page's head without ending it."""
SECTION: Final = 512
"""Groups blocks: what may be a list of links, or a container of the main text."""

_B: Final = BLOCK | ENDS_P
_S: Final = BLOCK | ENDS_P | SECTION

_TRAITS: Final = {
    "html": BLOCK | HEAD, "body": BLOCK | SECTION, "head": BLOCK | HEAD,
    "title": RAW | UNSEEN | HEAD, "meta": VOID | HEAD, "link": VOID | HEAD, "base": VOID | HEAD,
    "script": RAW | UNSEEN | HEAD, "style": RAW | UNSEEN | HEAD,
    "noscript": UNSEEN | HEAD, "template": UNSEEN | HEAD | FENCE,
    "svg": RAW | UNSEEN, "math": RAW | UNSEEN, "iframe": RAW | UNSEEN, "noembed": RAW | UNSEEN,
    "noframes": RAW | UNSEEN, "textarea": RAW | UNSEEN, "xmp": RAW | UNSEEN,
    "select": UNSEEN, "option": UNSEEN, "datalist": UNSEEN, "button": UNSEEN | FENCE,
    "object": FENCE, "applet": FENCE, "audio": UNSEEN, "video": UNSEEN, "canvas": UNSEEN,
    "area": VOID, "br": VOID, "col": VOID, "embed": VOID, "hr": VOID | _B, "img": VOID,
    "input": VOID, "param": VOID, "source": VOID, "track": VOID, "wbr": VOID,
    "p": _B, "pre": _B, "h1": _B | HEADING, "h2": _B | HEADING, "h3": _B | HEADING,
    "h4": _B | HEADING, "h5": _B | HEADING, "h6": _B | HEADING, "address": _B,
    "div": _S, "section": _S, "article": _S, "main": _S, "header": _S, "blockquote": _S,
    "center": _S, "details": _S, "summary": _B, "fieldset": _S, "form": _S, "figure": _S,
    "figcaption": _B, "hgroup": _S, "dir": _S, "menu": _S, "ul": _S, "ol": _S, "dl": _S,
    "li": BLOCK | ENDS_P | SECTION, "dt": BLOCK | ENDS_P, "dd": BLOCK | ENDS_P | SECTION,
    "nav": _S | FURNITURE, "aside": _S | FURNITURE, "footer": _S | FURNITURE,
    "dialog": _S | FURNITURE, "search": _S | FURNITURE,
    "table": _S | FENCE, "caption": BLOCK | FENCE, "tr": BLOCK | SECTION, "tbody": BLOCK | SECTION,
    "thead": BLOCK, "tfoot": BLOCK, "colgroup": BLOCK,
    "td": BLOCK | SECTION | FENCE, "th": BLOCK | SECTION | FENCE,
    "legend": BLOCK, "frameset": BLOCK, "rt": UNSEEN, "rp": UNSEEN, "a": 0, "code": 0, "tt": 0,
    "time": 0, "span": 0, "b": 0, "strong": 0, "i": 0, "em": 0, "font": 0, "q": 0, "label": 0,
}  # fmt: skip

NAMES: Final = ("", *sorted(_TRAITS))
"""Element names by number; 0 stands for every other one."""
ID: Final = {name: number for number, name in enumerate(NAMES)}
TRAITS: Final[NDArray[np.int32]] = np.array(
    [0, *(_TRAITS[name] for name in NAMES[1:])], dtype=np.int32
)


def key(name: str) -> int:
    """Return the first eight bytes of a name as a number, the first the lowest."""
    return int.from_bytes(name.encode()[:KEY_BYTES].ljust(KEY_BYTES, b"\0"), "little")


SLOTS: Final = 1024


def _slots() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """An open-addressed table from keys to numbers, probed from ``slot(key)`` on."""
    keys, numbers = np.zeros(SLOTS, dtype=np.uint64), np.zeros(SLOTS, dtype=np.uint8)
    for name in NAMES[1:]:
        at = slot_of(key(name))
        while keys[at]:
            at = (at + 1) % SLOTS
        keys[at], numbers[at] = key(name), ID[name]
    return keys, numbers


def slot_of(found: int) -> int:
    """Return the first slot to look at for a key: the kernels' hash, in plain Python."""
    return (found * 0x9E3779B97F4A7C15 % (1 << 64)) >> 54


KEYS, NUMBERS = _slots()
"""The table of names: keys, and the element's number for each."""
LENGTHS: Final[NDArray[np.int64]] = np.array([len(name) for name in NAMES], dtype=np.int64)
