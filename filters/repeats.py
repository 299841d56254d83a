r"""Text that stands more than once in a corpus: pieces of texts, their hashes, and the cut.

A piece is a line, or a block of lines between empty ones. Two are the same where they are after
lower-casing and with every run of white space as one space: punctuation and numbers count, since a
price list of another year is another text.

An extractor writes a paragraph of a page as one line, so lines are what CCNet (Wenzek et al. 2020,
arXiv:1911.00359, section 3) calls paragraphs; plain text wrapped by hand needs blocks.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import BLANK, FLAGS
from filters.line_edits_kernel import KINDS, Edits, piece_spans
from filters.lines import count_of, next_newline
from filters.spans import NEWLINE, as_key
from language_id.decoded import Characters
from language_id.hashing import ABSORB, BITS, GOLDEN, mix
from language_id.inner import inner
from language_id.words import LOWER

SITE_LINE = KINDS.index("repeats.site_line")
PARAGRAPH = KINDS.index("repeats.paragraph")
EXEMPT = np.uint64(0)
SPACE = np.uint32(0x20)


class Pieces(NamedTuple):
    """Pieces that are not blank, as spans ``starts:ends`` of a batch's code points.

    ``hashes``: 64 bits of the normalised text, ``EXEMPT`` where it is too short to be asked about.
    Document d owns pieces ``doc_offsets[d]:doc_offsets[d + 1]``. 24 bytes a piece.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    doc_offsets: NDArray[np.int64]

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of each piece."""
        return np.repeat(np.arange(len(self.doc_offsets) - 1), np.diff(self.doc_offsets))


def pieces_of(characters: Characters, *, blocks: bool, minimum_chars: int) -> Pieces:
    r"""Return the pieces of each document: lines, or ``blocks`` parted by two newlines or more.

    A piece of fewer than ``minimum_chars`` characters, white space aside, is exempt. Time is linear
    in characters.
    """
    codes, offsets = characters
    documents = len(offsets) - 1
    room = int(count_of(codes, offsets[0], offsets[-1], NEWLINE)) + documents
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    hashes, doc_offsets = np.empty(room, dtype=np.uint64), np.zeros(documents + 1, dtype=np.int64)
    newlines = 2 if blocks else 1
    count = _find_pieces(
        codes, offsets, newlines, minimum_chars, FLAGS, LOWER, starts, ends, hashes, doc_offsets
    )
    return Pieces(starts[:count], ends[:count], hashes[:count], doc_offsets)


def without_pieces(
    characters: Characters, pieces: Pieces, gone: NDArray[np.bool_], kind: int
) -> Edits:
    """Return the removal of the pieces that ``gone`` marks, of ``kind`` in ``KINDS``.

    Between pieces that stay, the newlines are as the other line edits leave them.
    """
    bounds = (pieces.starts, pieces.ends)
    return Edits(*piece_spans(characters.offsets, *bounds, gone, pieces.doc_offsets, kind))


@inner
def _piece_end(codes: NDArray[np.uint32], at: int, end: int, newlines: int) -> tuple[int, int]:
    """Return where the piece that starts at ``at`` ends, and where the next may start."""
    while True:
        stop = next_newline(codes, at, end)
        after = stop
        while after < end and codes[np.uintp(after)] == NEWLINE:
            after += 1
        if after == end or after - stop >= newlines:
            return stop, after
        at = after


@inner
def normalised_hash(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    flags: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> tuple[np.uint64, int]:
    """Return the hash of a span's normalised text, and how many characters are not white space.

    Three code points at a time, as ``language_id.hashing.span_hash`` takes them; their number is
    mixed in last, since it is known last.
    """
    state, three = GOLDEN, np.uint64(0)
    length = filled = 0
    gap = False
    for at in range(start, end):
        code = codes[np.uintp(at)]
        if flags[np.uintp(code)] & BLANK:
            gap = filled > 0
            continue
        for written in range(2):
            if written == 0 and not gap:
                continue
            own = lower[np.uintp(code)] if written else SPACE
            three |= np.uint64(own) << (BITS * np.uint64(length % 3))
            length += 1
            if length % 3 == 0:
                state = (state ^ three) * ABSORB
                state ^= state >> np.uint64(32)
                three = np.uint64(0)
        gap = False
        filled += 1
    state = (state ^ three) * ABSORB
    state ^= state >> np.uint64(32)
    return mix(state ^ (np.uint64(length) * GOLDEN)), filled


@njit(cache=True)
def _find_pieces(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    newlines: int,
    minimum_chars: int,
    flags: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
) -> int:
    count = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        while at < end:
            if codes[np.uintp(at)] == NEWLINE:
                at += 1
                continue
            stop, after = _piece_end(codes, at, end, newlines)
            value, filled = normalised_hash(codes, at, stop, flags, lower)
            if filled:
                starts[count], ends[count] = at, stop
                hashes[count] = as_key(value) if filled >= minimum_chars else EXEMPT
                count += 1
            at = after
        doc_offsets[document + 1] = count
    return count
