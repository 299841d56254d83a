"""Words in addresses: pages whose own URL says what they are.

The three kinds of RefinedWeb (Penedo et al. 2023, arXiv:2306.01116, appendix G.1), each word with
the language of the pages it is looked for on, since an English word in an address may be any other
word elsewhere: "sex" is six in Swedish.

- strict: anywhere in the URL once all but letters and digits is taken out,
- hard: as a whole word of the URL,
- soft: as a whole word, of which a page may have one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from filters.rules import ANY
from filters.url_names import URL_CHARS
from filters.url_word_kernel import Tables, suspects, tables

DATA: Final = Path(__file__).parent / "data" / "url_words.tsv"
STRENGTHS: Final = ("strict", "hard", "soft")
_BREAK = re.compile(r"[\W_]+")


class UrlWord(NamedTuple):
    """One entry: a label, or "*" for every language; one of ``STRENGTHS``; a word in lower case."""

    lang: str
    strength: str
    word: str


class _Words(NamedTuple):
    strict: tuple[str, ...]
    hard: frozenset[str]
    soft: frozenset[str]


class UrlWords:
    """The words looked for on the pages of each language."""

    def __init__(self, entries: Iterable[UrlWord]) -> None:
        self._entries = frozenset(entries)
        self._of_lang: dict[str, _Words] = {}

    def of(self, lang: str) -> _Words:
        """The words for pages of a language: its own and those of every language."""
        if lang not in self._of_lang:
            own = {s: set[str]() for s in STRENGTHS}
            for entry in self._entries:
                if entry.lang in (ANY, lang):
                    own[entry.strength].add(entry.word)
            strict = tuple(sorted(own["strict"]))
            self._of_lang[lang] = _Words(strict, frozenset(own["hard"]), frozenset(own["soft"]))
        return self._of_lang[lang]

    @cached_property
    def tables(self) -> Tables:
        """The words of all languages together."""
        strict = {entry.word for entry in self._entries if entry.strength == "strict"}
        return tables({entry.word for entry in self._entries} - strict, strict)

    def count(self, url: str, lang: str) -> tuple[int, int]:
        """Return how many strict or hard words, and how many soft words, the URL holds.

        Each word counts once. Of a longer URL only the first ``URL_CHARS`` characters are read.
        """
        text = _readable(url[:URL_CHARS])
        own = self.of(lang)
        words = set(_BREAK.split(text))
        hard = words & own.hard
        glued = _BREAK.sub("", text)
        strict = {word for word in own.strict if word in glued}
        return len(hard | strict), len(words & own.soft)


def parsed(line: str) -> UrlWord | None:
    """Return the entry of a line "lang, strength, word" parted by tabs, None where it is none."""
    fields = line.split("\t")
    if len(fields) != 3 or fields[1] not in STRENGTHS:
        return None
    word = fields[2].lower()
    return None if not word or _BREAK.search(word) else UrlWord(fields[0], fields[1], word)


@cache
def builtin() -> tuple[UrlWord, ...]:
    """Return the words that are shipped."""
    lines = DATA.read_text(encoding="utf-8").splitlines()
    found = [parsed(line) for line in lines if line and not line.startswith("#")]
    return tuple(entry for entry in found if entry is not None)


def counted(
    words: UrlWords, urls: Sequence[str | None], langs: Sequence[str]
) -> Mapping[str, NDArray[Any]]:
    """Return ``url_hard_word_count`` and ``url_soft_word_count`` of each page, shape (pages,).

    Nearly all addresses hold no word of any language; only the others are taken apart.
    """
    raw = [(url or "").encode("utf-8", "surrogatepass") for url in urls]
    offsets = np.cumsum([0, *map(len, raw)], dtype=np.int64)
    data = np.frombuffer(b"".join(raw), np.uint8)
    columns = np.zeros((2, len(raw)), np.int32)
    for page in np.flatnonzero(suspects(data, offsets, URL_CHARS, *words.tables)).tolist():
        columns[:, page] = words.count(urls[page] or "", langs[page])
    return dict(zip(("url_hard_word_count", "url_soft_word_count"), columns, strict=True))


def _readable(url: str) -> str:
    """The URL without its scheme, in lower case, its escapes and punycode labels decoded."""
    text = url.partition("://")[2] or url
    if "%" in text:
        text = unquote(text, errors="ignore")
    text = text.lower()
    if "xn--" in text:
        text = _PUNYCODE.sub(lambda label: _decoded(label[0]), text)
    return text


_PUNYCODE = re.compile(r"xn--[a-z0-9-]{1,59}")


@lru_cache(maxsize=1 << 12)
def _decoded(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna").lower()
    except UnicodeError:
        return label
