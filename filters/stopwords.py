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
from filters.word_kernel import sequence_key
from language_id.words import token_hashes, tokenize

DATA = Path(__file__).parent / "data" / "stopwords.json"
ENGLISH = ("the", "be", "to", "of", "and", "that", "have", "with")
MAX_TOKENS = 62


class StopLists(NamedTuple):
    """The lists of a batch's languages, for ``filters.word_kernel.count_stop_words``."""

    list_of_doc: NDArray[np.int64]
    keys: NDArray[np.uint64]
    bits: NDArray[np.int64]
    lengths: NDArray[np.int64]


class _List(NamedTuple):
    keys: NDArray[np.uint64]
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
    encoded = [
        f"{word}a".encode() if is_clitic else word.encode()
        for word, is_clitic in zip(words, clitics, strict=True)
    ]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    tokens = tokenize(data, offsets)
    hashes = token_hashes(data, tokens, lower=True)
    bits = set_bits(len(encoded))
    keys = np.zeros(1 << bits, dtype=np.uint64)
    lengths = 0
    ends = tokens.doc_offsets[1:] - np.array(clitics, dtype=np.int64)
    for first, end in zip(tokens.doc_offsets[:-1], ends, strict=True):
        if 0 < end - first <= MAX_TOKENS:
            key = np.uint64(sequence_key(hashes, first, end - first))
            keys[slot_of(keys, bits, key)] = key
            lengths |= 1 << int(end - first)
    return _List(keys, bits, lengths)


def stop_lists(langs: Sequence[str]) -> StopLists:
    """Return the lists for documents of these languages; ``list_of_doc`` is -1 without one."""
    known = stop_words()
    order = {lang: place for place, lang in enumerate(sorted(set(langs) & known.keys()))}
    found = [_hashed(lang) for lang in order]
    room = max((len(each.keys) for each in found), default=1)
    keys = np.zeros((len(found), room), dtype=np.uint64)
    for row, each in zip(keys, found, strict=True):
        row[: len(each.keys)] = each.keys
    return StopLists(
        np.array([order.get(lang, -1) for lang in langs], dtype=np.int64),
        keys,
        np.array([each.bits for each in found], dtype=np.int64),
        np.array([each.lengths for each in found], dtype=np.int64),
    )
