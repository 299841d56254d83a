"""What the line and sentence kernels ask about a character, one bit each."""

import numpy as np
from numpy.typing import NDArray

from language_id.characters import Run, table
from language_id.word_classes import CLASSES, UNSPACED

BLANK = 1
"""White space as ``str.isspace`` has it; zero width space and NUL are not."""
TERMINAL = 2
"""A line that ends in it ends a sentence: Sentence_Terminal of every script, quotation marks that
can close (German “ and Danish « open elsewhere), and the ellipsis."""
SENTENCE = 4
"""Sentence_Terminal: full stop, question and exclamation mark of every script (UAX #44)."""
CLOSER = 8
"""May stand between the end of a sentence and the space after it."""
LOWER = 16
"""A lower-case letter: a full stop before it is an abbreviation's (UAX #29, SB8)."""
WIDE = 32
"""Sentence_Terminal that no space follows (Chinese, Japanese)."""
SINGLE = 64
"""A letter of a script written without spaces: a word of its own."""
SPOKEN = 128
"""A letter or number."""

CONTROL_BLANKS = frozenset((*range(0x09, 0x0E), *range(0x1C, 0x20), 0x85))
WIDE_TERMINALS = frozenset(map(ord, "。｡！？．"))
ELLIPSIS = 0x2026


def _flags(run: Run) -> int:
    flags = 0
    if run.category[0] == "Z":
        flags |= BLANK
    if run.sentence_terminal:
        flags |= TERMINAL | SENTENCE
    if run.category in {"Pi", "Pf"} or run.first in {0x22, 0x27}:
        flags |= TERMINAL | CLOSER
    if run.category == "Pe":
        flags |= CLOSER
    if run.category == "Ll":
        flags |= LOWER
    return flags | (SPOKEN if run.category[0] in "LN" else 0)


def _table() -> NDArray[np.uint8]:
    flags = table(_flags)
    flags[list(CONTROL_BLANKS)] |= BLANK
    flags[ELLIPSIS] |= TERMINAL
    flags[list(WIDE_TERMINALS)] |= WIDE
    flags[CLASSES == UNSPACED] |= SINGLE
    flags.flags.writeable = False
    return flags


FLAGS = _table()
"""The bits of every code point, shape (0x110000,)."""
