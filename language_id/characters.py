"""Unicode properties of every code point, as tables numba kernels can index.

``data/characters.tsv`` holds runs of code points with the same General_Category, Word_Break,
Script and Sentence_Terminal (UAX #44, #29, #24; Unicode 17), ``data/lower.tsv`` the simple lower
case. They are data, not ``unicodedata``, so that words and hashes are the same under every Python.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
CODE_POINTS = 0x110000
FINAL_SIGMA = 0x3C2
SIGMA = 0x3C3


class Run(NamedTuple):
    """Code points ``first`` to ``last``, both included, with equal properties."""

    first: int
    last: int
    category: str
    word_break: str
    script: str
    sentence_terminal: bool


@cache
def runs() -> tuple[Run, ...]:
    """Return every run of assigned code points, in order; between them are unassigned ones."""
    found = []
    lines = (DATA / "characters.tsv").read_text(encoding="ascii").splitlines()
    for line in lines[1:]:
        first, last, category, word_break, script, terminal = line.split("\t")
        found.append(
            Run(int(first, 16), int(last, 16), category, word_break, script, terminal == "Y")
        )
    return tuple(found)


def table(value: Callable[[Run], int], unassigned: int = 0) -> NDArray[np.uint8]:
    """Return one byte per code point, shape (0x110000,): ``value`` of its run."""
    values = np.full(CODE_POINTS, unassigned, dtype=np.uint8)
    for run in runs():
        values[run.first : run.last + 1] = value(run)
    return values


@cache
def lower_table() -> NDArray[np.uint32]:
    """Return the simple lower case of each code point, shape (0x110000,).

    A final sigma becomes a plain one, as in simple case folding: the capital of both is the same.
    """
    lowered = np.arange(CODE_POINTS, dtype=np.uint32)
    lines = (DATA / "lower.tsv").read_text(encoding="ascii").splitlines()
    for line in lines[1:]:
        character, lower = line.split("\t")
        lowered[int(character, 16)] = int(lower, 16)
    lowered[FINAL_SIGMA] = SIGMA
    return lowered
