"""Decisions in one process, without Spark: the same as ``pipeline.decisions``.

Ties break by doc_id as there, so both decide alike; tests compare them. A million documents take a
few seconds.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.rules import Rule
from pipeline import fetches, narrow, parquet, repeats_narrow, stats
from pipeline.criteria import Criteria
from pipeline.edits import NOTHING_LEFT
from pipeline.files import Folder
from pipeline.judging import SIZES, hexadecimal, named, named_lists, nodes
from pipeline.narrow import Advance, Judged, Members, Rows
from pipeline.repeats import Steps
from pipeline.schema import DECISIONS, schema
from pipeline.stages import Stage

DUPLICATES = ("duplicate.exact", "duplicate.near")
LATER = (fetches.REASON, NOTHING_LEFT.name)
"""What is decided over the whole corpus besides: an older fetch, and a text that is all repeats."""
MOST_ROWS = 5_000_000
"""Up to so many documents are decided here rather than by Spark: 1 GB at most."""
NEVER = 2**63 - 1
"""A date after all others, whichever way they are sorted."""
DECISIONS_SCHEMA = schema(DECISIONS)


class Decided(NamedTuple):
    """What becomes of each row.

    ``reason``: why it goes, a number in ``reasons``, -1 where it stays; ``kept``: for duplicates
    the row of the copy that stays, else -1; ``cluster`` and ``size`` as in the clusters table.
    """

    reason: NDArray[np.int16]
    kept: NDArray[np.int64]
    cluster: NDArray[np.int64]
    size: NDArray[np.int32]


def reasons(rules: Sequence[Rule]) -> list[str]:
    """Names of the reasons that decisions under these rules number."""
    return [*(rule.name for rule in rules), *DUPLICATES, *LATER]


def outcome(
    folder: Folder,
    documents: Sequence[parquet.File],
    rows: Rows,
    judged: Judged,
    found: Members,
    criteria: Criteria,
    keys: Sequence[str],
) -> Decided:
    """``decided``, and older fetches of an address rejected where that is asked for.

    They point to the newest that passes the rules or, where that is a copy, to what it points to.
    """
    rules = len(criteria.rules)
    if not criteria.newest_per_url:
        return decided(rows, judged, found, keys, rules)
    newer = fetches.newer(fetches.read(folder, documents), rows, judged.first < 0)
    older, place = newer >= 0, rules + len(DUPLICATES)
    first = np.where(older, place, judged.first).astype(np.int16)
    made = decided(rows, judged._replace(first=first), found, keys, rules)
    copies = made.kept[newer[older]]
    made.kept[older] = np.where(copies >= 0, copies, newer[older])
    return made


def without_emptied(
    folder: Folder,
    documents: Sequence[parquet.File],
    made: Decided,
    criteria: Criteria,
    advance: Advance = lambda _: None,
) -> tuple[Decided, pa.Table]:
    """The decisions with documents rejected that are all repeats, and counts of what is cut.

    Reads text, where repeats are cut at all: ``pipeline.repeats_narrow``.
    """
    if not criteria.repeats.wanted:
        return made, stats.summed_edits([])
    steps = Steps(criteria.repeats, criteria.edit_steps)
    kept = made.reason < 0
    gone, cuts = repeats_narrow.emptied(folder, documents, kept, steps, advance)
    reason = made.reason.copy()
    reason[gone] = len(criteria.rules) + len(DUPLICATES) + LATER.index(NOTHING_LEFT.name)
    return made._replace(reason=reason), cuts


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
    cluster, size = nodes(rows.ids[:, 0]), np.ones(len(reason), np.int32)
    cluster[at], size[at] = found.cluster, found.size
    return Decided(reason, kept, cluster, size)


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


def batch(
    file: int, rows: Rows, judged: Judged, made: Decided, rules: Sequence[Rule]
) -> pa.RecordBatch:
    """The decisions about one documents file, row for row: columns ``DECISIONS``."""
    own = slice(int(rows.ends[file - 1]) if file else 0, int(rows.ends[file]))
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
        "cluster_id": hexadecimal(made.cluster[own].view(np.uint64) ^ np.uint64(1 << 63)),
        "cluster_size": pa.array(made.size[own]),
        "reason": named(made.reason[own], reasons(rules)),
        "rejected_value": pa.array(judged.value[own], from_pandas=True),
        "failed_rules": named_lists(failures, names),
        "kept_doc_id": pc.if_else(is_copy, copies, None) if count else pa.nulls(0),
    }
    return pa.record_batch(
        [columns[f.name].cast(f.type) for f in DECISIONS_SCHEMA], DECISIONS_SCHEMA
    )


def decide(
    folder: Folder,
    extracted: Stage,
    grouped: Stage,
    criteria: Criteria,
    keys: Sequence[str],
    advance: Advance = lambda _: None,
    *,
    write: bool = True,
) -> tuple[list[parquet.File], pa.Table]:
    """The decisions table, a file for every documents file, and its counts (``FUNNEL``).

    Nothing is written, and there are no files, unless ``write``. What is written is decided before
    repeats are cut (``pipeline.repeated`` goes on from there), what is only counted after.
    """
    rules, documents = criteria.rules, extracted.files["documents"]
    rows, (judged,) = narrow.read(folder, documents, [criteria], advance)
    found = narrow.members(folder, grouped.files["clusters"], rows)
    made = outcome(folder, documents, rows, judged, found, criteria, keys)
    if not write:
        made, _ = without_emptied(folder, documents, made, criteria, advance)

    def one(file: int) -> tuple[parquet.File | None, pa.Table]:
        decisions = batch(file, rows, judged, made, rules)
        columns = decisions.select(stats.DECISION_COLUMNS)
        counts = stats.decision_counts(pa.Table.from_batches([columns]))
        if not write:
            return None, counts
        path = f"decisions/{uuid.uuid4().hex[:12]}.parquet"
        with parquet.Writer(folder, path, DECISIONS_SCHEMA) as out:
            out.write(decisions)
        return out.file, counts

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        done = list(pool.map(one, range(len(rows.ends))))
    files = [file for file, _ in done if file is not None]
    return files, stats.summed(counts for _, counts in done)
