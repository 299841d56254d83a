"""Kernels lifted to Arrow: texts in, every column a decision could need out."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedup.exact import text_hashes
from dedup.minhash import signatures
from dedup.shingling import FIVE_WORDS, Shingling, shingles_of
from filters.rights import RightsSignal, opt_outs
from filters.signals import but_repetition, repetition
from filters.web_docs_table import menu_chars
from filters.word_lists import WordLists
from language_id.decoded import decoded
from language_id.identify import Identification, Identifier
from language_id.lines import line_language_shares
from language_id.words import token_hashes, tokenize
from pipeline.config import Config
from pipeline.quality import quality_scores
from pipeline.schema import DOCUMENTS, OPT_OUTS, schema
from pipeline.tokens import TokenCounter

DOCUMENTS_SCHEMA = schema(DOCUMENTS)
BYTES_AT_ONCE = 512 << 10
"""Text measured at once: what the kernels make of it, some ten times as much, stays in the caches
near a core, while what each call costs besides is spread over enough of it."""


class Tools(NamedTuple):
    """What is loaded once per process: language model, lists of flagged words, tokenizer."""

    identifier: Identifier
    flagged: WordLists
    tokens: TokenCounter


def documents(pages: Sequence[Mapping[str, Any]], tools: Tools, config: Config) -> pa.RecordBatch:
    """Rows of the documents table for extracted pages.

    Each page has the columns of its record and the sandbox's result; all or none are ``identified``
    already (``pipeline.screening``). Every text is tokenised once
    and shared by all kernels; memory is linear in the batch.
    """
    plain = [page["text"] for page in pages]
    texts = pa.array(plain, pa.string())
    known = [page["identified"] for page in pages if "identified" in page]
    found = known or tools.identifier.identify(plain)
    langs = [identification.labels[0] for identification in found]
    columns: dict[str, Any] = {name: [p[name] for p in pages] for name in pages[0]}
    columns |= {"text": texts, "lang": langs} | _language(found) | _opt_outs(columns["rights"])
    duplicates = config.duplicates
    columns |= measured(texts, langs, duplicates.hashes, tools, duplicates.shingling)
    columns["quality_score"] = quality_scores(plain, config.quality)
    return pa.record_batch(
        [_array(columns[field.name], field.type) for field in DOCUMENTS_SCHEMA], DOCUMENTS_SCHEMA
    )


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def utf8(texts: pa.Array) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Bytes (uint8) and n + 1 offsets (int64) of a string array, without a copy of the text."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1]
    buffer = texts.buffers()[2]
    data = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    return data, offsets.astype(np.int64)


def _language(found: Sequence[Identification]) -> dict[str, Any]:
    return {
        "lang_score": [identification.scores[0] for identification in found],
        "lang_top": [
            [{"label": label, "score": score} for label, score in zip(*one, strict=True)]
            for one in found
        ],
    }


def _opt_outs(rights: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, list[int]]:
    objections = [opt_outs([RightsSignal(**signal) for signal in page]) for page in rights]
    return {
        column.name: [int(column.name.removeprefix("optout_") in found) for found in objections]
        for column in OPT_OUTS
    }


def measured(
    texts: pa.Array,
    langs: Sequence[str],
    hashes: int,
    tools: Tools,
    shingling: Shingling = FIVE_WORDS,
) -> dict[str, Any]:
    """Every column the kernels make of texts; ``langs``: a label per text.

    Whatever the batch, they are handed texts of about ``BYTES_AT_ONCE`` at a time.
    """
    parts = [
        _measured(texts[first:end], langs[first:end], hashes, tools, shingling)
        for first, end in pairwise(_bounds(texts))
    ]
    return {name: _joined([part[name] for part in parts]) for name in parts[0]}


def _bounds(texts: pa.Array) -> list[int]:
    """Where a batch is cut: two bounds at least."""
    _, offsets = utf8(texts)
    cuts = np.arange(offsets[0] + BYTES_AT_ONCE, offsets[-1], BYTES_AT_ONCE)
    inner = np.unique(np.searchsorted(offsets, cuts))
    return [0, *(int(cut) for cut in inner if 0 < cut < len(texts)), len(texts)]


def _joined(columns: Sequence[Any]) -> Any:
    """One column of those of several batches."""
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    return [value for column in columns for value in column]


def _measured(
    texts: pa.Array, langs: Sequence[str], hashes: int, tools: Tools, shingling: Shingling
) -> dict[str, Any]:
    data, offsets = utf8(texts)
    characters = decoded(data, offsets)
    shares = line_language_shares(tools.identifier, *characters, langs, menu_chars(langs))
    tokens = tokenize(characters)
    words = token_hashes(characters, tokens)
    columns: dict[str, Any] = {
        "text_bytes": np.diff(offsets).astype(np.int32),
        "token_count": tools.tokens.counts(characters),
        "text_hash": [
            row.tobytes() for row in text_hashes(words.lower, tokens.kinds, tokens.doc_offsets)
        ],
        "signature": _signed(*shingles_of(characters, tokens, words.lower, shingling), hashes),
    }
    signals, pieces = but_repetition(characters, tokens, words, langs, tools.flagged, shares)
    del tokens, words, characters  # of a long text, 40 bytes a character
    return columns | signals | repetition(pieces, signals["char_count"])


def _signed(
    shingles: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any], hashes: int
) -> list[bytes]:
    """Signature of each document, empty without shingles; these are freed before what follows."""
    rows, some = signatures(shingles, offsets, hashes), np.diff(offsets) > 0
    return [row.tobytes() if any_ else b"" for row, any_ in zip(rows, some, strict=True)]
