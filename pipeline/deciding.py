"""Decisions in one process, without Spark: the same as ``pipeline.decisions``.

Ties break by doc_id as there, so both decide alike; tests compare them. A million documents take a
few seconds.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.rules import Rule
from pipeline.judging import SIZES, hexadecimal, named, named_lists, nodes
from pipeline.narrow import Judged, Members, Rows
from pipeline.schema import DECISIONS, schema

DUPLICATES = ("duplicate.exact", "duplicate.near")
NEVER = 2**63 - 1
"""A date after all others, whichever way they are sorted."""
DECISIONS_SCHEMA = schema(DECISIONS)


class Decided(NamedTuple):
    """What becomes of each row.

    ``reason``: why it goes, a number in ``reasons``, -1 where it stays; ``kept``: for duplicates
    the row of the copy that stays, else -1.
    """

    reason: NDArray[np.int16]
    kept: NDArray[np.int64]


def reasons(rules: Sequence[Rule]) -> list[str]:
    """Names of the reasons that decisions under these rules number."""
    return [*(rule.name for rule in rules), *DUPLICATES]


def decided(rows: Rows, judged: Judged, found: Members, keys: Sequence[str], rules: int) -> Decided:
    """One decision per row: the rule that rejects it, else a duplicate of a better copy, else kept.

    ``keys`` say which copy of a cluster stays, as ``duplicates.keep_order`` does; doc_id breaks
    every tie. ``rules`` is the number of rules.
    """
    reason, kept = judged.first.copy(), np.full(len(judged.first), -1, np.int64)
    at, best = found.row, _best(rows, judged, found, keys)
    other = (judged.first[at] < 0) & (rows.ids[at] != rows.ids[at[best]]).any(axis=1)
    exact = found.exact_node == found.exact_node[best]
    reason[at[other]] = np.where(exact[other], rules, rules + 1)
    kept[at[other]] = at[best[other]]
    return Decided(reason, kept)


def _best(rows: Rows, judged: Judged, found: Members, keys: Sequence[str]) -> NDArray[np.int64]:
    """For each member, which of the members is the copy of its cluster that stays."""
    at = found.row
    order = {
        "passes": judged.first[at] >= 0,
        "lang_score": -rows.scores[at],
        "longest": -rows.sizes["text_chars"][at],
        "newest": np.where(rows.dated[at], -rows.dates[at], NEVER),
        "oldest": np.where(rows.dated[at], rows.dates[at], NEVER),
    }
    ids = rows.ids[at]
    sequence = np.lexsort(
        (
            found.exact_node,
            ids[:, 1],
            ids[:, 0],
            *(order[key] for key in reversed(keys)),
            found.cluster,
        )
    )
    cluster = found.cluster[sequence]
    starts = np.flatnonzero(np.concatenate([[True], cluster[1:] != cluster[:-1]])[: len(cluster)])
    best = np.empty_like(sequence)
    best[sequence] = np.repeat(sequence[starts], np.diff(starts, append=len(sequence)))
    return best


def batches(
    rows: Rows, judged: Judged, found: Members, made: Decided, rules: Sequence[Rule]
) -> Iterator[pa.RecordBatch]:
    """The decisions table: a batch of ``DECISIONS`` for every documents file, in their order."""
    cluster, size = nodes(rows.ids[:, 0]).copy(), np.ones(len(made.reason), np.int32)
    cluster[found.row], size[found.row] = found.cluster, found.size
    start = 0
    for file, end in enumerate(rows.ends.tolist()):
        own = slice(start, end)
        yield _batch(file, rows, judged, made, own, cluster[own], size[own], rules)
        start = end


def _batch(
    file: int,
    rows: Rows,
    judged: Judged,
    made: Decided,
    own: slice,
    cluster: NDArray[np.int64],
    size: NDArray[np.int32],
    rules: Sequence[Rule],
) -> pa.RecordBatch:
    count, names = own.stop - own.start, [rule.name for rule in rules]
    failures = np.unpackbits(judged.failed[own], axis=1, count=len(rules)).T.astype(np.bool_)
    copies = hexadecimal(rows.ids[np.maximum(made.kept[own], 0)]) if count else None
    is_copy = pa.array(made.kept[own] >= 0)
    columns = {
        "file": pa.array(np.full(count, file, np.int32)),
        "row": pa.array(np.arange(count, dtype=np.int32)),
        "doc_id": hexadecimal(rows.ids[own]),
        "lang": named(rows.lang[own].astype(np.int16), rows.langs),
        **{name: pa.array(rows.sizes[name][own]) for name in SIZES},
        "cluster_id": hexadecimal(cluster.view(np.uint64) ^ np.uint64(1 << 63)),
        "cluster_size": pa.array(size),
        "reason": named(made.reason[own], reasons(rules)),
        "rejected_value": pa.array(judged.value[own], from_pandas=True),
        "failed_rules": named_lists(failures, names),
        "kept_doc_id": pc.if_else(is_copy, copies, None) if count else pa.nulls(0),
    }
    return pa.record_batch(
        [columns[f.name].cast(f.type) for f in DECISIONS_SCHEMA], DECISIONS_SCHEMA
    )
