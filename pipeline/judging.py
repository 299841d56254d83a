"""Documents under rules: the narrow columns a decision needs, and what the rules say of each row.

No Spark here: the same functions judge in its tasks and in one process.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.rules import Rule, failing, first_failing, rejected_values
from pipeline import derived, parquet
from pipeline.criteria import Criteria
from pipeline.edits import NOTHING_LEFT, edited_char_count
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.schema import OPT_OUTS

SIZES = ("text_chars", "word_count", "text_bytes", "token_count")
OBJECTIONS = tuple(column.name for column in OPT_OUTS)
NEEDED = ("doc_id", "lang", "lang_score", "warc_date", *OBJECTIONS, *SIZES)
ROWS = 50_000
"""Rows of narrow columns judged at once: some 10 MB."""

_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def id_halves(doc_ids: pa.Array) -> NDArray[np.uint64]:
    """Both 64-bit halves of each doc_id, shape (documents, 2), in the order of the ids.

    ValueError where one is not 32 lower-case hex digits.
    """
    count = len(doc_ids)
    offsets = np.frombuffer(doc_ids.buffers()[1], np.int32)[doc_ids.offset :][: count + 1]
    if doc_ids.null_count or not np.array_equal(np.diff(offsets), np.full(count, 32)):
        raise ValueError("a doc_id is not 32 hex digits")
    if not count:
        return np.zeros((0, 2), np.uint64)
    text = np.frombuffer(doc_ids.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    nibbles = _NIBBLES[text].reshape(-1, 2)
    if nibbles.max() > 15:
        raise ValueError("a doc_id is not 32 hex digits")
    packed = nibbles[:, 0] << 4 | nibbles[:, 1]
    return packed.view(">u8").astype(np.uint64).reshape(count, 2)


def node_of(doc_ids: pa.Array) -> NDArray[np.int64]:
    """First 64 bits of each doc_id as numbers in the same order: what the clusters count in.

    Among 20 billion documents about 11 pairs share one; such a pair is clustered as one document
    and both rows get the same cluster, so none is lost unless its twin stays.
    """
    return nodes(id_halves(doc_ids)[:, 0])


def nodes(heads: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Nodes of the first halves of ids."""
    return (heads ^ np.uint64(1 << 63)).view(np.int64)


def hexadecimal(numbers: NDArray[np.uint64]) -> pa.Array:
    """64-bit numbers as strings of 16 hex digits, those of a row of several joined."""
    count = len(numbers)
    width = 16 * (numbers.size // count if count else 1)
    raw = np.ascontiguousarray(numbers).astype(">u8").view(np.uint8).reshape(-1)
    text = np.empty((len(raw), 2), np.uint8)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text[:, 0], text[:, 1] = digits[raw >> 4], digits[raw & 15]
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)[: count + 1]
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(text.tobytes())]
    )


def opted_out(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """Whether any opt-out column of each document is not 0; one that is missing counts as said."""
    said = np.zeros(batch.num_rows, np.bool_)
    for name in OBJECTIONS:
        said |= batch.column(name).fill_null(1).to_numpy() != 0
    return said


def judged_columns(rules: Sequence[Rule]) -> list[str]:
    """Columns of documents that the rules and the choice of copies need; the text for edits."""
    edited = ["text"] if NOTHING_LEFT in rules else []
    stored = derived.stored_columns(rule for rule in rules if rule is not NOTHING_LEFT)
    return list(dict.fromkeys([*NEEDED, *edited, *stored]))


def described(rule: Rule) -> list[object]:
    """A rule as JSON can write it, for fingerprints."""
    bounds = (dict(b) if isinstance(b, Mapping) else b for b in (rule.low, rule.high))
    return [rule.name, rule.signal, *bounds]


def signal_columns(batch: pa.RecordBatch, criteria: Criteria) -> dict[str, Any]:
    """The columns that rules look at, as NumPy arrays; null is NaN, which rejects visibly.

    Stored ones as they are; what the addresses' lists and the line edits say is made here.
    """
    wanted = dict.fromkeys(rule.signal for rule in criteria.rules)
    made = derived.derived_columns(batch, criteria.rules, criteria.lists)
    if NOTHING_LEFT.signal in wanted:
        langs = batch.column("lang").to_pylist()
        chars = edited_char_count(batch.column("text"), langs, criteria.edit_steps)
        made[NOTHING_LEFT.signal] = chars
    stored = (name for name in wanted if name not in made)
    return made | {name: batch.column(name).to_numpy(zero_copy_only=False) for name in stored}


def measured(
    folder: Folder, files: Sequence[parquet.File], rules: Sequence[Rule], at_once: int = 1
) -> None:
    """ConfigError, naming column and remedy, unless the documents have what the rules look at.

    All files of a stage are made by one code, so the first ``at_once`` are looked at.
    """
    stored = [r for r in rules if r.signal not in derived.DERIVED and r is not NOTHING_LEFT]
    for file in files[:at_once]:
        names = set(parquet.metadata(folder, file.path).schema.to_arrow_schema().names)
        for rule in stored:
            if rule.signal not in names:
                raise ConfigError(
                    f"{folder.uri}: documents have no column {rule.signal!r}, which rule "
                    f"{rule.name} looks at: they were extracted by another version; run "
                    "`corpusmill extract` or `corpusmill mill` again, or leave the rule out with "
                    f"[rules] without = [{rule.name!r}]"
                )


class Judgement(NamedTuple):
    """What rules say of some documents.

    ``first``: number of the first rule that rejects each, -1 where it passes; ``value``: what that
    rule saw, NaN where it passes or the value was missing; ``failures``: which documents fail which
    rules, shape (rules, documents).
    """

    first: NDArray[np.int16]
    value: NDArray[np.float32]
    failures: NDArray[np.bool_]


def judgement(batch: pa.RecordBatch, criteria: Criteria) -> Judgement:
    """Rows of documents under rules."""
    rules = criteria.rules
    langs = batch.column("lang").dictionary_encode()
    columns = signal_columns(batch, criteria)
    codes = langs.indices.to_numpy(zero_copy_only=False)
    failures = failing(rules, columns, codes, langs.dictionary.to_pylist())
    first = first_failing(failures)
    return Judgement(first, rejected_values(rules, columns, first), failures)


def named(numbers: NDArray[np.int16], names: Sequence[str]) -> pa.Array:
    """Names by their numbers, null for negative ones."""
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string())).cast(pa.string())


def named_lists(failures: NDArray[np.bool_], names: Sequence[str]) -> pa.Array:
    """For each document the names of the rules it fails, in their order."""
    count = failures.shape[1]
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(failures.sum(axis=0), out=offsets[1:])
    numbers = np.nonzero(failures.T)[1].astype(np.int16)
    return pa.ListArray.from_arrays(pa.array(offsets), named(numbers, names))


def narrow(folder: Folder, file: parquet.File, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of a documents file with those columns only."""
    return parquet.batches(folder, file.path, columns, rows=ROWS)
