"""Line edits: the texts C4 and RefinedWeb would have left, and what they would have removed.

A step reads the text the step before it left. Nothing here changes a text in place: a caller gets
spans of the text it gave, and makes the new text from them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from filters import line_edits_kernel as kernel
from filters.flags import FLAGS
from filters.line_edits_kernel import KINDS, Edits
from filters.lines import lines_of
from filters.pii import Span
from filters.refinedweb import counter_lists
from filters.span_kernel import edited, joined_spans
from filters.traits import TRAITS
from language_id.decoded import Characters
from language_id.words import LOWER

STEPS: Final = ("c4", "c4_original", "refinedweb")
"""C4 as FineWeb runs it; as published, where a line must end in a terminal mark; RefinedWeb."""


class Removed(NamedTuple):
    """One removed piece: code points ``start`` to ``end`` of the unedited text, and what did it."""

    start: int
    end: int
    kind: str


def line_edits(characters: Characters, langs: Sequence[str], steps: Sequence[str]) -> Edits:
    """Return what the steps, one after the other, remove from each document.

    ``characters``: the batch; ``langs``: a label per document, for the counter words of its
    language; ``steps``: of ``STEPS``. Time is linear in characters.
    """
    documents = len(characters.offsets)
    edits = Edits(
        np.zeros(0, dtype=np.int64),
        np.zeros(0, dtype=np.int64),
        np.zeros(0, dtype=np.uint8),
        np.zeros(documents, dtype=np.int64),
    )
    left = characters
    for step in steps:
        later = _step(step, left, langs)
        edits, left = followed_by(characters, edits, left, later), without(left, later)
    return edits


def followed_by(characters: Characters, edits: Edits, left: Characters, later: Edits) -> Edits:
    """Return two removals as one: ``edits``, then ``later`` from the text that it left."""
    return Edits(*joined_spans(characters.offsets, *edits, left.offsets, *later))


def _step(step: str, characters: Characters, langs: Sequence[str]) -> Edits:
    codes, offsets = characters
    if step == "refinedweb":
        counters = counter_lists(langs)
        lists = (counters.list_of_doc, counters.keys, counters.bits, counters.lengths)
        found = lines_of(characters)
        lines = (found.starts, found.ends, found.counts, found.doc_offsets)
        return Edits(*kernel.refinedweb_spans(codes, offsets, *lines, *lists, TRAITS, LOWER))
    if step not in STEPS:
        raise ValueError(f"no line edits are called {step!r}; there are: {', '.join(STEPS)}")
    return Edits(*kernel.c4_spans(codes, offsets, step == "c4_original", FLAGS))


def without(characters: Characters, edits: Edits) -> Characters:
    """Return the batch without the removed spans; what measures texts can measure it."""
    codes, offsets = edited(*characters, edits.starts, edits.ends, edits.doc_offsets)
    codes.flags.writeable = False
    return Characters(codes, offsets)


def removed(characters: Characters, edits: Edits) -> list[list[Removed]]:
    """Return the removed pieces of each document, in its own code points."""
    bounds, starts, ends = edits.doc_offsets.tolist(), edits.starts.tolist(), edits.ends.tolist()
    kinds = [KINDS[kind] for kind in edits.kinds.tolist()]
    return [
        [
            Removed(starts[span] - offset, ends[span] - offset, kinds[span])
            for span in range(first, last)
        ]
        for offset, first, last in zip(
            characters.offsets.tolist(), bounds[:-1], bounds[1:], strict=False
        )
    ]


def moved(pieces: Sequence[Span], edits: Sequence[Removed]) -> list[Span]:
    """Return spans of the unedited text as spans of the edited one, both sorted and apart.

    A span that lost all its characters is gone; one that lost some covers what is left of it.
    """
    found: list[Span] = []
    lost = passed = 0
    for piece in pieces:
        bounds = []
        for at in (piece.start, piece.end):
            while passed < len(edits) and edits[passed].end <= at:
                lost += edits[passed].end - edits[passed].start
                passed += 1
            inside = max(0, at - edits[passed].start) if passed < len(edits) else 0
            bounds.append(at - lost - inside)
        if bounds[0] < bounds[1]:
            found.append(Span(bounds[0], bounds[1], piece.kind))
    return found
