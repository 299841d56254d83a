"""Words: the project's only tokeniser, and 64-bit hashes of what it finds.

Letters, marks and numbers run together, joined as UAX #29 joins them (rules WB4 to WB13b); every
other character that is not white space is a token of its own, a run of the same one ("...", "--")
a single token. Where this leaves UAX #29, and why:

- Scripts written without spaces give a token per character with its marks, Katakana included.
- A colon joins letters, as in Swedish and Finnish ("EU:n"), which version 15.1 left to tailoring.
- A hyphen between letters ends the word before it ("il-", "baħar"; "est-", "il"). Maltese writes
  its article so: with a token for every hyphen, too few of its tokens would hold a letter for the
  bounds set on treebank words, and its stop words "il-" and "l-" would be no words.
- Every number is Numeric (UAX #29: decimal digits only), so "m²" and "½" are words, not breaks.
- Narrow no-break space is space: French sets it before "!".
- Control characters and zero width space are space; other format characters stay with the
  character before them and are skipped where there is none.
- Private-use and unassigned characters are symbols: on the web they are icons.
- Emoji sequences are not joined.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.characters import lower_table
from language_id.decoded import Characters
from language_id.growing import enlarged
from language_id.hashing import hash_and_change, mapped_hash
from language_id.inner import inner
from language_id.word_classes import CLASSES, FORMAT
from language_id.word_ends import ALPHABETIC, JOINED, NO_SPACE, WORD, token_end
from language_id.word_runs import CLASS_BITS, KINDS, LONGEST_PLAIN, MASK, class_at, find_runs

__all__ = [
    "ALPHABETIC",
    "JOINED",
    "LOWER",
    "NO_SPACE",
    "WORD",
    "Hashes",
    "Tokens",
    "token_hashes",
    "tokenize",
]

TOKENS_SHARE = 2
"""Room for a token in so many characters at first: more than most texts have."""


class Tokens(NamedTuple):
    """Spans of characters ``starts[t]:ends[t]`` in the batch, and the kind of each.

    Document d owns tokens ``doc_offsets[d]:doc_offsets[d + 1]``. 9 bytes a token.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    doc_offsets: NDArray[np.int64]


class Hashes(NamedTuple):
    """64 bits for each token: of its code points, and of their lower case; shape (tokens,)."""

    exact: NDArray[np.uint64]
    lower: NDArray[np.uint64]


LOWER = lower_table()
LOWER.flags.writeable = False


@inner
def _cut_document(
    codes: NDArray[np.uint32],
    end: int,
    classes: NDArray[np.uint8],
    runs: NDArray[np.int32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    count: int,
) -> int:
    """Write a document's tokens behind the first ``count``; how many there are then."""
    run, token, at = np.uintp(0), np.uintp(count), runs[0]
    one, two, bits = np.uintp(1), np.uintp(2), np.uintp(CLASS_BITS)
    three = class_at(codes, at, end, classes) << bits | class_at(codes, runs[1], end, classes)
    while at < end:
        three = (three << bits & MASK) | class_at(codes, runs[run + two], end, classes)
        own = three >> (bits + bits)
        starts[token], stop = at, runs[run + one]
        if stop - at <= LONGEST_PLAIN[three]:
            ends[token], kinds[token] = stop, KINDS[own]
            token += np.uintp(own > np.uintp(FORMAT))
            at = stop
            run += one
            continue
        at, kinds[token] = token_end(codes, at, stop, end, classes)
        ends[token] = at
        token += one
        while runs[run + one] <= at < end:
            run += one
        three = class_at(codes, at, end, classes) << bits
        three |= class_at(codes, runs[run + one], end, classes)
    return np.int64(token)  # type: ignore[return-value]


@njit(cache=True)
def _tokenize(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
    longest = np.max(offsets[1:] - offsets[:-1]) if len(offsets) > 1 else 0
    runs = np.empty(longest + 2, dtype=np.int32)
    count = 0
    for document in range(len(offsets) - 1):
        doc_offsets[document] = count
        start, end = offsets[document], offsets[document + 1]
        find_runs(codes, start, end, classes, runs)
        room = count + end - start + 1
        if room > len(starts):
            starts = enlarged(starts, room + len(starts))
            ends = enlarged(ends, room + len(ends))
            kinds = enlarged(kinds, room + len(kinds))
        count = _cut_document(codes, end, classes, runs, starts, ends, kinds, count)
    doc_offsets[len(offsets) - 1] = count
    return starts[:count], ends[:count], kinds[:count]


def tokenize(characters: Characters) -> Tokens:
    """Return the tokens of each document of a batch.

    No token crosses a document's end. Time is linear in characters for any input. Memory: 9 bytes
    a token, three times that where texts hold uncommonly many.
    """
    codes, offsets = characters
    room = int(offsets[-1] - offsets[0]) // TOKENS_SHARE
    starts = np.empty(room, dtype=np.int32)
    ends = np.empty(room, dtype=np.int32)
    kinds = np.empty(room, dtype=np.uint8)
    doc_offsets = np.zeros(len(offsets), dtype=np.int64)
    starts, ends, kinds = _tokenize(codes, offsets, CLASSES, starts, ends, kinds, doc_offsets)
    return Tokens(starts, ends, kinds, doc_offsets)


@njit(cache=True)
def _hash_tokens(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    lower: NDArray[np.uint32],
    exact_hashes: NDArray[np.uint64],
    lower_hashes: NDArray[np.uint64],
) -> None:
    for token in range(len(starts)):
        start, end = starts[token], ends[token]
        found, is_changed = hash_and_change(codes, start, end, lower)
        exact_hashes[token] = lower_hashes[token] = found
        if is_changed:  # as one token in eight
            lower_hashes[token] = mapped_hash(codes, start, end, lower)


def token_hashes(characters: Characters, tokens: Tokens) -> Hashes:
    """Return ``span_hash`` of each token's code points, and of their lower case.

    Lower case is the simple one, code point for code point, a final sigma as a plain one. 16 bytes
    a token.
    """
    exact = np.empty(len(tokens.starts), dtype=np.uint64)
    lower = np.empty(len(tokens.starts), dtype=np.uint64)
    _hash_tokens(characters.codes, tokens.starts, tokens.ends, LOWER, exact, lower)
    return Hashes(exact, lower)
