"""Where the main text of a page stands: containers chosen by stages, precision before recall.

Each stage names elements that may hold the text: by the names content management systems give it,
``article``, ``main``, and last the page's body. The first stage whose elements hold at least a
third of the page's prose is believed. From there the choice goes down, as long as one element
inside holds nearly all of it.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_cuts import cut, left
from pipeline.html_names import ID, SECTION, TRAITS
from pipeline.html_page import Counts, Page
from pipeline.html_scan import HEADED, LINKED, PREFORMATTED, Scanned
from pipeline.html_words import BODY, MAIN

BELIEVED: Final = 0.35
"""Share of the page's prose that a stage's elements must hold."""
BELIEVED_PARTS: Final = 0.6
"""The same where there are several: a name on every example or entry is not that of the text."""
BESIDE_CODE: Final = 0.35
"""Where this share of the prose is no code, code does not say where the text stands."""
NEARLY_ALL: Final = 0.85
"""Share of an element's prose in one inside it at which the choice goes down to that."""
MUCH: Final = 0.5
"""Share of an element's text outside links that must stand in what is chosen inside it."""
WITHOUT_PROSE: Final = 150
"""Letters of prose below which a page has none: all its text outside links counts instead."""
LINKED_BLOCK: Final = 0.8
"""A block without prose of which more than this is linked is no text but a way to it."""

_ARTICLE, _MAIN, _BODY = ID["article"], ID["main"], ID["body"]
_STAGES: Final = 4


@njit(cache=True)
def chosen(scanned: Scanned, page: Page, comments: bool) -> NDArray[np.bool_]:
    """Return (pieces,) whether each is part of the main text."""
    pieces = len(scanned.starts)
    weights = _weights(scanned, page)
    total = 0
    for piece in range(pieces):
        total += weights[piece]
    away = cut(scanned, page, total, comments)
    held = left(scanned, page, away, weights)
    if total >= WITHOUT_PROSE and not held[0]:  # all was taken for frames: none of it is one
        away[:] = False
        held = left(scanned, page, away, weights)
    inside = np.zeros(len(scanned.names), np.bool_)
    nearly_all = NEARLY_ALL if total >= WITHOUT_PROSE else 1.0
    plain = left(scanned, page, away, _unlinked(scanned, page))
    for stage in range(_STAGES):
        found, parts = _mark(scanned, held, plain, away, stage, nearly_all, inside)
        if found >= (BELIEVED if parts == 1 else BELIEVED_PARTS) * held[0]:
            break
        inside[:] = False
    text = np.zeros(pieces, np.bool_)
    for piece in range(pieces):
        owner = scanned.owners[piece]
        text[piece] = inside[owner] and not away[owner]
    _without_edges(scanned, page, text)
    return text


@njit(cache=True)
def _weights(scanned: Scanned, page: Page) -> Counts:
    """Return (pieces,) letters that count as prose."""
    pieces, total, code = len(scanned.starts), 0, 0
    weights = np.zeros(pieces, np.int64)
    for piece in range(pieces):
        if page.block_prose[page.blocks[piece]]:
            weights[piece] = page.sizes[piece]
            total += weights[piece]
            if scanned.bits[piece] & PREFORMATTED:
                code += weights[piece]
    if code and total - code >= max(WITHOUT_PROSE, BESIDE_CODE * total):
        for piece in range(pieces):
            if scanned.bits[piece] & PREFORMATTED:
                weights[piece] = 0
    if total < WITHOUT_PROSE:
        for piece in range(pieces):
            weights[piece] = 0 if scanned.bits[piece] & LINKED else page.sizes[piece]
    return weights


@njit(cache=True)
def _unlinked(scanned: Scanned, page: Page) -> Counts:
    """Return (pieces,) letters outside links."""
    return np.where((scanned.bits & LINKED) == 0, page.sizes, 0)


@njit(cache=True)
def _is_candidate(scanned: Scanned, element: int, stage: int) -> bool:
    name, known = scanned.names[element], scanned.known[element]
    if stage == 3:
        return element == 0
    if name == _BODY or not TRAITS[name] & SECTION:
        return False
    if stage == 0:
        return bool(known & BODY)
    if stage == 1:
        return bool(name == _ARTICLE)
    return bool(name == _MAIN or known & MAIN)


@njit(cache=True)
def _mark(
    scanned: Scanned,
    held: Counts,
    plain: Counts,
    away: NDArray[np.bool_],
    stage: int,
    nearly_all: float,
    inside: NDArray[np.bool_],
) -> tuple[int, int]:
    """Mark all that is in a stage's outermost elements; return the prose in them, their count."""
    found, parts, element = 0, 0, 0
    while element < len(held):
        if away[element]:
            element = scanned.lasts[element]
        elif held[element] and _is_candidate(scanned, element, stage):
            best = _narrowed(scanned, held, plain, element, nearly_all)
            inside[best : scanned.lasts[best]] = True
            found += held[best]
            parts += 1
            element = scanned.lasts[element]
        else:
            element += 1
    return found, parts


@njit(cache=True)
def _narrowed(
    scanned: Scanned, held: Counts, plain: Counts, element: int, nearly_all: float
) -> int:
    """Return the innermost element that holds nearly all prose of ``element``.

    It must hold much of the other text outside links too, or tables of data would be lost.
    """
    wanted, plain_wanted = nearly_all * held[element], MUCH * plain[element]
    best, at = element, element + 1
    while at < scanned.lasts[best]:
        if held[at] < wanted or plain[at] < plain_wanted:
            at = scanned.lasts[at]
        else:
            if TRAITS[scanned.names[at]] & SECTION:
                best = at
            at += 1
    return best


@njit(cache=True)
def _without_edges(scanned: Scanned, page: Page, found: NDArray[np.bool_]) -> None:
    """Leave out blocks that are links, and headings that nothing follows."""
    for piece in range(len(found)):
        block = page.blocks[piece]
        if not page.block_prose[block]:
            found[piece] &= page.block_linked[block] <= LINKED_BLOCK * page.block_text[block]
    for piece in range(len(found) - 1, -1, -1):
        if found[piece]:
            # a heading that was never closed holds the text after it
            if not scanned.bits[piece] & HEADED or page.block_prose[page.blocks[piece]]:
                break
            found[piece] = False
