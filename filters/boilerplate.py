"""Lines that carry the furniture of pages: "privacy policy", "read more", in many languages.

NeMo Curator's filter knows English phrases on cookies and terms, and counts paragraphs; this counts
lines, which the paragraphs of extracted text are, and knows the languages of the European Union and
its candidates (``data/boilerplate.tsv``), and English in pages of any language.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.line_counts import BLANKS
from filters.phrase_kernel import phrase_places
from filters.phrase_lists import PhraseLists, phrases
from filters.signal import Signal
from language_id.inner import inner

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
    return phrases("boilerplate").lists(langs)


@inner
def _held_lines(ends: NDArray[np.int32], places: NDArray[np.int64]) -> int:
    """Count the lines in which a phrase starts; ``ends``: of the document's lines."""
    held, line, last = 0, 0, -1
    for place in places:
        while ends[line] <= place:
            line += 1
        held += line != last
        last = line
    return held


@njit(cache=True)
def measure_boilerplate(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    token_starts: NDArray[np.int32],
    token_hashes: NDArray[np.uint64],
    token_offsets: NDArray[np.int64],
    line_starts: NDArray[np.int32],
    line_ends: NDArray[np.int32],
    line_counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.uint8],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write the column of ``BOILERPLATE_SIGNALS``, shape (documents, 1).

    ``token_starts``, ``token_hashes`` (of lower case) and ``token_offsets``: the tokens;
    ``line_starts`` to ``line_offsets``: of ``filters.lines.Lines``; ``list_of_doc`` to ``starts``:
    what ``boilerplate_lists`` returns. Memory: 8 bytes a token of the batch.
    """
    places = np.empty(len(token_starts), dtype=np.int64)
    for document in range(len(offsets) - 1):
        which = list_of_doc[document]
        own = slice(token_offsets[document], token_offsets[document + 1])
        count = phrase_places(
            codes, offsets[document + 1], token_starts[own], token_hashes[own],
            keys[which], bits[which], lengths[which], starts[which], traits, lower, places,
        )  # fmt: skip
        filled = 0
        for line in range(line_offsets[document], line_offsets[document + 1]):
            filled += line_ends[line] - line_starts[line] > line_counts[line, BLANKS]
        ends = line_ends[line_offsets[document] : line_offsets[document + 1]]
        out[document, 0] = _held_lines(ends, places[:count]) / max(filled, 1)
