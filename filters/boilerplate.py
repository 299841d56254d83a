"""Lines that carry the furniture of pages: "privacy policy", "read more", in many languages.

NeMo Curator's filter knows English phrases on cookies and terms, and counts paragraphs; this counts
lines, which the paragraphs of extracted text are, and knows the languages of the European Union and
its candidates (``data/boilerplate.tsv``), and English in pages of any language.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.phrase_kernel import phrase_end, start_key, word_bounds
from filters.phrase_lists import PhraseLists, phrase_lists, phrases
from filters.signal import Signal
from filters.traits import BLANK, NEWLINE

BOILERPLATE_SIGNALS = (
    Signal(
        "boilerplate_line_fraction",
        "fraction",
        "float32",
        "non-blank lines that hold a phrase of page furniture, in the document's language or "
        "English",
    ),
)


def boilerplate_lists(langs: Sequence[str]) -> PhraseLists:
    """Return the phrases for documents of these languages."""
    return phrase_lists(phrases("boilerplate"), langs)


@njit(cache=True)
def _lines(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Count the non-blank lines."""
    lines, filled = 0, 0
    for place in range(at, end):
        code = codes[np.uintp(place)]
        if code == NEWLINE:
            lines += filled
            filled = 0
        elif not traits[np.uintp(code)] & BLANK:
            filled = 1
    return lines + filled


@njit(cache=True)
def _held_lines(
    codes: NDArray[np.uint32],
    end: int,
    words: int,
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    starts: NDArray[np.bool_],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Count the lines in which a phrase starts."""
    held, line_end = 0, 0
    for word in range(words):
        at = bounds[np.uintp(2 * word)]
        if not starts[np.uintp(start_key(codes, at, bounds[np.uintp(2 * word + 1)], lower))]:
            continue
        if at >= line_end and phrase_end(codes, at, end, keys, bits, lengths, traits, lower) >= 0:
            held += 1
            line_end = at
            while line_end < end and codes[np.uintp(line_end)] != NEWLINE:
                line_end += 1
    return held


@njit(cache=True)
def measure_boilerplate(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.bool_],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write the column of ``BOILERPLATE_SIGNALS``, shape (documents, 1).

    ``list_of_doc`` to ``starts``: what ``boilerplate_lists`` returns. Memory: 16 bytes a character
    of the longest document.
    """
    longest = 0
    for document in range(len(offsets) - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    bounds = np.empty(2 * longest + 2, dtype=np.int64)
    for document in range(len(offsets) - 1):
        which, start, end = list_of_doc[document], offsets[document], offsets[document + 1]
        words = word_bounds(codes, start, end, traits, bounds)
        held = _held_lines(
            codes, end, words, bounds,
            keys[which], bits[which], lengths[which], starts[which], traits, lower,
        )  # fmt: skip
        out[document, 0] = held / max(_lines(codes, start, end, traits), 1) if held else 0.0
