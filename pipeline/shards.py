"""Published shards: planned from byte counts, placed by id, sorted inside, written once.

The plan is a function of the documents and the configuration, so every run makes the same shards.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from pipeline import packing, parquet, rehydration, spread, stats
from pipeline.decisions import DECISIONS_SCHEMA
from pipeline.edits import Cuts, edited, with_edits
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.masking import masked
from pipeline.schema import CORPUS, DUPLICATES, REMOVED, VERDICT, schema
from pipeline.spread import Batches, ddl
from pipeline.stats import EDIT_COUNTS_SCHEMA

BLOCK = packing.Block(rows=16_384, size="text_bytes", bytes=16 << 20)
"""Rows that are put together at once; part of what the bytes of a shard depend on."""
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


class Publishing(NamedTuple):
    """What is published of the documents, and how; pickled whole.

    The decisions of a documents file are a file of as many rows in the same order, so no join moves
    the text. The text of kept documents is edited by ``steps``, or as ``cuts`` says, a file for
    each documents file (``pipeline.repeated``); then ``kinds`` of personal data are masked.
    ``weights``: rows of ``rehydration.table``, None where no weights are asked for. Shards get
    fresh names below ``staging``; the caller publishes those of the attempts that won.
    """

    folder: Folder
    columns: Sequence[str]
    documents: Sequence[parquet.File]
    decisions: Sequence[parquet.File]
    layout: Plan
    staging: str
    kinds: Sequence[str] = ()
    steps: Sequence[str] = ()
    cuts: Sequence[parquet.File] = ()
    weights: pa.RecordBatch | None = None
    level: int = 3

    def rows(self, file: int, batches: Batches) -> Batches:
        """Documents of a file as they are published, with their shards: columns ``MOVED``."""
        return rehydration.weighing(self._rows, self.weights)(file, batches)

    def _rows(self, file: int, batches: Batches) -> Batches:
        path, row = self.decisions[file].path, 0
        found = list(parquet.batches(self.folder, path, rows=parquet.MANY_ROWS))
        verdicts = pa.Table.from_batches(found, DECISIONS_SCHEMA)
        cuts = Cuts(self.folder, self.cuts[file]) if self.cuts else None
        for batch in batches:
            own = verdicts.slice(row, batch.num_rows).combine_chunks()
            part = {name: own[name].combine_chunks() for name in DECISIONS_SCHEMA.names}
            if not part["doc_id"].equals(batch.column("doc_id")):
                raise ValueError(f"decisions {path} are not those of its documents")
            if cuts:
                left = with_edits(batch, cuts.of(row, batch.num_rows))
            else:
                left = edited(batch, self.steps, part["reason"].is_null())
            row += batch.num_rows
            yield _published(left, part, self.layout, frozenset(self.kinds))

    def shards(self, parts: packing.Parts) -> Iterator[pa.RecordBatch]:
        """Write the shards that these rows are all rows of; a row of ``WRITTEN`` for each."""
        for number, blocks in packing.merged(parts, SORT, BLOCK):
            shard = self.layout.shards[number]
            yield _written(number, blocks, self.folder, self.staging, shard, self.level)


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


def by_spark(spark: SparkSession, job: Publishing) -> DataFrame:
    """Write the shards; rows of ``WRITTEN``, one for each."""

    def place(file: int, batches: Batches) -> Batches:
        return packing.packed(job.rows(file, batches), SORT, job.layout.tasks)

    def write(pieces: Batches) -> Batches:
        return job.shards(packing.spooled(pieces, MOVED))

    moved = spread.rows_of(spark, job.folder, job.documents, place, job.columns, packing.PACKED)
    gathered = spread.by_task(moved, job.layout.tasks[-1] + 1)
    return gathered.mapInArrow(write, ddl(WRITTEN))


def _written(
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
