"""Narrow columns of documents and clusters as NumPy arrays, for decisions in one process.

Memory is linear in the documents: about 60 bytes for each, and 10 more for every set of rules.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import parquet
from pipeline.criteria import Criteria
from pipeline.files import Folder
from pipeline.judging import ROWS, SIZES, id_halves, judged_columns, judgement, nodes, opted_out
from pipeline.schema import MEMBERS, schema

NO_CLUSTERS = np.zeros(0, np.int64)
Advance = Callable[[int], None]
"""Told how many rows were read."""


class Rows(NamedTuple):
    """Narrow columns of documents, in the order of files and rows, one array each.

    ``langs`` are the labels that ``lang`` numbers, sorted; ``ids`` has shape (documents, 2);
    ``dates`` are microseconds, null where ``dated`` is false; ``sizes`` as named in ``SIZES``;
    ``ends`` the number of rows up to the end of each file; ``opted_out`` as in ``judging``.
    """

    langs: list[str]
    lang: NDArray[np.int32]
    ids: NDArray[np.uint64]
    scores: NDArray[np.float32]
    dates: NDArray[np.int64]
    dated: NDArray[np.bool_]
    sizes: dict[str, NDArray[np.int32]]
    ends: NDArray[np.int64]
    opted_out: NDArray[np.bool_]


class Judged(NamedTuple):
    """What a set of rules says of each row.

    ``first`` and ``value`` as in ``judging.Judgement``; ``failed``: a bit for every rule, packed
    into bytes, shape (documents, bytes).
    """

    first: NDArray[np.int16]
    value: NDArray[np.float32]
    failed: NDArray[np.uint8]


class Members(NamedTuple):
    """Rows in clusters of two or more, or known elsewhere, and those clusters, one array each."""

    row: NDArray[np.int64]
    cluster: NDArray[np.int64]
    size: NDArray[np.int32]
    exact_node: NDArray[np.int64]


def read(
    folder: Folder,
    files: Sequence[parquet.File],
    criteria: Sequence[Criteria],
    advance: Advance = lambda _: None,
) -> tuple[Rows, list[Judged]]:
    """The rows of documents files, and what each of the criteria says of them.

    Raises KeyError where a column is absent; ``judging.measured`` tells it better.
    """
    every = [rule for each in criteria for rule in each.rules]
    columns = judged_columns(every)

    def part(file: parquet.File) -> list[tuple[dict[str, Any], list[Judged]]]:
        found = []
        for batch in parquet.batches(folder, file.path, columns, ROWS):
            found.append((_plain(batch), [_judged(batch, each) for each in criteria]))
            advance(batch.num_rows)
        return found

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        parts = list(pool.map(part, files))
    ends = np.cumsum([sum(len(b["ids"]) for b, _ in found) for found in parts], dtype=np.int64)
    batches = [batch for found in parts for batch in found]
    rows = _rows([plain for plain, _ in batches], ends)
    judged = [
        Judged(*(_joined([own[i][field] for _, own in batches], kind) for field, kind in _JUDGED))
        for i in range(len(criteria))
    ]
    return rows, judged


_JUDGED = ((0, np.int16), (1, np.float32), (2, np.uint8))


def _judged(batch: pa.RecordBatch, criteria: Criteria) -> Judged:
    found = judgement(batch, criteria)
    return Judged(found.first, found.value, np.packbits(found.failures, axis=0).T)


def _plain(batch: pa.RecordBatch) -> dict[str, Any]:
    dates = batch.column("warc_date").cast(pa.int64())
    return {
        "lang": batch.column("lang").dictionary_encode(),
        "ids": id_halves(batch.column("doc_id")),
        "scores": batch.column("lang_score").to_numpy(zero_copy_only=False),
        "dates": dates.fill_null(0).to_numpy(),
        "dated": dates.is_valid().to_numpy(zero_copy_only=False),
        "opted_out": opted_out(batch),
        **{name: batch.column(name).to_numpy() for name in SIZES},
    }


def _rows(batches: Sequence[dict[str, Any]], ends: NDArray[np.int64]) -> Rows:
    found = [batch["lang"].dictionary.to_pylist() for batch in batches]
    langs = sorted({label for labels in found for label in labels})
    place = {label: number for number, label in enumerate(langs)}
    codes = [
        np.array([place[label] for label in labels], np.int32)[batch["lang"].indices.to_numpy()]
        for labels, batch in zip(found, batches, strict=True)
    ]
    columns = {
        name: _joined([batch[name] for batch in batches], kind)
        for name, kind in (
            ("scores", np.float32),
            ("dates", np.int64),
            ("dated", np.bool_),
            ("opted_out", np.bool_),
            *((name, np.int32) for name in SIZES),
        )
    }
    ids = [batch["ids"] for batch in batches] or [np.zeros((0, 2), np.uint64)]
    return Rows(
        langs,
        _joined(codes, np.int32),
        np.concatenate(ids),
        columns["scores"],
        columns["dates"],
        columns["dated"],
        {name: columns[name] for name in SIZES},
        ends,
        columns["opted_out"],
    )


def _joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def members(
    folder: Folder,
    files: Sequence[parquet.File],
    rows: Rows,
    known: NDArray[np.int64] = NO_CLUSTERS,
) -> Members:
    """The rows in clusters of two or more, or in ``known`` (sorted), from the clusters table."""
    parts = []
    for file in files:
        for batch in parquet.batches(folder, file.path, schema(MEMBERS).names, ROWS):
            columns = [batch.column(name).to_numpy() for name in schema(MEMBERS).names]
            several = columns[2] > 1
            if len(known):
                several |= np.isin(columns[1], known)
            parts.append([column[several] for column in columns])
    node, cluster, size, exact = (
        _joined([part[i] for part in parts], kind)
        for i, kind in enumerate((np.int64, np.int64, np.int32, np.int64))
    )
    node, first = np.unique(node, return_index=True)
    own = nodes(rows.ids[:, 0])
    at = np.searchsorted(node, own)
    at[at == len(node)] = 0
    row = np.flatnonzero(node[at] == own) if len(node) else np.zeros(0, np.int64)
    found = first[at[row]]
    return Members(row, cluster[found], size[found], exact[found])
