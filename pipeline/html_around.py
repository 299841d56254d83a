"""What is around each element of a scanned page, found for all in one pass, parents first.

Who asks piece by piece and climbs from there pays for the depth of each, up to 512.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.html_names import HEADING, ID, TRAITS
from pipeline.html_scan import Scanned
from pipeline.html_tags import LINK

_A, _PRE, _TABLE = ID["a"], ID["pre"], ID["table"]
OL: Final = ID["ol"]
_UL, _MENU, _DIR = ID["ul"], ID["menu"], ID["dir"]


class Around(NamedTuple):
    """At or around each element, shape (elements,) each.

    ``links``, ``codes`` (``pre``), ``tables``, ``headings``: the innermost element, 0 for none.
    ``lists``: the name of the innermost list, 0 for none; ``depths``: how many lists there are.
    """

    links: NDArray[np.int32]
    codes: NDArray[np.int32]
    tables: NDArray[np.int32]
    headings: NDArray[np.int32]
    lists: NDArray[np.uint8]
    depths: NDArray[np.int32]


@njit(cache=True)
def around(scanned: Scanned) -> Around:
    """Return what is around each element. Linear in elements."""
    elements = len(scanned.names)
    links = np.zeros(elements, np.int32)
    codes = np.zeros(elements, np.int32)
    tables = np.zeros(elements, np.int32)
    headings = np.zeros(elements, np.int32)
    lists = np.zeros(elements, np.uint8)
    depths = np.zeros(elements, np.int32)
    for element in range(1, elements):
        parent, name = scanned.parents[element], scanned.names[element]
        links[element] = links[parent]
        if name == _A:
            links[element] = element if scanned.known[element] & LINK else 0
        codes[element] = element if name == _PRE else codes[parent]
        tables[element] = element if name == _TABLE else tables[parent]
        headings[element] = element if TRAITS[name] & HEADING else headings[parent]
        lists[element], depths[element] = lists[parent], depths[parent]
        if name in (OL, _UL, _MENU, _DIR):
            lists[element], depths[element] = name, depths[parent] + 1
    return Around(links, codes, tables, headings, lists, depths)
