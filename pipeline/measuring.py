"""Texts measured outside a run: the kernels and the cleaning that extraction uses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.signals import SIGNALS, measure
from filters.word_lists import builtin, merged
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline.clean import clean

BATCH_CHARS = 2 << 20


def measured(texts: Sequence[str], lang: str) -> dict[str, NDArray[Any]]:
    """Every signal of each text, taken to be in that language; shape (texts,) each."""
    characters = characters_of(texts)
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens)
    langs, own_language = [lang] * len(texts), np.ones(len(texts))
    return measure(characters, tokens, hashes, langs, merged(builtin()), own_language)


def measured_all(texts: Iterable[str], lang: str) -> dict[str, NDArray[Any]]:
    """The same for any number of texts, cleaned first; empty ones are left out."""
    parts = [measured(batch, lang) for batch in _batches(texts)]
    return {
        s.name: np.concatenate([np.zeros(0, s.dtype), *(part[s.name] for part in parts)])
        for s in SIGNALS
    }


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    chars = 0
    for text in texts:
        cleaned = clean(text)
        if not cleaned:
            continue
        batch.append(cleaned)
        chars += len(cleaned)
        if chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch
