"""What frames the main text: which elements of a page are left out, and why.

An element goes by its own meaning (``nav``), by a word in its names ("sidebar"), or as a list of
links; never if too much of the page's prose stands in it: a page's whole text may stand in
``<div class="no-sidebar">``.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_names import FURNITURE, ID, SECTION, TRAITS
from pipeline.html_page import Counts, Page, add_up
from pipeline.html_scan import Scanned
from pipeline.html_tags import BY_ID
from pipeline.html_words import (
    ASIDE,
    AWAY,
    BODY,
    COMMENTS,
    HIDDEN,
    MAIN,
    SECTION_OF_TEXT,
    UNSHOWN,
)

FRAME_SHARE: Final = 0.4
"""More of the page's prose than this is not cut away as a frame, whatever it is called."""
HIDDEN_SHARE: Final = 0.5
"""A page that hides this much of its prose shows it by a script."""
ASIDE_SHARE: Final = 0.1
"""The same for an element that may hold facts about the text."""
ASIDES_SHARE: Final = 0.4
"""The same for all such elements together: where a table's every cell is an "icon cell"."""
COMMENTS_SHARE: Final = 0.7
"""Comments with more of the prose than this are the page: a forum, a guest book."""
SHOWN: Final = 1000
"""Letters of prose that a page shows, with which it needs none that it does not show."""
SECTION_LETTERS: Final = 150
"""Letters of prose of a section from which on its id is a heading's, and names no frame."""
SECTION_LINKED: Final = 0.1
"""A section with more of its text linked than this leads elsewhere, whatever its id."""
LIST_LINKED: Final = 0.6
"""A group of blocks without prose is a list of links if more of its text than this is linked."""

_BODY, _HTML, _HEADER = ID["body"], ID["html"], ID["header"]
_FORM, _PRE, _SECTION = ID["form"], ID["pre"], ID["section"]


@njit(cache=True)
def cut(scanned: Scanned, page: Page, total: int, comments: bool) -> NDArray[np.bool_]:
    """Return (elements,) whether each is left out; an element inside one that is, is too.

    ``total``: letters of the page's prose.
    """
    away = np.zeros(len(scanned.names), np.bool_)
    shown = total - _mark_unshown(scanned, page, away)
    if shown >= SHOWN:
        total = shown
    else:
        away[:] = False
    before = away.copy()
    if _cut(scanned, page, total, comments, True, away) >= ASIDES_SHARE * total > 0:
        away[:] = before
        _cut(scanned, page, total, comments, False, away)
    return away


@njit(cache=True)
def _mark_unshown(scanned: Scanned, page: Page, away: NDArray[np.bool_]) -> int:
    """Mark what is outright not shown; return the prose in it."""
    found = 0
    for element in range(1, len(scanned.names)):
        if away[scanned.parents[element]]:
            away[element] = True
        elif scanned.known[element] & UNSHOWN and scanned.names[element] not in (_BODY, _HTML):
            away[element] = True
            found += page.prose[element]
    return found


@njit(cache=True)
def _cut(
    scanned: Scanned,
    page: Page,
    total: int,
    comments: bool,
    asides: bool,
    away: NDArray[np.bool_],
) -> int:
    """Mark what is left out; return the prose in what is, for being an aside."""
    found, code_end = 0, 0
    for element in range(1, len(scanned.names)):
        name, prose = scanned.names[element], page.prose[element]
        # names inside code are its colours: "comment"
        known = 0 if element < code_end else _known(scanned, page, element)
        if name == _PRE:
            code_end = max(code_end, scanned.lasts[element])
        if away[scanned.parents[element]]:
            away[element] = True
        elif name not in (_BODY, _HTML) and page.text[element]:
            if _is_frame(name, known, prose, total, comments) or _is_list_of_links(
                name, element, page
            ):
                away[element] = True
            elif (asides or not prose) and _is_aside(name, known, prose, total):
                away[element] = True
                found += prose
    return found


@njit(cache=True)
def _known(scanned: Scanned, page: Page, element: int) -> int:
    """Return what an element's names say; of a section of text, not what its id says of frames."""
    known = scanned.known[element]
    if scanned.names[element] == _SECTION or known & SECTION_OF_TEXT:
        linked = page.linked[element] > SECTION_LINKED * page.text[element]
        if page.prose[element] >= SECTION_LETTERS and not linked:
            return int(known)
    return int(known | (known >> BY_ID & (AWAY | ASIDE)))


@njit(cache=True)
def _is_aside(name: int, known: int, prose: int, total: int) -> bool:
    if known & (MAIN | BODY) or (prose and not TRAITS[name] & SECTION):
        return False
    aside = known & ASIDE or name in (_HEADER, _FORM)
    return bool(aside) and prose < ASIDE_SHARE * total


@njit(cache=True)
def _is_frame(name: int, known: int, prose: int, total: int, comments: bool) -> bool:
    if known & (HIDDEN | UNSHOWN) and prose < HIDDEN_SHARE * total:
        return True
    if known & COMMENTS and not comments and prose < COMMENTS_SHARE * total:
        return True
    if TRAITS[name] & FURNITURE and prose < FRAME_SHARE * total:
        return True
    if known & (MAIN | BODY) or (prose and not TRAITS[name] & SECTION):
        return False
    return bool(known & AWAY) and prose < FRAME_SHARE * total


@njit(cache=True)
def _is_list_of_links(name: int, element: int, page: Page) -> bool:
    if not TRAITS[name] & SECTION or page.prose[element]:
        return False
    return bool(page.linked[element] > LIST_LINKED * page.text[element])


@njit(cache=True)
def left(scanned: Scanned, page: Page, away: NDArray[np.bool_], measure: Counts) -> Counts:
    """Return (elements,) what of a measure of pieces (letters) stands in each and is not cut."""
    found = np.zeros(len(scanned.names), np.int64)
    for piece in range(len(scanned.owners)):
        owner = scanned.owners[piece]
        if not away[owner]:
            found[owner] += measure[piece]
    add_up(scanned.parents, found)
    return found
