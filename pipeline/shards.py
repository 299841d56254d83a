"""Published shards: planned from byte counts, placed by id, sorted inside, written once.

The plan is a function of the documents and the configuration, so every run makes the same shards.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from filters.pii import Span, find, is_possible, mask
from filters.regions import page_region
from pipeline import parquet, spread, stats
from pipeline.decisions import DECISIONS_SCHEMA
from pipeline.edits import Cuts, edited, with_edits
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.schema import CORPUS, DUPLICATES, REMOVED, VERDICT, schema
from pipeline.spread import Batches, ddl
from pipeline.stats import EDIT_COUNTS_SCHEMA

CHUNK_ROWS = 1000
SORT = ("shard", "domain", "url", "doc_id")
MOVED = schema(REMOVED).append(pa.field("shard", pa.int32())).append(pa.field("task", pa.int32()))
WRITTEN = pa.schema(
    [
        ("shard", pa.int32()),
        ("path", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
        ("kinds", pa.list_(pa.string())),
        ("documents", pa.list_(pa.int64())),
        ("spans", pa.list_(pa.int64())),
        ("edits", pa.list_(pa.struct(EDIT_COUNTS_SCHEMA))),
    ]
)


class Shard(NamedTuple):
    """One published file: which table, which language, which number there."""

    table: str
    lang: str
    number: int

    @property
    def path(self) -> str:
        """Its name in the output folder."""
        return f"{self.table}/lang={self.lang}/part-{self.number:05d}.parquet"


class Plan(NamedTuple):
    """Every shard, where each (table, language) starts among them, and the task that writes it."""

    shards: list[Shard]
    starts: dict[tuple[str, str], int]
    sizes: dict[tuple[str, str], int]
    tasks: list[int]


def plan(
    text_bytes: Mapping[tuple[str, str], int],
    packing: float,
    shard_bytes: int,
    parallelism: int = 1,
) -> Plan:
    """Shards for so many bytes of text per (table, language).

    ``packing`` is compressed bytes per byte of text, as the documents table shows it. The shards
    depend on nothing else; ``parallelism`` only says how many tasks write the small ones.
    """
    shards: list[Shard] = []
    expected_bytes: list[int] = []
    starts, sizes = {}, {}
    for table, lang in sorted(text_bytes):
        expected = text_bytes[table, lang] * packing
        number = max(1, int(-(-expected // shard_bytes)))
        starts[table, lang], sizes[table, lang] = len(shards), number
        shards += [Shard(table, lang, i) for i in range(number)]
        expected_bytes += [int(expected / number)] * number
    tasks = spread.bundles(expected_bytes, shard_bytes, parallelism)
    return Plan(shards, starts, sizes, tasks)


def placed(
    folder: Folder,
    decisions: Sequence[parquet.File],
    layout: Plan,
    kinds: Sequence[str],
    edit_steps: Sequence[str] = (),
    cuts: Sequence[parquet.File] = (),
) -> Callable[[int, Batches], Batches]:
    """Step for ``spread.rows_of``: documents, as published, with the number of their shard.

    The decisions of a documents file are a file of as many rows in the same order, so no join moves
    the text. The text of kept documents is edited by ``edit_steps``, or as ``cuts`` says, a file
    for each documents file (``pipeline.repeated``); then ``kinds`` of personal data are masked.
    """

    def work(file: int, batches: Batches) -> Batches:
        verdicts = pa.Table.from_batches(
            list(parquet.batches(folder, decisions[file].path)), DECISIONS_SCHEMA
        )
        own_cuts = Cuts(folder, cuts[file]) if cuts else None
        row = 0
        for batch in batches:
            part = verdicts.slice(row, batch.num_rows).combine_chunks()
            if part["doc_id"].to_pylist() != batch.column("doc_id").to_pylist():
                raise ValueError(f"decisions {decisions[file].path} are not those of its documents")
            if own_cuts:
                left = with_edits(batch, own_cuts.of(row, batch.num_rows))
            else:
                left = edited(batch, edit_steps, part["reason"].combine_chunks().is_null())
            row += batch.num_rows
            yield _published(left, part, layout, frozenset(kinds))

    return work


def _published(
    batch: pa.RecordBatch, verdicts: pa.Table, layout: Plan, kinds: frozenset[str]
) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns |= {c.name: verdicts[c.name].combine_chunks() for c in (*DUPLICATES, *VERDICT)}
    columns |= _masked(batch, kinds)
    tables = np.where(pc.is_null(columns["reason"]).to_numpy(False), "corpus", "removed")
    keys = list(zip(tables.tolist(), columns["lang"].to_pylist(), strict=True))
    first = np.array([layout.starts[key] for key in keys], np.int64)
    count = np.array([layout.sizes[key] for key in keys], np.uint64)
    nodes = node_of(columns["doc_id"]).view(np.uint64)
    numbers = first + (nodes % count).astype(np.int64)
    columns["shard"] = pa.array(numbers.astype(np.int32))
    columns["task"] = pa.array(np.array(layout.tasks, np.int32)[numbers])
    return pa.record_batch([columns[f.name].cast(f.type) for f in MOVED], MOVED)


def _masked(batch: pa.RecordBatch, kinds: frozenset[str]) -> dict[str, pa.Array]:
    """Text and title with placeholders, and where those of the text stand.

    Other columns keep describing the original.
    """
    text, spans = batch.column("text"), batch.column("pii")
    places: list[list[dict[str, object]]] = [[] for _ in range(batch.num_rows)]
    masked: dict[int, str] = {}
    for i in np.flatnonzero(pc.list_value_length(spans).to_numpy(False) > 0).tolist():
        found = spans[i].as_py()
        chosen = [Span(s["start"], s["end"], s["kind"]) for s in found if s["kind"] in kinds]
        if chosen:
            masked[i], chosen = mask(text[i].as_py(), chosen)
            places[i] = [span._asdict() for span in chosen]
    if masked:
        which = np.zeros(batch.num_rows, np.bool_)
        which[list(masked)] = True
        text = pc.replace_with_mask(text, pa.array(which), pa.array(masked.values(), pa.string()))
    known = (batch.column(name).to_pylist() for name in ("title", "host", "html_lang"))
    titles = [_masked_title(*page, kinds=kinds) for page in zip(*known, strict=True)]
    return {
        "text": text,
        "title": pa.array(titles, pa.string()),
        "pii": pa.array(places, spans.type),
    }


def _masked_title(
    title: str | None, host: str, html_lang: str | None, *, kinds: frozenset[str]
) -> str | None:
    """A title, which is at most 500 characters long, with the same placeholders."""
    if not title or not kinds or not is_possible(title):
        return title
    spans = [span for span in find(title, page_region(host, html_lang)) if span.kind in kinds]
    return mask(title, spans)[0]


def written(rows: DataFrame, folder: Folder, staging: str, layout: Plan, level: int) -> DataFrame:
    """Write the shards; one row of ``WRITTEN`` for each, with its counts of personal data.

    Files get fresh names below ``staging``; the caller publishes those of the attempts that won.
    """

    def write(batches: Batches) -> Batches:
        for number, parts in groupby(spread.runs(batches, "shard"), key=itemgetter(0)):
            shard = layout.shards[number]
            columns = schema(CORPUS if shard.table == "corpus" else REMOVED)
            path = f"{staging}/{shard.path}.{uuid.uuid4().hex[:12]}"
            with parquet.Writer(folder, path, _with_lang(columns), level) as out:
                found: Counter[str] = Counter()
                spans: Counter[str] = Counter()
                cuts = []
                for part in spread.even((rows for _, rows in parts), CHUNK_ROWS):
                    out.write(part.select(columns.names).cast(_with_lang(columns)))
                    for kind, (documents, places) in stats.kind_counts(part["pii"]).items():
                        found[kind] += documents
                        spans[kind] += places
                    cuts.append(stats.edit_counts(part["lang"], part["edits"]))
            kinds = sorted(found)
            masked = [[kinds], [[found[k] for k in kinds]], [[spans[k] for k in kinds]]]
            edits = [stats.summed_edits(cuts).to_pylist()]
            row = [[number], *([value] for value in out.file), *masked, edits]
            yield pa.record_batch(row, schema=WRITTEN)

    return by_shard(rows, layout.tasks[-1] + 1).mapInArrow(write, ddl(WRITTEN))


def by_shard(rows: DataFrame, tasks: int) -> DataFrame:
    """Rows gathered by task and sorted; one task a partition where Spark can promise it (4.1)."""
    if hasattr(rows, "repartitionById"):
        gathered = rows.repartitionById(tasks, "task")
    else:
        gathered = rows.repartition(tasks, "task")
    return gathered.sortWithinPartitions(*SORT)


def _with_lang(columns: pa.Schema) -> pa.Schema:
    """``lang`` as a dictionary: what Arrow makes of the folder's name, so that readers agree."""
    at = columns.get_field_index("lang")
    return columns.set(at, pa.field("lang", pa.dictionary(pa.int32(), pa.string())))
