"""Tokens of texts: a piece is a token, or was seen before, or its bytes are merged."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.decoded import Characters, characters_of
from language_id.hashing import span_hash
from language_id.inner import inner
from pipeline.token_merges import (
    NONE,
    Index,
    Merges,
    Scratch,
    empty_index,
    found,
    index_pairs,
    index_spans,
    merge,
    scratch,
    to_bytes,
)
from pipeline.token_pieces import CLASSES, piece_end

MAX_PIECE_CHARS: Final = 2000
MEMO_SLOTS: Final = 1 << 16


class Vocabulary(NamedTuple):
    """A tokenizer, as its kernels read it."""

    classes: NDArray[np.uint8]
    whole: Index
    """Tokens that are valid UTF-8, by the hash of their characters."""
    longest: int
    """Characters of the longest of these."""
    merges: Merges


class Memo(NamedTuple):
    """Pieces merged before: their hashes, and how many tokens they are; 0: an empty slot.

    A piece has one slot, which the last of those that share it keeps. 800 KB, for a core's cache.
    """

    keys: NDArray[np.uint64]
    counts: NDArray[np.int32]


def vocabulary(tokens: Sequence[bytes]) -> Vocabulary:
    """Return the vocabulary of the bytes of each token, by rank; every byte is one of them."""
    data = np.frombuffer(b"".join(tokens), dtype=np.uint8).astype(np.uint32)
    data.flags.writeable = False  # as characters are: one compiled form for both
    offsets = np.array([0, *accumulate(map(len, tokens))], dtype=np.int64)
    spans = empty_index(len(tokens))
    index_spans(spans, data, offsets, np.arange(len(tokens), dtype=np.int32))
    pairs = empty_index(index_pairs(empty_index(0), spans, data, offsets))
    index_pairs(pairs, spans, data, offsets)
    texts = [(rank, text) for rank, token in enumerate(tokens) if (text := _text(token))]
    characters = characters_of(text for _, text in texts)
    whole = empty_index(len(texts))
    index_spans(whole, *characters, np.array([rank for rank, _ in texts], dtype=np.int32))
    longest = max(len(text) for _, text in texts)
    return Vocabulary(CLASSES, whole, longest, _merges(tokens, pairs))


def _text(token: bytes) -> str | None:
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _merges(tokens: Sequence[bytes], pairs: Index) -> Merges:
    of_byte = np.full(1 << 8, NONE, dtype=np.int32)
    of_bytes = np.full(1 << 16, NONE, dtype=np.int32)
    for rank, token in enumerate(tokens):
        if len(token) == 1:
            of_byte[token[0]] = rank
        elif len(token) == 2:
            of_bytes[int.from_bytes(token, "big")] = rank
    return Merges(of_byte, of_bytes, pairs)


def empty_memo() -> Memo:
    """Return a memo of nothing."""
    return Memo(np.zeros(MEMO_SLOTS, dtype=np.uint64), np.zeros(MEMO_SLOTS, dtype=np.int32))


@njit(cache=True)
def _counts(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    vocabulary: Vocabulary,
    memo: Memo,
    room: Scratch,
) -> NDArray[np.int32]:
    counts = np.zeros(len(offsets) - 1, dtype=np.int32)
    for document in range(len(offsets) - 1):
        at, last = offsets[document], offsets[document + 1]
        count = 0
        while at < last:
            end = piece_end(codes, vocabulary.classes, at, last)
            while at < end:
                cut = min(at + MAX_PIECE_CHARS, end)
                count += _piece_count(codes, at, cut, vocabulary, memo, room)
                at = cut
        counts[document] = count
    return counts


@inner
def _piece_count(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    vocabulary: Vocabulary,
    memo: Memo,
    room: Scratch,
) -> int:
    """Return the tokens of a piece; only one that could be a token is looked for and remembered."""
    could_be_token = end - start <= vocabulary.longest
    key, slot = np.uint64(0), np.uintp(0)
    if could_be_token:
        key = span_hash(codes, start, end)
        if found(vocabulary.whole, key) != NONE:
            return 1
        slot = np.uintp(key & np.uint64(MEMO_SLOTS - 1))
        if memo.keys[slot] == key and memo.counts[slot] > 0:
            return int(memo.counts[slot])
    count = merge(vocabulary.merges, room, to_bytes(codes, start, end, vocabulary.merges, room))
    if could_be_token:
        memo.keys[slot], memo.counts[slot] = key, count
    return count


def counts(characters: Characters, vocabulary: Vocabulary, memo: Memo) -> NDArray[np.int32]:
    """Return the tokens of each document of a batch, shape (documents,); fills the memo.

    Time is linear in characters, up to the logarithm of a piece's length. A piece of more than
    MAX_PIECE_CHARS characters is cut, so that it takes little memory: each cut adds at most a few
    tokens. What is looked for by a hash of 64 bits may be another piece, one time in 10^13.
    """
    return _counts(*characters, vocabulary, memo, _room())


def _room() -> Scratch:
    """Room for any piece that is not cut."""
    return scratch(4 * MAX_PIECE_CHARS)


@njit(cache=True)
def _encoded(codes: NDArray[np.uint32], vocabulary: Vocabulary, room: Scratch) -> NDArray[np.int32]:
    ids = np.empty(4 * len(codes), dtype=np.int32)
    filled, at = 0, 0
    while at < len(codes):
        end = piece_end(codes, vocabulary.classes, at, len(codes))
        while at < end:
            cut = min(at + MAX_PIECE_CHARS, end)
            filled += _encoded_piece(codes, at, cut, vocabulary, room, ids[filled:])
            at = cut
    return ids[:filled]


@inner
def _encoded_piece(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    vocabulary: Vocabulary,
    room: Scratch,
    ids: NDArray[np.int32],
) -> int:
    """Write the tokens of a piece; return how many there are."""
    whole = found(vocabulary.whole, span_hash(codes, start, end))
    if whole != NONE:
        ids[0] = whole
        return 1
    count = merge(vocabulary.merges, room, to_bytes(codes, start, end, vocabulary.merges, room))
    place = 0
    for number in range(count):
        ids[number] = room.tokens[place]
        place = room.after[place]
    return count


def encoded(characters: Characters, vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Return the ranks of a batch's tokens: what is counted, without what is remembered."""
    parts = [
        _encoded(characters.codes[start:end], vocabulary, _room())
        for start, end in zip(characters.offsets[:-1], characters.offsets[1:], strict=True)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts])
