"""Stop words per language, as sets of token hashes.

``data/stopwords.json`` is FineWeb-2's (1,929 languages); English, which it lacks, has Gopher's
eight (Rae et al. 2021, A1.1). Both sides are lower-cased, unlike in the field's code, where "The"
at the start of a sentence does not count. An entry of several tokens ("s.", any Thai word) matches
these tokens in a row. One that ends in a hyphen ("il-", "tal-") stands before a word and is taken
for the token it is there.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.spans import set_bits, slot_of
from filters.stacks import Stack
from filters.vocabulary_kernel import sequence_key
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize

DATA = Path(__file__).parent / "data" / "stopwords.json"
ENGLISH = ("the", "be", "to", "of", "and", "that", "have", "with")
MAX_TOKENS = 62


class StopLists(NamedTuple):
    """The lists of a batch's languages, for ``filters.vocabulary_kernel.measure_vocabulary``."""

    list_of_doc: NDArray[np.int64]
    listed: NDArray[np.uint64]
    sequences: NDArray[np.uint64]
    bits: NDArray[np.int64]
    lengths: NDArray[np.int64]


class _List(NamedTuple):
    listed: NDArray[np.uint64]
    sequences: NDArray[np.uint64]
    bits: int
    lengths: int


@cache
def stop_words() -> dict[str, tuple[str, ...]]:
    """Return the stop words of each language, as published."""
    lists = json.loads(DATA.read_text(encoding="utf-8"))
    return {"eng_Latn": ENGLISH} | {lang: tuple(words) for lang, words in lists.items()}


@cache
def _hashed(lang: str) -> _List:
    words = stop_words()[lang]
    clitics = [word.endswith("-") for word in words]
    characters = characters_of(
        f"{word}a" if is_clitic else word for word, is_clitic in zip(words, clitics, strict=True)
    )
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens).lower
    ends = tokens.doc_offsets[1:] - np.array(clitics, dtype=np.int64)
    listed: set[int] = set()
    bits, lengths = set_bits(len(words)), 0
    sequences = np.zeros(1 << bits, dtype=np.uint64)
    for first, end in zip(tokens.doc_offsets[:-1], ends, strict=True):
        if not 0 < end - first <= MAX_TOKENS:
            continue
        key = np.uint64(sequence_key(hashes, first, end - first))
        if end - first == 1:
            listed.add(int(key))
        else:
            sequences[slot_of(sequences, bits, key)] = key
            lengths |= 1 << int(end - first)
    return _List(np.array(sorted(listed), dtype=np.uint64), sequences, bits, lengths)


@cache
def _stack() -> Stack:
    return Stack(_hashed, (np.uint64, np.uint64, np.int64, np.int64), (1, 1, 0, 0))


def stop_lists(langs: Sequence[str]) -> StopLists:
    """Return the lists for documents of these languages; ``list_of_doc`` is -1 without one."""
    return StopLists(*_stack().of(langs, stop_words()))
