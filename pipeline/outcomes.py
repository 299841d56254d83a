"""What becomes of every document, in one process: fetches, copies, and texts that are all repeats.

``pipeline.decisions``, ``pipeline.fetches_spark`` and ``pipeline.repeated`` decide the same.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
import pyarrow as pa

from pipeline import fetches, narrow, parquet, repeats_narrow, stats
from pipeline import known as known_copies
from pipeline.choosing import Choice, objecting
from pipeline.criteria import Criteria
from pipeline.deciding import (
    DECISIONS_SCHEMA,
    EMPTIED,
    OLDER,
    RIGHTS,
    Decided,
    batch,
    decided,
)
from pipeline.files import Folder
from pipeline.judging import hexadecimal, named
from pipeline.known import Known
from pipeline.likeness import similarities
from pipeline.narrow import Advance, Judged, Members, Rows
from pipeline.repeats import Steps
from pipeline.schema import SUPERSEDED, schema
from pipeline.stages import Stage


def outcome(
    folder: Folder,
    documents: Sequence[parquet.File],
    rows: Rows,
    judged: Judged,
    found: Members,
    known: Known,
    criteria: Criteria,
    choice: Choice,
) -> Decided:
    """``decided``, and older fetches of an address rejected where that is asked for.

    They point to the newest that passes the rules or, where that is a copy, to what it points to.
    Where an objection to a copy of the newest removes that, it removes them as well; where one in
    another fetch reaches the newest, all of them and their copies.
    """
    rules = criteria.rules
    if not criteria.newest_per_url:
        return decided(rows, judged, found, known, choice, rules)
    address, passes = fetches.read(folder, documents), judged.first < 0
    late = fetches.objected(address, rows, passes, objecting(judged, rules))
    newer = fetches.newer(address, rows, passes & ~late)
    older = np.flatnonzero(newer >= 0)
    first = judged.first.copy()
    first[older], first[late] = len(rules) + OLDER, len(rules) + RIGHTS
    made = decided(rows, judged._replace(first=first), found, known, choice, rules, late)
    stays = newer[older]
    made.reason[older[made.reason[stays] == len(rules) + RIGHTS]] = len(rules) + RIGHTS
    for column in (made.kept, made.known):
        column[older] = column[stays]
    made.exact[older] = False
    return made


def without_emptied(
    folder: Folder,
    documents: Sequence[parquet.File],
    made: Decided,
    criteria: Criteria,
    advance: Advance = lambda _: None,
) -> tuple[Decided, pa.Table]:
    """The decisions with documents rejected that are all repeats, and counts of what is cut.

    No copy stays of a cluster that such a document stood for. Reads text, where repeats are cut at
    all: ``pipeline.repeats_narrow``.
    """
    if not criteria.repeats.wanted:
        return made, stats.summed_edits([])
    steps = Steps(criteria.repeats, criteria.edit_steps)
    gone, cuts = repeats_narrow.emptied(folder, documents, made.reason < 0, steps, advance)
    reason, kept = made.reason.copy(), made.kept.copy()
    reason[gone] = len(criteria.rules) + EMPTIED
    kept[np.isin(kept, gone)] = -1
    return made._replace(reason=reason, kept=kept), cuts


def decide(
    folder: Folder,
    extracted: Stage,
    grouped: Stage,
    criteria: Criteria,
    choice: Choice,
    advance: Advance = lambda _: None,
    *,
    write: bool = True,
) -> tuple[dict[str, list[parquet.File]], pa.Table]:
    """The decisions table, a file for every documents file, and its counts (``FUNNEL``).

    Beside it, where other corpora compete, their documents that a better copy supersedes. Nothing
    is written, and there are no files, unless ``write``. What is written is decided before repeats
    are cut (``pipeline.repeated`` goes on from there), what is only counted after.
    """
    rules, documents = criteria.rules, extracted.files["documents"]
    rows, (judged,) = narrow.read(folder, documents, [criteria], advance)
    known = known_copies.read(folder, grouped.files.get("known", []))
    found = narrow.members(folder, grouped.files["members"], rows, known.cluster)
    made = outcome(folder, documents, rows, judged, found, known, criteria, choice)
    alike = np.full(len(made.reason), np.nan, np.float32)
    if write:
        alike = similarities(folder, documents, rows.ends, made.kept, made.known, made.exact, known)
    else:
        made, _ = without_emptied(folder, documents, made, criteria, advance)

    def one(file: int) -> tuple[parquet.File | None, pa.Table]:
        decisions = batch(file, rows, judged, made, known, rules, alike)
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
    files: dict[str, list[parquet.File]] = {
        "decisions": [file for file, _ in done if file is not None],
        "superseded": [],
    }
    if write and choice.symmetric:
        files["superseded"] = _superseded(folder, rows, found, made, known)
    return files, stats.summed(counts for _, counts in done)


def _superseded(
    folder: Folder, rows: Rows, found: Members, made: Decided, known: Known
) -> list[parquet.File]:
    """Documents that other corpora hold though a copy of this run stays in their stead."""
    here = np.flatnonzero(made.reason[found.row] < 0)
    clusters, first = np.unique(found.cluster[here], return_index=True)
    held = np.flatnonzero(known.held & np.isin(known.cluster, clusters))
    copies = made.kept[found.row[here[first]]][np.searchsorted(clusters, known.cluster[held])]
    columns = (
        named(known.rank[held].astype(np.int16), known.corpora),
        hexadecimal(known.ids[held]),
        hexadecimal(rows.ids[copies]),
    )
    path = f"superseded/{uuid.uuid4().hex[:12]}.parquet"
    with parquet.Writer(folder, path, schema(SUPERSEDED)) as out:
        out.write(pa.record_batch(list(columns), schema(SUPERSEDED)))
    return [out.file]
