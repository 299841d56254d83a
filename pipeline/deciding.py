"""Decisions in one process, without Spark: the same as ``pipeline.decisions``.

Ties break by doc_id as there, so both decide alike; tests compare them. A million documents take a
few seconds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.rules import Rule
from pipeline import fetches
from pipeline.choosing import Choice, best
from pipeline.edits import NOTHING_LEFT
from pipeline.judging import SIZES, hexadecimal, named, named_lists, nodes
from pipeline.known import Known
from pipeline.narrow import Judged, Members, Rows
from pipeline.schema import DECISIONS, schema

DUPLICATES = ("duplicate.exact", "duplicate.near")
EXACT, NEAR = range(2)
KNOWN_COPY, RIGHTS_COPY = "duplicate.known", "rights.copy"
KNOWN, RIGHTS, OLDER, EMPTIED = range(2, 6)
"""With ``EXACT`` and ``NEAR``: places of these reasons after the rules' own."""
LATER = (fetches.REASON, NOTHING_LEFT.name)
"""What is decided over the whole corpus besides: an older fetch, and a text that is all repeats."""
MOST_ROWS = 5_000_000
"""Up to so many documents are decided here rather than by Spark: 1 GB at most."""
DECISIONS_SCHEMA = schema(DECISIONS)


class Decided(NamedTuple):
    """What becomes of each row.

    ``reason``: why it goes, a number in ``reasons``, -1 where it stays; ``kept``: the row of the
    copy of its cluster that stays, ``known``: its place among the known, if that is a document of
    another corpus; -1 otherwise; ``exact``: whether that copy has the same text. ``cluster`` and
    ``size`` as in the clusters table; ``also``: number of the row's corpora in ``also_in``.
    """

    reason: NDArray[np.int16]
    kept: NDArray[np.int64]
    known: NDArray[np.int64]
    exact: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    size: NDArray[np.int32]
    also: NDArray[np.int64]
    also_in: pa.ListArray


def reasons(rules: Sequence[Rule]) -> list[str]:
    """Names of the reasons that decisions under these rules number."""
    return [*(rule.name for rule in rules), *DUPLICATES, KNOWN_COPY, RIGHTS_COPY, *LATER]


def decided(
    rows: Rows,
    judged: Judged,
    found: Members,
    known: Known,
    choice: Choice,
    rules: Sequence[Rule],
    late: NDArray[np.bool_] | None = None,
) -> Decided:
    """One decision per row.

    The rule that rejects it; else an objection to a copy of it; else a duplicate of a better copy,
    here or in another corpus; else kept. ``late``: rows whose owner objects though they pass.
    """
    count, at, chosen = (
        len(judged.first),
        found.row,
        best(rows, judged, found, known, choice, rules, late),
    )
    reason, kept, other = judged.first.copy(), np.arange(count), np.full(count, -1, np.int64)
    kept[reason >= 0] = -1
    exact, duplicate = np.ones(count, np.bool_), len(rules)
    copy, here = chosen.copy, chosen.copy < len(at)
    kept[at] = np.where(chosen.stays & here, at[copy * here] if len(at) else 0, -1)
    other[at] = np.where(chosen.stays & ~here, copy - len(at), -1)
    exact[at] = found.exact_node == np.concatenate([found.exact_node, known.exact_node])[copy]
    passes = judged.first[at] < 0
    reason[at[passes & chosen.objected]] = duplicate + RIGHTS
    reason[at[passes & chosen.stays & ~here]] = duplicate + KNOWN
    mine = passes & chosen.stays & here
    mine[mine] = (rows.ids[at[mine]] != rows.ids[kept[at[mine]]]).any(axis=1)
    reason[at[mine]] = np.where(exact[at[mine]], duplicate + EXACT, duplicate + NEAR)
    cluster, size = nodes(rows.ids[:, 0]), np.ones(count, np.int32)
    cluster[at], size[at] = found.cluster, found.size
    groups = int(chosen.group.max(initial=-1)) + 1
    numbers, also_in = corpora_of(known, chosen.known_group, groups)
    also = np.full(count, len(also_in) - 1, np.int64)
    also[at] = numbers[chosen.group]
    return Decided(reason, kept, other, exact, cluster, size, also, also_in)


def corpora_of(
    known: Known, groups: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], pa.ListArray]:
    """For each of ``count`` groups the number of its list of corpora that hold a copy; the lists.

    ``groups``: the group of each known document. The last list is empty.
    """
    held = known.held
    pairs = np.unique(np.stack([groups[held], known.rank[held]], axis=1), axis=0)
    lists: dict[tuple[str, ...], int] = {}
    numbers = np.full(count, -1, np.int64)
    starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    for own in np.split(pairs, starts[1:]) if len(pairs) else []:
        names = tuple(known.corpora[rank] for rank in own[:, 1].tolist())
        numbers[own[0, 0]] = lists.setdefault(names, len(lists))
    numbers[numbers < 0] = len(lists)
    return numbers, pa.array([*map(list, lists), []], pa.list_(pa.string()))


def batch(
    file: int,
    rows: Rows,
    judged: Judged,
    made: Decided,
    known: Known,
    rules: Sequence[Rule],
    similarity: NDArray[np.float32],
) -> pa.RecordBatch:
    """The decisions about one documents file, row for row: columns ``DECISIONS``."""
    own = slice(int(rows.ends[file - 1]) if file else 0, int(rows.ends[file]))
    count, names = own.stop - own.start, [rule.name for rule in rules]
    failures = np.unpackbits(judged.failed[own], axis=1, count=len(rules)).T.astype(np.bool_)
    elsewhere = made.known[own] >= 0
    ids = rows.ids[np.maximum(made.kept[own], 0)] if count else rows.ids[own]
    ids[elsewhere] = known.ids[made.known[own][elsewhere]]
    is_copy = pa.array((made.kept[own] >= 0) | elsewhere)
    ranks = known.rank[made.known[own] * elsewhere] if elsewhere.any() else np.zeros(count)
    columns = {
        "file": pa.array(np.full(count, file, np.int32)),
        "row": pa.array(np.arange(count, dtype=np.int32)),
        "doc_id": hexadecimal(rows.ids[own]),
        "lang": named(rows.lang[own].astype(np.int16), rows.langs),
        **{name: pa.array(rows.sizes[name][own]) for name in SIZES},
        "cluster_id": hexadecimal(made.cluster[own].view(np.uint64) ^ np.uint64(1 << 63)),
        "cluster_size": pa.array(made.size[own]),
        "reason": named(made.reason[own], reasons(rules)),
        "rejected_value": pa.array(judged.value[own], from_pandas=True),
        "failed_rules": named_lists(failures, names),
        "similarity": pa.array(similarity[own], from_pandas=True),
        "also_in": made.also_in.take(pa.array(made.also[own])),
        "kept_doc_id": pc.if_else(is_copy, hexadecimal(ids), None) if count else pa.nulls(0),
        "kept_in": named(np.where(elsewhere, ranks, -1).astype(np.int16), known.corpora),
    }
    return pa.record_batch(
        [columns[f.name].cast(f.type) for f in DECISIONS_SCHEMA], DECISIONS_SCHEMA
    )
