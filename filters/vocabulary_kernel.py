"""Which words a document has: how many distinct ones, how evenly used, and its stop words.

Words are told apart by the 64-bit hash of their lower case. One set of keys with counts is filled
for each document; the stop words of its language are then looked up there, not each word in a list.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.counting import Counts, count_keys, entry_of, room_for
from filters.spans import as_key, set_bits, slot_of
from language_id.inner import inner
from language_id.words import WORD

SEQUENCE = np.uint64(0xD6E8FEB86659FD93)
NO_LIST = -1
WEIGHTS = np.array([0.0, *(count * np.log(count) for count in range(1, 1024))])
"""n ln n of small counts, as nearly all are."""


@inner
def sequence_key(hashes: NDArray[np.uint64], first: int, length: int) -> np.uint64:
    """Return the key of ``length`` token hashes in a row; of one, the hash itself."""
    key = hashes[first]
    for token in range(first + 1, first + length):
        key = key * SEQUENCE + hashes[token]
    return as_key(key)


@inner
def _spread(kinds: NDArray[np.uint8], entries: int, table: Counts) -> tuple[float, float]:
    """Distinct words by words, and the entropy of their distribution in nats."""
    words, distinct, weighted = 0, 0, 0.0
    for entry in range(entries):
        if kinds[table.firsts[entry]] & WORD:
            count = table.counts[entry]
            words += count
            distinct += 1
            if count < len(WEIGHTS):
                weighted += WEIGHTS[count]
            else:
                weighted += count * np.log(count)
    if words == 0:
        return 0.0, 0.0
    return distinct / words, np.log(words) - weighted / words


@inner
def _listed_words(table: Counts, bits: int, listed: NDArray[np.uint64]) -> tuple[int, int]:
    """Distinct entries of one token that occur, and how often they do together."""
    found, occurrences = 0, 0
    for key in listed:
        if key != 0:
            _, entry = entry_of(table, bits, key)
            if entry >= 0:
                found += 1
                occurrences += table.counts[entry]
    return found, occurrences


@inner
def _listed_sequences(
    hashes: NDArray[np.uint64],
    first: int,
    end: int,
    listed: NDArray[np.uint64],
    seen: NDArray[np.int64],
    bits: int,
    length: int,
    document: int,
) -> tuple[int, int]:
    """The same for entries of ``length`` tokens in a row; occurrences count tokens."""
    found, occurrences = 0, 0
    for start in range(first, end - length + 1):
        key = sequence_key(hashes, start, length)
        slot = slot_of(listed, bits, key)
        if listed[slot] == key:
            occurrences += length
            if seen[slot] != document:
                seen[slot] = document
                found += 1
    return found, occurrences


@njit(cache=True)
def measure_vocabulary(
    hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    listed: NDArray[np.uint64],
    sequences: NDArray[np.uint64],
    bits_of_list: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write 4 columns, in the order of ``filters.signals.VOCABULARY_SIGNALS``.

    They are: distinct stop words, -1 where the language has no list; the share of tokens that are
    stop words, 0 there; distinct words by words; and the entropy of the words in nats. ``hashes``:
    of lower-cased tokens. List l has its entries of one token in ``listed[l]`` (0: none), those of
    several in the set ``sequences[l, :1 << bits_of_list[l]]``; bit k of ``lengths[l]`` tells that
    it holds one of k tokens. Memory: up to 36 bytes a token of the
    longest document.
    """
    longest = np.max(doc_offsets[1:] - doc_offsets[:-1]) if len(doc_offsets) > 1 else 0
    table = room_for(longest)
    entries_of = np.empty(longest, dtype=np.int32)
    seen = np.full(sequences.shape[1], -1, dtype=np.int64)  # the last document with it
    for document in range(len(doc_offsets) - 1):
        first, end = doc_offsets[document], doc_offsets[document + 1]
        bits = set_bits(end - first)
        entries = count_keys(table, bits, hashes[first:end], entries_of)
        out[document, 2], out[document, 3] = _spread(kinds[first:end], entries, table)
        which = list_of_doc[document]
        if which < 0:
            out[document, 0], out[document, 1] = NO_LIST, 0
            continue
        found, occurrences = _listed_words(table, bits, listed[which])
        length, remaining = 2, lengths[which] >> 2
        while remaining:
            if remaining & 1:
                more = _listed_sequences(
                    hashes, first, end, sequences[which], seen, bits_of_list[which],
                    length, document,
                )  # fmt: skip
                found += more[0]
                occurrences += more[1]
            length += 1
            remaining >>= 1
        out[document, 0] = found
        out[document, 1] = min(occurrences / max(end - first, 1), 1.0)
