"""Kernels lifted to Arrow: texts in, every column a decision could need out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.exact import text_hashes
from dedup.minhash import signatures
from dedup.shingles import shingle_hashes
from filters.rights import RightsSignal, opt_outs
from filters.signals import measure
from language_id.decoded import decoded
from language_id.identify import Identification, Identifier
from language_id.words import token_hashes, tokenize
from pipeline.config import Config
from pipeline.quality import quality_scores
from pipeline.schema import DOCUMENTS, OPT_OUTS, schema

DOCUMENTS_SCHEMA = schema(DOCUMENTS)


def documents(
    pages: Sequence[Mapping[str, Any]], identifier: Identifier, config: Config
) -> pa.RecordBatch:
    """Rows of the documents table for extracted pages.

    Each page has the columns of its record and the sandbox's result. Every text is tokenised once
    and shared by all kernels; memory is linear in the batch.
    """
    plain = [page["text"] for page in pages]
    texts = pa.array(plain, pa.string())
    found = identifier.identify(plain)
    langs = [identification.labels[0] for identification in found]
    columns: dict[str, Any] = {name: [p[name] for p in pages] for name in pages[0]}
    columns |= {"text": texts, "lang": langs} | _language(found) | _opt_outs(columns["rights"])
    columns |= _kernels(texts, langs, config.duplicates.hashes)
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


def _kernels(texts: pa.Array, langs: Sequence[str], hashes: int) -> dict[str, Any]:
    data, offsets = utf8(texts)
    characters = decoded(data, offsets)
    tokens = tokenize(characters)
    words = token_hashes(characters, tokens)
    shingles, shingle_offsets = shingle_hashes(words.lower, tokens.kinds, tokens.doc_offsets)
    signature = signatures(shingles, shingle_offsets, hashes)
    has_words = np.diff(shingle_offsets) > 0
    return {
        **measure(characters, tokens, words, langs),
        "text_bytes": np.diff(offsets).astype(np.int32),
        "text_hash": [
            row.tobytes() for row in text_hashes(words.lower, tokens.kinds, tokens.doc_offsets)
        ],
        "signature": [
            row.tobytes() if some else b"" for row, some in zip(signature, has_words, strict=True)
        ],
    }
