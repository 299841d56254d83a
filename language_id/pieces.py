"""Pieces: words as the field's tokenisers cut them, for the rules whose bounds were set on these.

FineWeb-2's bounds were set on what datatrove's tokenisers find (Penedo et al. 2025,
arXiv:2506.20920; huggingface/datatrove, assets/tokenizer_assignment.csv): spaCy's for most
languages, whose defaults keep "IP/06/123", "--help" and "open(2)" whole (explosion/spaCy,
lang/punctuation.py), segmenters for scripts without spaces. A token is finer
(``language_id.words``): on a page rich in symbols fewer hold a letter, and n-grams are more and
shorter. So signals that count or average words, and repetition, are of pieces. Signatures, text
hashes, stop words and flagged words are of tokens, which depend on no language.

Pieces are tokens without space between them, glued or cut:

- Brackets, quotation marks, commas, stops, currency signs and icons around a word are cut off, each
  character a piece, but a run of "." or "-" one. "-", "/", "~", "@" and a single full stop before a
  word stay ("-a", "/etc"). A full stop behind a word is cut off, but not an abbreviation's, which
  stands behind one capital ("U.S."); "%", "+" and currency behind a digit are.
- Inside what is left, ":", "<", ">", "=" and "/" are cut out before a letter, commas and dashes
  between letters, "+", "-", "*" and "^" between digits, ellipses and icons everywhere, a hyphen
  between letters; an apostrophe between letters starts a piece ("don", "'t"). An address, which
  starts with "www." or holds "://", is not cut.
- ``data/piece_languages.tsv`` says which languages do otherwise: a hyphen does not cut in German,
  an ordinal number keeps its full stop there, an elided article its apostrophe in French ("l'").
- In languages written without spaces symbols stay alone, letters and numbers are parted, and a run
  of the script's characters is cut by them: ``language_id.piece_unspaced``.

Where this leaves spaCy: it has no lists of abbreviations, emoticons, units or exceptions, knows no
word, and Maltese, for which the field uses Stanza's treebank words, keeps the hyphen of "il-". With
it 99 % of documents and more fare under each rule of Gopher and FineWeb-2 as with datatrove, but
for what docs/fidelity.md names.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.decoded import Characters
from language_id.hashing import span_hash
from language_id.inner import inner
from language_id.piece_classes import (
    BITS,
    EACH_SYMBOL,
    EXTENDS,
    LETTER,
    NO_SPACES,
    NUMBER,
    NUMBER_DOT,
    habits_of,
)
from language_id.piece_kernel import cut_spaced
from language_id.piece_symbols import Bits, Codes, bits_at, closes
from language_id.piece_unspaced import cut_mixed
from language_id.words import ALPHABETIC, JOINED, NO_SPACE, WORD, Hashes, Tokens

KINDS = WORD | ALPHABETIC
CUTS_WORDS = NO_SPACES | EACH_SYMBOL | NUMBER_DOT
"""Habits that cut words which are whole elsewhere."""


class Pieces(NamedTuple):
    """Spans of characters ``starts[p]:ends[p]`` in the batch, the kind and the hash of each.

    ``kinds``: the bits WORD and ALPHABETIC of ``language_id.words``; ``exact``: ``span_hash`` of
    the code points, as ``Hashes.exact``. Document d owns pieces ``doc_offsets[d]:doc_offsets[d +
    1]``. 17 bytes a piece.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    exact: NDArray[np.uint64]
    doc_offsets: NDArray[np.int64]


@inner
def _kind_of_part(codes: Codes, bits: Bits, start: int, end: int) -> int:
    """The kind of a part of a word."""
    found = 0
    for at in range(start, end):
        found |= bits_at(codes, bits, at)
    if found & LETTER:
        return WORD | ALPHABETIC
    return WORD if found & NUMBER or bits_at(codes, bits, start) & EXTENDS else 0


@inner
def _describe(
    codes: Codes,
    bits: Bits,
    tokens: Tokens,
    hashes: NDArray[np.uint64],
    pieces: Pieces,
    token: int | np.integer,
    piece: int | np.integer,
    count: int,
) -> None:
    """Fill in kind and hash of ``piece`` up to ``count``, which start with ``token`` or behind."""
    token_starts, token_ends, token_kinds, _ = tokens
    starts, ends, kinds, exact, _ = pieces
    for own in range(np.int64(piece), count):
        start, end = starts[own], ends[own]
        while token_ends[token] <= start:
            token += 1
        if token_starts[token] == start and token_ends[token] == end:
            kinds[own], exact[own] = token_kinds[token] & KINDS, hashes[token]
            continue
        kind, other = 0, token
        while other < len(token_starts) and token_starts[other] < end:
            first, last = max(token_starts[other], start), min(token_ends[other], end)
            if last - first == token_ends[other] - token_starts[other]:
                kind |= token_kinds[other]
            elif token_kinds[other] & WORD:
                kind |= _kind_of_part(codes, bits, first, last)
            other += 1
        kinds[own], exact[own] = kind & KINDS, span_hash(codes, start, end)


@inner
def _cut_document(
    codes: Codes,
    bits: Bits,
    tokens: Tokens,
    hashes: NDArray[np.uint64],
    document: int,
    habits: int,
    pieces: Pieces,
    count: int,
) -> int:
    """Write a document's pieces behind the first ``count``; how many there are then.

    Most chunks are a word, or a word and a mark behind it, and need no more than a look.
    """
    token_starts, token_ends, token_kinds, token_offsets = tokens
    starts, ends, kinds, exact, _ = pieces
    token, last = np.uintp(token_offsets[document]), np.uintp(token_offsets[document + 1])
    while token < last:
        first, piece = token, np.uintp(count)
        start, end, found = token_starts[first], token_ends[first], token_kinds[first]
        whole = found & (WORD | NO_SPACE | JOINED) == WORD
        plain = whole and not habits & CUTS_WORDS
        starts[piece], ends[piece] = start, end
        kinds[piece], exact[piece] = found & KINDS, hashes[first]
        count += 1
        token += np.uintp(1)
        if token == last or token_starts[token] != end:
            if plain or end - start == 1:
                continue
        else:
            word_end = end
            while token < last and token_starts[token] == end:
                found |= token_kinds[token]
                end = token_ends[token]
                token += np.uintp(1)
            behind = token - np.uintp(1)
            if plain and end - word_end == 1 and not token_kinds[behind] & WORD:
                if closes(codes, bits, start, word_end, end, habits):
                    piece = np.uintp(count)
                    starts[piece], kinds[piece], exact[piece] = word_end, 0, hashes[behind]
                    count += 1
                else:
                    exact[piece] = span_hash(codes, start, end)
                ends[piece] = end
                continue
        chunk = int(np.int64(first)), int(np.int64(token))
        if found & NO_SPACE or habits & NO_SPACES:
            count = cut_mixed(
                codes, bits, token_starts, token_ends, token_kinds, *chunk, habits, starts, count
            )
        else:
            count = cut_spaced(
                codes, bits, token_starts, token_ends, token_kinds, *chunk, habits, starts, count
            )
        count -= int(starts[count - 1] == end)
        for own in range(np.int64(piece), count):
            ends[own] = starts[own + 1] if own + 1 < count else end
        _describe(codes, bits, tokens, hashes, pieces, np.int64(first), piece, count)
    return count


@njit(cache=True)
def _cut_batch(
    codes: Codes,
    offsets: NDArray[np.int64],
    bits: Bits,
    tokens: Tokens,
    hashes: NDArray[np.uint64],
    habits: NDArray[np.int64],
    pieces: Pieces,
) -> int:
    count = 0
    for document in range(len(offsets) - 1):
        pieces.doc_offsets[document] = count
        count = _cut_document(
            codes, bits, tokens, hashes, document, habits[document], pieces, count
        )
    pieces.doc_offsets[len(offsets) - 1] = count
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
    codes, offsets = characters
    room = int(offsets[-1] - offsets[0]) + 1
    pieces = Pieces(
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.uint8),
        np.empty(room, dtype=np.uint64),
        np.zeros(len(offsets), dtype=np.int64),
    )
    count = _cut_batch(codes, offsets, BITS, tokens, hashes.exact, habits_of(langs), pieces)
    starts, ends, kinds, exact, doc_offsets = pieces
    return Pieces(starts[:count], ends[:count], kinds[:count], exact[:count], doc_offsets)
