"""Lists of phrases per language, as sets of hashes for ``filters.phrase_kernel``.

A list of a language holds its own phrases and those of "*", which are looked for in every
language: the English ones, for pages in any language carry them. Lower case is the simple one of
``language_id.words.LOWER``: Turkish in capitals, whose I is no i, is not found.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.phrase_kernel import (
    MAX_BETWEEN_CHARS,
    MAX_PHRASE_CHARS,
    START_BITS,
    add_phrase,
    add_starts,
)
from filters.spans import set_bits
from filters.stacks import Stack
from filters.traits import TRAITS
from language_id.decoded import characters_of
from language_id.words import LOWER, Tokens, token_hashes, tokenize

DATA = Path(__file__).parent / "data"
ANY = "*"


class PhraseLists(NamedTuple):
    """The lists of a batch's documents; list l is the set ``keys[l, :1 << bits[l]]``.

    ``list_of_doc``: (documents,), the list of each; bit k of ``lengths[l]``: list l holds a phrase
    of k words; ``starts[l]``: a bit for each beginning of a hash, set for the tokens its phrases
    start with.
    """

    list_of_doc: NDArray[np.int64]
    keys: NDArray[np.uint64]
    bits: NDArray[np.int64]
    lengths: NDArray[np.int64]
    starts: NDArray[np.uint8]


class _List(NamedTuple):
    keys: NDArray[np.uint64]
    bits: int
    lengths: int
    starts: NDArray[np.uint8]


class Phrases(Mapping[str, tuple[str, ...]]):
    """Phrases by language label; "*" stands for all languages."""

    def __init__(self, table: Mapping[str, tuple[str, ...]]) -> None:
        self._table = table
        self._stack = Stack(self._list, (np.uint64, np.int64, np.int64, np.uint8), (1, 0, 0, 1))

    def __getitem__(self, lang: str) -> tuple[str, ...]:
        return self._table[lang]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def lists(self, langs: Sequence[str]) -> PhraseLists:
        """Return the lists for documents of these languages; that of "*" alone for others."""
        [common], *_ = self._stack.of([ANY], (ANY,))
        return PhraseLists(*self._stack.of(langs, self._table, int(common)))

    def _list(self, lang: str) -> _List:
        common = tuple(self._table.get(ANY, ()))
        return _hashed(common if lang == ANY else (*self._table[lang], *common))


@cache
def phrases(name: str) -> Phrases:
    """Return the phrases of ``data/{name}.tsv``."""
    found: dict[str, tuple[str, ...]] = {}
    lines = (DATA / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[2:]:
        lang, listed = line.split("\t")
        found[lang] = tuple(listed.split(" | "))
    return Phrases(found)


def first_tokens(phrase: str) -> set[str]:
    """Return the tokens a phrase may start with in a text, whatever stands behind its first word.

    >>> sorted(first_tokens("log in")), sorted(first_tokens("s inscrire"))
    (['log', 'log-', "log'in", 'log’in'], ["s'inscrire", 's', 's-', 's’inscrire'])
    """
    first, _, rest = phrase.partition(" ")
    spellings = [phrase, *(f"{first}{mark}{rest}" for mark in "-'’" if rest)]
    found = set()
    for spelling in spellings:
        tokens = tokenize(characters_of([spelling]))
        found |= {
            spelling[start:end]
            for start, end in zip(tokens.starts[:1], tokens.ends[:1], strict=True)
        }
    return found


def _hashed(listed: tuple[str, ...]) -> _List:
    bits = set_bits(sum(map(len, listed)))  # a word has a character or more
    keys = np.zeros(1 << bits, dtype=np.uint64)
    lengths = 0
    for phrase in listed:
        codes = np.array([ord(character) for character in phrase], dtype=np.uint32)
        words = add_phrase(codes, keys, bits, TRAITS, LOWER)
        if not words or len(phrase) + words * MAX_BETWEEN_CHARS >= MAX_PHRASE_CHARS:
            raise ValueError(f"the phrase {phrase!r} has no words or is too long")
        lengths |= 1 << words
    starts = np.zeros(1 << START_BITS >> 3, dtype=np.uint8)
    firsts = sorted({first for one in listed for first in first_tokens(one)})
    characters = characters_of(firsts)
    offsets, places = characters.offsets, characters.offsets.astype(np.int32)
    whole = Tokens(places[:-1], places[1:], np.zeros(len(firsts), np.uint8), offsets)
    add_starts(token_hashes(characters, whole).lower, starts)
    return _List(keys, bits, lengths, starts)
