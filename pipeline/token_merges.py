"""Byte-pair merges: the two neighbours of the lowest rank become one token, until none can.

Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words with Subword Units",
section 3.2, over bytes. Of equal ranks the one further left goes first. A heap holds the pairs, so
a piece of n bytes takes n log n steps, where looking for the lowest anew each time takes n².
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.hashing import mix, span_hash
from language_id.inner import inner

NONE = -1
SHORT = 32
"""Bytes of a piece for which looking is faster than a heap."""
_HIGHEST = 0x7FFFFFFF
_RANK_BITS = np.uint64(32)
_PLACE = np.int64(0xFFFFFFFF)


class Index(NamedTuple):
    """Keys to tokens by open addressing: two to the power of n slots, half of them empty or more.

    A slot without a token holds NONE. Keys are 64 bits, of a pair of tokens exact, of a span of
    characters or bytes its hash.
    """

    keys: NDArray[np.uint64]
    tokens: NDArray[np.int32]


class Merges(NamedTuple):
    """What merging needs: tokens of bytes, of pairs of bytes, and of pairs of tokens."""

    of_byte: NDArray[np.int32]
    """Shape (256,)."""
    of_bytes: NDArray[np.int32]
    """Shape (65536,): of the first byte times 256 and the second; most pieces begin with it."""
    of_pair: Index


class Scratch(NamedTuple):
    """Room for one piece of n bytes; ``tokens`` of those still alive, linked by ``after``."""

    tokens: NDArray[np.int32]
    after: NDArray[np.int32]
    before: NDArray[np.int32]
    ranks: NDArray[np.int32]
    """Of each token with the one behind it; NONE where they do not merge."""
    heap: NDArray[np.int64]
    """Ranks and places: n - 1 at first, and each merge takes one and adds two, so less than 2 n."""


def empty_index(count: int) -> Index:
    """Return an index with room for ``count`` tokens."""
    slots = 1 << (2 * max(count, 1) - 1).bit_length()
    return Index(np.zeros(slots, dtype=np.uint64), np.full(slots, NONE, dtype=np.int32))


def scratch(count: int) -> Scratch:
    """Return room for a piece of ``count`` bytes."""
    tokens, after, before, ranks = np.empty((4, count), dtype=np.int32)
    return Scratch(tokens, after, before, ranks, np.empty(2 * count, dtype=np.int64))


@inner
def pair_key(left: np.int32, right: np.int32) -> np.uint64:
    """Return two tokens in one number, which is not zero."""
    return (np.uint64(left) << _RANK_BITS | np.uint64(right)) + np.uint64(1)


@inner
def found(index: Index, key: np.uint64) -> np.int32:
    """Return the token of a key, or NONE."""
    last = np.uint64(len(index.keys) - 1)
    slot = mix(key) & last
    while index.tokens[slot] != NONE:
        if index.keys[slot] == key:
            return np.int32(index.tokens[slot])
        slot = (slot + np.uint64(1)) & last
    return np.int32(NONE)


@inner
def put(index: Index, key: np.uint64, token: int) -> None:
    """Give a key its token; the first one stays where it has one."""
    last = np.uint64(len(index.keys) - 1)
    slot = mix(key) & last
    while index.tokens[slot] != NONE:
        if index.keys[slot] == key:
            return
        slot = (slot + np.uint64(1)) & last
    index.keys[slot], index.tokens[slot] = key, token


@njit(cache=True)
def index_spans(
    index: Index,
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    tokens: NDArray[np.int32],
) -> None:
    """Give each span ``codes[offsets[i]:offsets[i + 1]]`` its token."""
    for i in range(len(tokens)):
        put(index, span_hash(codes, offsets[i], offsets[i + 1]), tokens[i])


@njit(cache=True)
def index_pairs(
    index: Index, spans: Index, codes: NDArray[np.uint32], offsets: NDArray[np.int64]
) -> int:
    """Give each pair of tokens the token it makes; return how many there are.

    ``codes``: the bytes of all tokens, in order; ``spans``: the tokens of these bytes. An index
    that is too small takes none, so that a first call counts.
    """
    count = 0
    for token in range(len(offsets) - 1):
        start, end = offsets[token], offsets[token + 1]
        for cut in range(start + 1, end):
            left = found(spans, span_hash(codes, start, cut))
            if left == NONE:
                continue
            right = found(spans, span_hash(codes, cut, end))
            if right != NONE:
                count += 1
                if 2 * count <= len(index.keys):
                    put(index, pair_key(left, right), token)
    return count


@inner
def to_bytes(codes: NDArray[np.uint32], start: int, end: int, merges: Merges, room: Scratch) -> int:
    """Fill ``room`` with the tokens of the UTF-8 bytes of ``codes[start:end]``; return how many."""
    count = 0
    for at in range(start, end):
        code = np.int64(codes[np.uintp(at)])
        if code < 0x80:
            count = _with(room, merges, count, code)
            continue
        if code < 0x800:
            count = _with(room, merges, count, 0xC0 | code >> 6)
        else:
            if code < 0x10000:
                count = _with(room, merges, count, 0xE0 | code >> 12)
            else:
                count = _with(room, merges, count, 0xF0 | code >> 18)
                count = _with(room, merges, count, 0x80 | (code >> 12 & 0x3F))
            count = _with(room, merges, count, 0x80 | (code >> 6 & 0x3F))
        count = _with(room, merges, count, 0x80 | (code & 0x3F))
    return count


@inner
def _with(room: Scratch, merges: Merges, count: int, byte: np.int64) -> int:
    """Return the count with a byte more."""
    room.tokens[np.uintp(count)] = merges.of_byte[np.uintp(byte)]
    room.ranks[np.uintp(count)] = byte  # until pairs are looked for
    return count + 1


@inner
def merge(merges: Merges, room: Scratch, count: int) -> int:
    """Merge ``count`` tokens of bytes in place; return how many are left, the first at 0."""
    size = 0
    for at in range(count):
        room.before[np.uintp(at)], room.after[np.uintp(at)] = at - 1, at + 1
        rank = np.int32(NONE)
        if at + 1 < count:
            two = room.ranks[np.uintp(at)] << 8 | room.ranks[np.uintp(at + 1)]
            rank = merges.of_bytes[np.uintp(two)]
        room.ranks[np.uintp(at)] = rank
        if rank != NONE and count > SHORT:
            size = _push(room.heap, size, np.int64(rank) << 32 | at)
    if count > SHORT:
        return _merged_by_heap(merges, room, count, size)
    return _merged_by_looking(merges, room, count)


@inner
def _merged_by_looking(merges: Merges, room: Scratch, count: int) -> int:
    """Merge a short piece: the lowest rank is looked for each time."""
    left = count
    while True:
        lowest, place, at = np.int32(_HIGHEST), np.int64(0), np.int64(0)
        while at < count:
            rank = room.ranks[np.uintp(at)]
            if NONE < rank < lowest:
                lowest, place = rank, at
            at = np.int64(room.after[np.uintp(at)])
        if lowest == _HIGHEST:
            return left
        _join(merges, room, count, place, lowest)
        left -= 1


@inner
def _merged_by_heap(merges: Merges, room: Scratch, count: int, size: int) -> int:
    """Merge a long piece: a heap of ``size`` pairs knows the lowest rank."""
    left = count
    while size:
        lowest = room.heap[0]
        size = _pop(room.heap, size)
        at, rank = lowest & _PLACE, np.int32(lowest >> 32)
        if room.ranks[np.uintp(at)] != rank:  # merged meanwhile, or its neighbour was
            continue
        _join(merges, room, count, at, rank)
        left -= 1
        if room.ranks[np.uintp(at)] != NONE:
            size = _push(room.heap, size, np.int64(room.ranks[np.uintp(at)]) << 32 | at)
        ahead = np.int64(room.before[np.uintp(at)])
        if ahead >= 0 and room.ranks[np.uintp(ahead)] != NONE:
            size = _push(room.heap, size, np.int64(room.ranks[np.uintp(ahead)]) << 32 | ahead)
    return left


@inner
def _join(merges: Merges, room: Scratch, count: int, at: np.int64, token: np.int32) -> None:
    """Make the token at ``at`` and the one behind it one; find what its neighbours make with it."""
    gone = np.int64(room.after[np.uintp(at)])
    behind = np.int64(room.after[np.uintp(gone)])
    room.tokens[np.uintp(at)], room.after[np.uintp(at)] = token, behind
    room.ranks[np.uintp(gone)] = room.ranks[np.uintp(at)] = NONE
    if behind < count:
        room.before[np.uintp(behind)] = at
        room.ranks[np.uintp(at)] = _paired(merges, token, room.tokens[np.uintp(behind)])
    ahead = np.int64(room.before[np.uintp(at)])
    if ahead >= 0:
        room.ranks[np.uintp(ahead)] = _paired(merges, room.tokens[np.uintp(ahead)], token)


@inner
def _paired(merges: Merges, left: np.int32, right: np.int32) -> np.int32:
    """Return what two neighbours make."""
    return found(merges.of_pair, pair_key(left, right))


@inner
def _push(heap: NDArray[np.int64], size: int, value: np.int64) -> int:
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[np.uintp(parent)] <= value:
            break
        heap[np.uintp(at)] = heap[np.uintp(parent)]
        at = parent
    heap[np.uintp(at)] = value
    return size + 1


@inner
def _pop(heap: NDArray[np.int64], size: int) -> int:
    """Take the lowest value off; return the heap's new size."""
    size -= 1
    value, at = heap[np.uintp(size)], 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[np.uintp(child + 1)] < heap[np.uintp(child)]:
            child += 1
        if heap[np.uintp(child)] >= value:
            break
        heap[np.uintp(at)] = heap[np.uintp(child)]
        at = child
    heap[np.uintp(at)] = value
    return size
