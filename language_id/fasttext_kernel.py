"""fastText's prediction (Joulin et al. 2016, arXiv:1607.01759) over many texts at once.

The same words, character n-grams, hashes and losses as the library's; sums are taken in its order
and its precision. What makes it faster: rows are unpacked, texts come in one buffer, and of a tree
of labels only those branches are followed that may hold one of the best.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.inner import inner

_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)
_LITTLE: Final = 1e-5
"""Added by the library before each logarithm."""
_BOW, _EOW = 0x3C, 0x3E


class Tables(NamedTuple):
    """A model in the form the kernels read; see ``fasttext_file.ModelFile``.

    ``slots``: an open-addressed table of words by hash, each a word's number + 1, a power of two
    long. ``letters`` and ``bounds``: all words in one buffer. ``pruned`` is empty if there is none.
    """

    minn: int
    maxn: int
    bucket: int
    hierarchical: bool
    end_row: int
    slots: NDArray[np.int32]
    letters: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    pruned: NDArray[np.int32]
    kept: NDArray[np.uint8]
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]


@inner
def _hashed(value: np.uint32, byte: int) -> np.uint32:
    """One step of FNV-1a, over signed characters as in the library."""
    signed = np.uint32(byte) | (np.uint32(0xFFFFFF00) if byte >= 0x80 else np.uint32(0))
    return np.uint32((value ^ signed) * _PRIME)


@inner
def hash_of(text: NDArray[np.uint8], start: int, end: int) -> np.uint32:
    """Return the hash of a stretch."""
    value = _OFFSET
    for at in range(start, end):
        value = _hashed(value, text[at])
    return value


@inner
def _word(tables: Tables, text: NDArray[np.uint8], start: int, end: int) -> int:
    """Return a word's number, -1 for one that is not known."""
    mask = len(tables.slots) - 1
    slot = np.int64(hash_of(text, start, end)) & mask
    while tables.slots[slot]:
        word = tables.slots[slot] - 1
        first, last = tables.bounds[word], tables.bounds[word + 1]
        if last - first == end - start:
            equal = True
            for step in range(end - start):
                equal &= tables.letters[first + step] == text[start + step]
            if equal:
                return int(word)
        slot = (slot + 1) & mask
    return -1


@inner
def _add(hidden: NDArray[np.float32], row: NDArray[np.float32]) -> None:
    for place in range(len(hidden)):
        hidden[place] += row[place]


@inner
def _add_ngrams(
    tables: Tables, word: NDArray[np.uint8], size: int, hidden: NDArray[np.float32]
) -> int:
    """Add the rows of a word's character n-grams; return how many. ``word`` has its two ends."""
    added, words = 0, len(tables.bounds) - 1
    for first in range(size):
        if word[first] & 0xC0 == 0x80:
            continue
        value, at, count = _OFFSET, first, 1
        while at < size and count <= tables.maxn:
            value = _hashed(value, word[at])
            at += 1
            while at < size and word[at] & 0xC0 == 0x80:
                value = _hashed(value, word[at])
                at += 1
            if count >= tables.minn and not (count == 1 and (first == 0 or at == size)):
                row = np.int64(value) % tables.bucket
                if len(tables.pruned):
                    kept = tables.kept[row >> 3] >> np.uint8(row & 7) & 1
                    row = np.int64(tables.pruned[row]) if kept else np.int64(-1)
                if row >= 0:
                    _add(hidden, tables.inputs[words + row])
                    added += 1
            count += 1
    return added


@inner
def _is_space(byte: int) -> bool:
    return byte == 0x20 or 0x09 <= byte <= 0x0D or byte == 0


@njit(cache=True)
def _read(
    tables: Tables, text: NDArray[np.uint8], start: int, end: int, hidden: NDArray[np.float32]
) -> None:
    """Write the mean of all rows of a line of text, and of the end of the line."""
    hidden[:] = 0
    added, at = 0, start
    word = np.empty(end - start + 2, np.uint8)
    while at < end:
        if _is_space(text[at]):
            at += 1
            continue
        first = at
        while at < end and not _is_space(text[at]):
            at += 1
        number = _word(tables, text, first, at)
        if number >= 0:
            _add(hidden, tables.inputs[number])
            added += 1
        if tables.maxn > 0:
            size = at - first + 2
            word[0], word[size - 1] = _BOW, _EOW
            word[1 : size - 1] = text[first:at]
            added += _add_ngrams(tables, word, size, hidden)
    if tables.end_row >= 0:
        _add(hidden, tables.inputs[tables.end_row])
        added += 1
    if added:
        hidden *= np.float32(1.0 / added)


@inner
def _dot(row: NDArray[np.float32], hidden: NDArray[np.float32]) -> np.float32:
    found = np.float32(0)
    for place in range(len(hidden)):
        found += row[place] * hidden[place]
    return found


@inner
def _insert(
    label: int, score: float, labels: NDArray[np.int32], scores: NDArray[np.float32], filled: int
) -> int:
    """Keep the best in order, equal ones by label; return how many there are."""
    room = len(labels)
    place = filled
    while place and (
        scores[place - 1] < score or (scores[place - 1] == score and labels[place - 1] > label)
    ):
        place -= 1
    if place == room:
        return filled
    filled = min(filled + 1, room)
    for at in range(filled - 1, place, -1):
        labels[at], scores[at] = labels[at - 1], scores[at - 1]
    labels[place], scores[place] = label, score
    return filled


@njit(cache=True)
def _descend(
    tables: Tables,
    hidden: NDArray[np.float32],
    least: float,
    labels: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> int:
    """Find the best labels of the tree, the likelier branch first; return how many."""
    count, filled = len(tables.outputs), 0
    nodes = np.empty(2 * count, np.int32)
    logs = np.empty(2 * count, np.float32)
    nodes[0], logs[0], waiting = 2 * count - 2, 0.0, 1
    while waiting:
        waiting -= 1
        node, log = nodes[waiting], logs[waiting]
        if log < least or (filled == len(labels) and log < scores[filled - 1]):
            continue
        if node < count:
            filled = _insert(node, log, labels, scores, filled)
            continue
        inner = node - count
        right = 1.0 / (1.0 + np.exp(-_dot(tables.outputs[inner], hidden)))
        log_right = np.float32(log + np.float32(np.log(right + _LITTLE)))
        log_left = np.float32(log + np.float32(np.log(1.0 - right + _LITTLE)))
        step = 1 if right >= 0.5 else 0
        nodes[waiting + step], logs[waiting + step] = tables.right[inner], log_right
        nodes[waiting + 1 - step], logs[waiting + 1 - step] = tables.left[inner], log_left
        waiting += 2
    return filled


@njit(cache=True)
def _choose(
    tables: Tables,
    hidden: NDArray[np.float32],
    least: float,
    labels: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> int:
    """Find the best labels of a softmax over all; return how many."""
    count, filled = len(tables.outputs), 0
    found = np.empty(count, np.float32)
    for label in range(count):
        found[label] = _dot(tables.outputs[label], hidden)
    found = np.exp(found - found.max())
    total = found.sum()
    for label in range(count):
        log = np.float32(np.log(found[label] / total + _LITTLE))
        if log >= least:
            filled = _insert(label, float(log), labels, scores, filled)
    return filled


@njit(cache=True, nogil=True)
def best(
    tables: Tables,
    text: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    candidates: int,
    threshold: float,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the best labels and their scores, shape (texts, candidates); label -1 where none is.

    ``text``, ``offsets``: UTF-8 and n + 1 bounds; a text is one line. Labels under ``threshold``
    are left out. A text without anything the model knows has none.
    """
    texts = len(offsets) - 1
    labels = np.full((texts, candidates), -1, np.int32)
    scores = np.zeros((texts, candidates), np.float32)
    hidden = np.empty(tables.inputs.shape[1], np.float32)
    least = np.log(threshold + _LITTLE)
    for place in range(texts):
        _read(tables, text, offsets[place], offsets[place + 1], hidden)
        if tables.hierarchical:
            filled = _descend(tables, hidden, least, labels[place], scores[place])
        else:
            filled = _choose(tables, hidden, least, labels[place], scores[place])
        for at in range(filled):
            scores[place, at] = np.exp(scores[place, at])
    return labels, scores
