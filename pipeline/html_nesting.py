"""Which open elements a tag ends: a page's tree without building one.

The rules of https://html.spec.whatwg.org/#tree-construction that move text from one element to
another: optional end tags, scopes, end tags that match nothing. Formatting that is left open is not
opened again, and nothing is moved out of tables: neither changes what is read.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_names import BLOCK, ENDS_P, FENCE, HEADING, ID, TRAITS

MAX_DEPTH: Final = 512
"""Elements nested deeper are read as part of the one at this depth."""

_A, _P, _LI, _DT, _DD, _DL = ID["a"], ID["p"], ID["li"], ID["dt"], ID["dd"], ID["dl"]
_UL, _OL, _DIR, _MENU = ID["ul"], ID["ol"], ID["dir"], ID["menu"]
_TABLE, _TR, _TD, _TH, _CAPTION = ID["table"], ID["tr"], ID["td"], ID["th"], ID["caption"]
_TBODY, _THEAD, _TFOOT = ID["tbody"], ID["thead"], ID["tfoot"]
_BODY, _HTML, _BUTTON = ID["body"], ID["html"], ID["button"]

Names = NDArray[np.uint8]


@njit(cache=True)
def kept_by_start(name: int, stack: Names, depth: int) -> int:
    """Return how many of the open elements stay open at a start tag.

    Units: ``stack`` (depth,) numbers of the open elements' names, the outermost first.
    """
    if name == _LI:
        depth = _kept_to(stack, depth, _LI, _LI, _LI)
    elif name in (_DT, _DD):
        depth = _kept_to(stack, depth, _DT, _DD, _DD)
    elif name in (_TD, _TH):
        depth = _kept_in_table(stack, depth, _TD, _TH, _CAPTION, _TR)
    elif name == _TR:
        depth = _kept_in_table(stack, depth, _TR, _TR, _CAPTION, _TABLE)
    elif name in (_TBODY, _THEAD, _TFOOT):
        depth = _kept_in_table(stack, depth, _TBODY, _THEAD, _TFOOT, _TABLE)
    elif name == _BUTTON:
        depth = _kept_to(stack, depth, _BUTTON, _BUTTON, _BUTTON)
    traits = TRAITS[name]
    if traits & ENDS_P:
        depth = _kept_to(stack, depth, _P, _P, _P)
    if traits & HEADING and depth and TRAITS[stack[depth - 1]] & HEADING:
        depth -= 1
    return depth


@njit(cache=True)
def _kept_to(stack: Names, depth: int, first: int, second: int, third: int) -> int:
    for at in range(depth - 1, -1, -1):
        name = stack[at]
        if name in (first, second, third):
            return at
        lists = name in (_UL, _OL, _DL, _DIR, _MENU)
        if TRAITS[name] & FENCE or (lists and first not in (_P, _BUTTON)):
            break
    return depth


@njit(cache=True)
def _kept_in_table(
    stack: Names, depth: int, first: int, second: int, third: int, fence: int
) -> int:
    for at in range(depth - 1, -1, -1):
        name = stack[at]
        if name in (first, second, third):
            return at
        if name in (fence, _TABLE):
            break
    return depth


@njit(cache=True)
def kept_by_end(name: int, stack: Names, depth: int) -> int:
    """Return how many of the open elements stay open at an end tag; all, if it matches none."""
    if name in (_BODY, _HTML):  # what follows belongs to the page all the same
        return depth
    block = TRAITS[name] & BLOCK
    of_table = (
        name in (_TABLE, _TR, _TD, _TH, _CAPTION, _TBODY, _THEAD, _TFOOT)
    )  # fmt: skip
    for at in range(depth - 1, -1, -1):
        found = stack[at]
        if found == name:
            return at
        traits = TRAITS[found]
        if not block and traits & BLOCK:
            break
        if found == _BUTTON and block and name != _P:  # it holds in paragraphs only
            continue
        if traits & FENCE and (not of_table or found == _TABLE):
            break
    return depth
