"""Rehydration: how often to show a document, by how many copies of it the web holds.

FineWeb-2 (Penedo et al. 2025, arXiv:2506.20920, section on rehydration; the computation is in its
repository, misc/rehydration) keeps one copy of each cluster and then repeats it, more often where
the rules remove fewer documents of clusters of that size than of the language as a whole.
``docs/rehydration.md`` has the formula and where this differs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import fsum
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.schema import schema
from pipeline.stats_schema import REHYDRATION

WINDOW = 5
"""Neighbouring sizes whose repetitions are averaged."""
TAIL_SHARE = 1 / 1000
"""The largest clusters of a language, so many of all, are one size."""
LEAST_DOCUMENTS = 100
"""A rate of fewer says nothing (its standard error is up to 5 points at 100)."""
LEAST_CLUSTERS = 1000
"""A language of fewer is not repeated."""
COLUMNS = ("lang", "cluster_size", "reason")
COUNTS = pa.schema(
    [
        ("lang", pa.string()),
        ("cluster_size", pa.int32()),
        ("documents", pa.int64()),
        ("removed", pa.int64()),
    ]
)
BEFORE = ("language.", "fineweb2.language_score", "rights.", "url.")
"""Reasons that say nothing of quality, and that FineWeb-2 settles before it counts."""
_SCHEMA = schema(REHYDRATION)


class Size(NamedTuple):
    """Clusters of a size, or of that size and all larger: their documents, those removed."""

    size: int
    documents: int
    removed: int
    clusters: float

    @property
    def rate(self) -> float:
        """Share that the rules remove, 0..1."""
        return self.removed / self.documents


def counts(decisions: pa.Table) -> pa.Table:
    """Documents that rules judged, and those they removed, per language and size of cluster.

    Columns: in ``COLUMNS``, out ``COUNTS``.
    """
    reason = decisions["reason"].fill_null("").cast(pa.string())
    duplicate = pc.starts_with(reason, "duplicate.")
    removed = pc.and_(pc.not_equal(reason, ""), pc.invert(duplicate))
    judged = pc.invert(_any(pc.starts_with(reason, start) for start in BEFORE))
    rows = pa.table(
        [
            decisions["lang"],
            decisions["cluster_size"],
            pc.cast(judged, pa.int64()),
            pc.cast(removed, pa.int64()),
        ],
        COUNTS.names,
    )
    return summed([rows.filter(judged)])


def _any(conditions: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    found = None
    for condition in conditions:
        found = condition if found is None else pc.or_(found, condition)
    return found


def summed(parts: Iterable[pa.Table]) -> pa.Table:
    """Rows of the same language and size as one. Columns: in and out ``COUNTS``."""
    every = pa.concat_tables([COUNTS.empty_table(), *(part.cast(COUNTS) for part in parts)])
    found = every.group_by(COUNTS.names[:2]).aggregate([(n, "sum") for n in COUNTS.names[2:]])
    columns = [found[name] for name in (*COUNTS.names[:2], "documents_sum", "removed_sum")]
    return pa.table(columns, COUNTS.names).cast(COUNTS)


def table(counted: pa.Table, most: int) -> pa.RecordBatch:
    """The weights of every language and size; columns in ``COUNTS``, out ``REHYDRATION``.

    ``most`` is the weight of the size that rules remove the least of.
    """
    languages: dict[str, list[Size]] = {}
    for row in sorted(counted.to_pylist(), key=lambda r: (r["lang"], r["cluster_size"])):
        size, documents = row["cluster_size"], row["documents"]
        own = Size(size, documents, row["removed"], documents / size)
        languages.setdefault(row["lang"], []).append(own)
    rows = []
    for lang, every in languages.items():
        overall = language_rate(every)
        sizes = with_tail(every)
        for size, weight in zip(sizes, weights(sizes, overall, most).tolist(), strict=True):
            rows.append(
                {
                    "lang": lang,
                    "cluster_size": size.size,
                    "documents": size.documents,
                    "removed": size.removed,
                    "removal_rate": size.rate,
                    "language_rate": overall,
                    "weight": weight,
                }
            )
    return pa.RecordBatch.from_pylist(rows, _SCHEMA)


def language_rate(sizes: list[Size]) -> float:
    """Share of clusters that would be removed if one copy, drawn at random, stood for each."""
    removed = fsum(size.removed / size.size for size in sizes)
    return removed / fsum(size.clusters for size in sizes)


def with_tail(sizes: list[Size]) -> list[Size]:
    """Sizes in order, where the first that is rare and all after it are one.

    Rare are the largest ``TAIL_SHARE`` of the clusters, and a size of few documents.
    """
    left = total = fsum(size.clusters for size in sizes)
    at = 0
    while at < len(sizes) - 1:
        left -= sizes[at].clusters
        if left < TAIL_SHARE * total or sizes[at].documents < LEAST_DOCUMENTS:
            break
        at += 1
    tail = sizes[at:]
    pooled = Size(
        tail[0].size,
        sum(size.documents for size in tail),
        sum(size.removed for size in tail),
        fsum(size.clusters for size in tail),
    )
    return [*sizes[:at], pooled]


def weights(sizes: list[Size], overall: float, most: int) -> NDArray[np.int32]:
    """Weight of each size; 1 for all of a small language, and for a size of few documents."""
    if fsum(size.clusters for size in sizes) < LEAST_CLUSTERS:
        return np.ones(len(sizes), np.int32)
    enough = np.array([size.documents >= LEAST_DOCUMENTS for size in sizes])
    found = np.ones(len(sizes), np.int32)
    rates = np.array([size.rate for size in sizes])[enough]
    found[enough] = repetitions(rates, overall, most)
    return found


def repetitions(rates: NDArray[np.float64], overall: float, most: int) -> NDArray[np.int32]:
    """FineWeb-2's repetitions for removal rates in the order of their sizes.

    1 where the rate is no lower than ``overall``, ``most`` where it is the lowest, on a line in
    between; then the mean of ``WINDOW`` neighbours, but for the first and last two; then rounded,
    halves to even.
    """
    if not len(rates) or (lowest := float(rates.min())) >= overall:
        return np.ones(len(rates), np.int32)
    share = np.clip((overall - rates) / (overall - lowest), 0, None)
    exact = 1 + (most - 1) * share
    smooth = exact.copy()
    if len(rates) >= WINDOW:
        edge = WINDOW // 2
        smooth[edge:-edge] = np.lib.stride_tricks.sliding_window_view(exact, WINDOW).mean(axis=1)
    return np.rint(smooth).astype(np.int32)


Work = Callable[[int, Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def weighing(place: Work, found: pa.RecordBatch | None) -> Work:
    """A step that publishes rows, ``shards.placed``, with the column ``weight``.

    It is null in ``removed``, and everywhere without ``found``, the rows of ``table``.
    """
    known = None if found is None else _by_language(found)

    def work(file: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in place(file, (_without_weight(batch) for batch in batches)):
            yield batch if known is None else _weighed(batch, known)

    return work


def _without_weight(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column("weight", pa.nulls(batch.num_rows, pa.int32()))


def _by_language(found: pa.RecordBatch) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Sizes and weights of each language."""
    lang = np.array(found.column("lang").to_pylist(), object)
    size, weight = (found.column(n).to_numpy() for n in ("cluster_size", "weight"))
    return {name: (size[lang == name], weight[lang == name]) for name in dict.fromkeys(lang)}


def _weighed(
    batch: pa.RecordBatch, known: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
) -> pa.RecordBatch:
    """A size that has no row is of the next smaller: of the tail, or not judged at all."""
    sizes = batch.column("cluster_size").to_numpy()
    weight = np.ones(batch.num_rows, np.int32)
    langs = batch.column("lang").dictionary_encode()
    codes = langs.indices.to_numpy()
    for code, name in enumerate(langs.dictionary.to_pylist()):
        if name in known:
            own = codes == code
            at = np.searchsorted(known[name][0], sizes[own], side="right") - 1
            weight[own] = np.where(at >= 0, known[name][1][np.maximum(at, 0)], 1)
    kept = batch.column("reason").is_null()
    column = pc.if_else(kept, pa.array(weight), pa.scalar(None, pa.int32()))
    return batch.set_column(batch.schema.get_field_index("weight"), "weight", column)
