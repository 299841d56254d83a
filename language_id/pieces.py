"""Pieces."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.decoded import Characters
from language_id.hashing import span_hash
from language_id.piece_classes import BITS, EXTENDS, LETTER, NO_SPACES, NUMBER, habits_of
from language_id.piece_kernel import Bits, Codes, Places, bits_at, cut_chunk, closes, find_joints
from language_id.piece_unspaced import cut_mixed
from language_id.words import ALPHABETIC, NO_SPACE, WORD, Hashes, Tokens


class Pieces(NamedTuple):
    """Spans of characters ``starts[p]:ends[p]`` in the batch, the kind and the hash of each.

    ``kinds``: the bits WORD and ALPHABETIC of ``language_id.words``; ``exact``: ``span_hash`` of
    the code points, as ``Hashes.exact``. Document d owns pieces ``doc_offsets[d]:doc_offsets[d +
    1]``. 25 bytes a piece.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    exact: NDArray[np.uint64]
    doc_offsets: NDArray[np.int64]


@njit(cache=True)
def _kind_of_part(codes: Codes, bits: Bits, start: int, end: int) -> int:
    """The kind of a part of a word."""
    found = 0
    for at in range(start, end):
        found |= bits_at(codes, bits, at)
    if found & LETTER:
        return WORD | ALPHABETIC
    return WORD if found & NUMBER or bits_at(codes, bits, start) & EXTENDS else 0


@njit(cache=True)
def _describe(
    codes: Codes,
    bits: Bits,
    token_starts: Places,
    token_ends: Places,
    token_kinds: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    token: int,
    last: int,
    starts: Places,
    ends: Places,
    kinds: NDArray[np.uint8],
    exact: NDArray[np.uint64],
    piece: int,
    count: int,
) -> None:
    """Fill in the rest of the pieces ``piece:count`` of a chunk, from its tokens."""
    stop = token_ends[last - 1]
    for own in range(piece, count):
        start = starts[own]
        end = ends[own] = starts[own + 1] if own + 1 < count else stop
        while token_ends[token] <= start:
            token += 1
        if token_starts[token] == start and token_ends[token] == end:
            kinds[own] = token_kinds[token] & (WORD | ALPHABETIC)
            exact[own] = hashes[token]
            continue
        kind, other = 0, token
        while other < last and token_starts[other] < end:
            first, beyond = token_starts[other], token_ends[other]
            if first >= start and beyond <= end:
                kind |= token_kinds[other]
            elif token_kinds[other] & WORD:
                kind |= _kind_of_part(codes, bits, max(first, start), min(beyond, end))
            other += 1
        kinds[own] = kind & (WORD | ALPHABETIC)
        exact[own] = span_hash(codes, start, end)


@njit(cache=True)
def _cut_batch(
    codes: Codes,
    bits: Bits,
    offsets: NDArray[np.int64],
    token_starts: Places,
    token_ends: Places,
    token_kinds: NDArray[np.uint8],
    token_offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    habits_of_doc: NDArray[np.int64],
    starts: Places,
    ends: Places,
    kinds: NDArray[np.uint8],
    exact: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
) -> int:
    longest = np.max(offsets[1:] - offsets[:-1]) if len(offsets) > 1 else 0
    joints = np.empty(longest + 1, dtype=np.int64)
    count = 0
    for document in range(len(habits_of_doc)):
        doc_offsets[document] = count
        find_joints(codes, offsets[document], offsets[document + 1], joints)
        joint = np.uintp(0)
        habits = habits_of_doc[document]
        token, last = np.uintp(token_offsets[document]), np.uintp(token_offsets[document + 1])
        while token < last:
            first = token
            start, end = token_starts[first], token_ends[first]
            while joints[joint] < start:
                joint += np.uintp(1)
            plain = joints[joint] >= end
            token += np.uintp(1)
            found = token_kinds[first]
            starts[np.uintp(count)] = start
            ends[np.uintp(count)] = end
            kinds[np.uintp(count)] = found & (WORD | ALPHABETIC)
            exact[np.uintp(count)] = hashes[first]
            own = np.uintp(count)
            count += 1
            if token == last or token_starts[token] != end:
                if plain and found & (WORD | NO_SPACE) == WORD and not habits & NO_SPACES:
                    continue
            else:
                one = plain and found & (WORD | NO_SPACE) == WORD and not habits & NO_SPACES
                word_end = end
                while token < last and token_starts[token] == end:
                    found |= token_kinds[token]
                    end = token_ends[token]
                    token += np.uintp(1)
                if one and end == word_end + 1 and not token_kinds[token-1] & WORD:
                    if not closes(codes, bits, start, word_end, end, habits):
                        ends[own] = end
                        exact[own] = span_hash(codes, start, end)
                        continue
                    starts[np.uintp(count)] = word_end
                    ends[np.uintp(count)] = end
                    kinds[np.uintp(count)] = 0
                    exact[np.uintp(count)] = hashes[token-np.uintp(1)]
                    count += 1
                    continue
            if found & NO_SPACE or habits & NO_SPACES:
                count = cut_mixed(
                    codes, bits, token_starts, token_ends, token_kinds,
                    np.int64(first), np.int64(token), habits, starts, count,
                )  # fmt: skip
            else:
                count = cut_chunk(
                    codes, bits, token_starts, token_ends, token_kinds,
                    np.int64(first), np.int64(token), habits, starts, count,
                )  # fmt: skip
            count -= starts[count - 1] == end
            _describe(
                codes, bits, token_starts, token_ends, token_kinds, hashes, np.int64(first), np.int64(token),
                starts, ends, kinds, exact, np.int64(own), count,
            )  # fmt: skip
    doc_offsets[len(habits_of_doc)] = count
    return count


def pieces_of(
    characters: Characters, tokens: Tokens, hashes: Hashes, langs: Sequence[str]
) -> Pieces:
    """Return the pieces of each document of a batch.

    ``tokens``, ``hashes``: what ``tokenize`` and ``token_hashes`` found in ``characters``;
    ``langs``: a label such as "fra_Latn" per document. No piece crosses a document's end or holds
    white space; together they hold the characters of the tokens. Time is linear in characters for
    any input.
    """
    room = int(characters.offsets[-1] - characters.offsets[0]) + 1
    starts = np.empty(room, dtype=np.int64)
    ends = np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    exact = np.empty(room, dtype=np.uint64)
    doc_offsets = np.zeros(len(characters.offsets), dtype=np.int64)
    count = _cut_batch(
        characters.codes, BITS, characters.offsets, *tokens, hashes.exact, habits_of(langs),
        starts, ends, kinds, exact, doc_offsets,
    )  # fmt: skip
    return Pieces(starts[:count], ends[:count], kinds[:count], exact[:count], doc_offsets)
