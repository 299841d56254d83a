"""What the character, line and phrase kernels ask about a character, one bit each.

A second table beside ``filters.flags``, whose eight bits are taken.
"""

import numpy as np
from numpy.typing import NDArray

from filters.flags import BLANK as FLAG_BLANK
from filters.flags import FLAGS
from filters.flags import SINGLE as FLAG_SINGLE
from language_id.characters import Run, table

UPPER = 1
"""An upper-case letter (General_Category Lu)."""
DIGIT = 2
"""A decimal digit of any script (Nd)."""
MARK = 4
"""A combining mark: belongs to the letter before it."""
WORD = 8
"""A letter, mark or number: what words of a phrase are made of."""
PLAIN = 16
"""What NeMo Curator's alphanumeric filter lets pass (``[a-zA-Z0-9\\n?!,.]``), in every script:
letters, marks, numbers, newline, Sentence_Terminal and commas."""
BRACKET = 32
"""A parenthesis, bracket or brace; East Asian ones too, but not those that quote."""
BLANK = 64
"""White space, as in ``filters.flags``."""
SINGLE = 128
"""A letter of a script written without spaces, as in ``filters.flags``: a word of its own."""

COMMAS = frozenset(map(ord, ",،，、､﹐﹑߸፣᠂᠈꓾꘍"))
BRACKETS = frozenset(map(ord, "()[]{}⟨⟩〈〉（）［］｛｝【】〔〕｟｠"))
NEWLINE = 0x0A


def _traits(run: Run) -> int:
    major = run.category[0]
    traits = UPPER if run.category == "Lu" else 0
    traits |= DIGIT if run.category == "Nd" else 0
    traits |= MARK if major == "M" else 0
    traits |= WORD if major in "LMN" else 0
    return traits | (PLAIN if major in "LMN" or run.sentence_terminal else 0)


def _table() -> NDArray[np.uint8]:
    traits = table(_traits)
    traits[[*COMMAS, NEWLINE]] |= PLAIN
    traits[list(BRACKETS)] |= BRACKET
    traits[(FLAGS & FLAG_BLANK) != 0] |= BLANK
    traits[(FLAGS & FLAG_SINGLE) != 0] |= SINGLE
    traits.flags.writeable = False
    return traits


TRAITS = _table()
"""The bits of every code point, shape (0x110000,)."""
