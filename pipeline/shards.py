"""Published shards: planned from byte counts, placed by id, sorted inside, written once.

The plan is a function of the documents and the configuration, so every run makes the same shards.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from pipeline import packing, parquet, spread, stats
from pipeline.decisions import DECISIONS_SCHEMA
from pipeline.edits import Cuts, edited, with_edits
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.masking import masked
from pipeline.schema import CORPUS, DUPLICATES, REMOVED, VERDICT, schema
from pipeline.spread import Batches, ddl
from pipeline.stats import EDIT_COUNTS_SCHEMA

CHUNK_ROWS = 1000
SORT = ("shard", "domain", "url", "doc_id")
MOVED = schema(REMOVED).append(pa.field("shard", pa.int32()))
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
    """Step for ``spread.rows_of``: documents, as published, packed for the tasks that write them.

    The decisions of a documents file are a file of as many rows in the same order, so no join moves
    the text. The text of kept documents is edited by ``edit_steps``, or as ``cuts`` says, a file
    for each documents file (``pipeline.repeated``); then ``kinds`` of personal data are masked.
    """

    def published(file: int, batches: Batches) -> Batches:
        path, row = decisions[file].path, 0
        verdicts = pa.Table.from_batches(list(parquet.batches(folder, path)), DECISIONS_SCHEMA)
        own_cuts = Cuts(folder, cuts[file]) if cuts else None
        for batch in batches:
            found = verdicts.slice(row, batch.num_rows).combine_chunks()
            part = {name: found[name].combine_chunks() for name in DECISIONS_SCHEMA.names}
            if not part["doc_id"].equals(batch.column("doc_id")):
                raise ValueError(f"decisions {path} are not those of its documents")
            if own_cuts:
                left = with_edits(batch, own_cuts.of(row, batch.num_rows))
            else:
                left = edited(batch, edit_steps, part["reason"].is_null())
            row += batch.num_rows
            yield _published(left, part, layout, frozenset(kinds))

    def work(file: int, batches: Batches) -> Batches:
        return packing.packed(published(file, batches), SORT, layout.tasks)

    return work


def _published(
    batch: pa.RecordBatch, verdicts: Mapping[str, pa.Array], layout: Plan, kinds: frozenset[str]
) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns |= {c.name: verdicts[c.name] for c in (*DUPLICATES, *VERDICT)}
    columns |= masked(batch, kinds)
    columns["shard"] = _shard_numbers(batch, verdicts["reason"], layout)
    return pa.record_batch([columns[f.name].cast(f.type) for f in MOVED], MOVED)


def _shard_numbers(batch: pa.RecordBatch, reasons: pa.Array, layout: Plan) -> pa.Array:
    """Numbers of the shards, by table, language and doc_id."""
    tables = pc.if_else(reasons.is_null(), "corpus", "removed")
    keys = pc.binary_join_element_wise(tables, batch.column("lang"), "/").dictionary_encode()
    own = [
        (table, lang) for table, _, lang in (k.partition("/") for k in keys.dictionary.to_pylist())
    ]
    first = np.array([layout.starts[key] for key in own], np.int64)
    count = np.array([layout.sizes[key] for key in own], np.uint64)
    key = keys.indices.to_numpy()
    places = node_of(batch.column("doc_id")).view(np.uint64) % count[key]
    return pa.array((first[key] + places.astype(np.int64)).astype(np.int32))


def written(rows: DataFrame, folder: Folder, staging: str, layout: Plan, level: int) -> DataFrame:
    """Write the shards; one row of ``WRITTEN`` for each, with its counts of personal data.

    Files get fresh names below ``staging``; the caller publishes those of the attempts that won.
    """

    def write(pieces: Batches) -> Batches:
        for number, parts in packing.merged(pieces, MOVED, SORT, CHUNK_ROWS):
            yield _shard(number, parts, folder, staging, layout.shards[number], level)

    return spread.by_task(rows, layout.tasks[-1] + 1).mapInArrow(write, ddl(WRITTEN))


def _shard(
    number: int, parts: Batches, folder: Folder, staging: str, shard: Shard, level: int
) -> pa.RecordBatch:
    columns = schema(CORPUS if shard.table == "corpus" else REMOVED)
    path = f"{staging}/{shard.path}.{uuid.uuid4().hex[:12]}"
    found: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    cuts = []
    with parquet.Writer(folder, path, _with_lang(columns), level) as out:
        for part in parts:
            out.write(part.select(columns.names).cast(_with_lang(columns)))
            for kind, (documents, places) in stats.kind_counts(part["pii"]).items():
                found[kind] += documents
                spans[kind] += places
            cuts.append(stats.edit_counts(part["lang"], part["edits"]))
    kinds = sorted(found)
    masked = [[kinds], [[found[k] for k in kinds]], [[spans[k] for k in kinds]]]
    edits = [stats.summed_edits(cuts).to_pylist()]
    row = [[number], *([value] for value in out.file), *masked, edits]
    return pa.record_batch(row, schema=WRITTEN)


def _with_lang(columns: pa.Schema) -> pa.Schema:
    """``lang`` as a dictionary: what Arrow makes of the folder's name, so that readers agree."""
    at = columns.get_field_index("lang")
    return columns.set(at, pa.field("lang", pa.dictionary(pa.int32(), pa.string())))
