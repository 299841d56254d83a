"""Flagged words per language, as sets of token hashes: adult and spam terms, whole words only.

``data/flagged_words.tsv`` is the project's own list, conservative: words and phrases that ordinary
prose of the language nearly never has, so no slur that is news or history, no word of medicine or
law, none that is another word as well. A list of insults would reject what is written about
insults. Other lists, such as LDNOOBW's that C4 used, can be named in the configuration.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.flagged_kernel import FIRST_BITS
from filters.spans import set_bits, slot_of
from filters.stacks import Stack
from filters.vocabulary_kernel import sequence_key
from language_id.decoded import characters_of
from language_id.labels import UNKNOWN, canonical
from language_id.words import token_hashes, tokenize

DATA: Final = Path(__file__).parent / "data" / "flagged_words.tsv"
MAX_TOKENS: Final = 62


class FlaggedLists(NamedTuple):
    """The lists of a batch's languages, for ``filters.flagged_kernel.count_flagged_words``."""

    list_of_doc: NDArray[np.int64]
    keys: NDArray[np.uint64]
    bits: NDArray[np.int64]
    lengths: NDArray[np.int64]


class _List(NamedTuple):
    keys: NDArray[np.uint64]
    bits: int
    lengths: NDArray[np.int64]


class WordLists:
    """Words and phrases by language label, hashed when a batch first has the language."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        self.words = {lang: tuple(sorted(set(own))) for lang, own in words.items()}
        self._stack = Stack(self._list, (np.uint64, np.int64, np.int64), (1, 0, 1))

    def of(self, langs: Sequence[str]) -> FlaggedLists:
        """Return the lists for documents of these languages; ``list_of_doc`` is -1 without one."""
        return FlaggedLists(*self._stack.of(langs, self.words))

    def _list(self, lang: str) -> _List:
        return _hashed(self.words[lang])


def _hashed(words: Sequence[str]) -> _List:
    characters = characters_of(words)
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens).lower
    bits = set_bits(len(words))
    keys = np.zeros(1 << bits, dtype=np.uint64)
    lengths = np.zeros(1 << FIRST_BITS, dtype=np.int64)
    for first, end in zip(tokens.doc_offsets[:-1], tokens.doc_offsets[1:], strict=True):
        if 0 < end - first <= MAX_TOKENS:
            key = np.uint64(sequence_key(hashes, first, end - first))
            keys[slot_of(keys, bits, key)] = key
            lengths[int(hashes[first]) >> (64 - FIRST_BITS)] |= 1 << int(end - first)
    return _List(keys, bits, lengths)


def parsed(line: str, lang: str | None = None) -> tuple[str, str] | None:
    r"""Return label and word of a line "label, word" parted by a tab, None where it is none.

    With ``lang`` (a label, or any code for the language) the whole line is a word of it, as in
    LDNOOBW's files, each named by its language's ISO 639-1 code.

    >>> parsed("fin_Latn\tsana"), parsed("a phrase", "de"), parsed("sana"), parsed("qqq9\tsana")
    (('fin_Latn', 'sana'), ('deu_Latn', 'a phrase'), None, None)
    """
    code, tab, word = (lang or "", "\t", line) if lang else line.partition("\t")
    label = canonical(code)
    word = word.strip()
    return (label, word) if tab and word and "\t" not in word and label != UNKNOWN else None


def merged(*lists: Mapping[str, Iterable[str]]) -> WordLists:
    """Return one list a language of all that these have."""
    words: dict[str, list[str]] = {}
    for own in lists:
        for lang, found in own.items():
            words.setdefault(lang, []).extend(found)
    return WordLists(words)


@cache
def builtin() -> Mapping[str, tuple[str, ...]]:
    """Return the words that are shipped, by label."""
    words: dict[str, list[str]] = {}
    for line in DATA.read_text(encoding="utf-8").splitlines():
        entry = None if line.startswith("#") else parsed(line)
        if entry:
            words.setdefault(entry[0], []).append(entry[1])
    return {lang: tuple(own) for lang, own in words.items()}
