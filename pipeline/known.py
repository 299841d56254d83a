"""Copies that other corpora hold: the known table as arrays, for decisions in one process."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import parquet
from pipeline.buckets import byte_rows
from pipeline.files import Folder
from pipeline.judging import ROWS, id_halves
from pipeline.schema import KNOWN, schema

KNOWN_SCHEMA = schema(KNOWN)
NOWHERE = -(2**63)
"""In place of an exact_node where no document of the run has the same text."""


class Known(NamedTuple):
    """Documents of other corpora that share a cluster with some of this run's, one array each.

    Columns as in the table; ``corpora`` are the names that ``rank`` numbers; ``ids`` has shape
    (documents, 2), ``sketches`` (documents, hashes). Sorted by cluster, rank and id.
    """

    corpora: list[str]
    cluster: NDArray[np.int64]
    rank: NDArray[np.int32]
    ids: NDArray[np.uint64]
    exact_node: NDArray[np.int64]
    held: NDArray[np.bool_]
    objected: NDArray[np.bool_]
    opted_out: NDArray[np.bool_]
    scores: NDArray[np.float32]
    dates: NDArray[np.int64]
    dated: NDArray[np.bool_]
    chars: NDArray[np.int32]
    sketches: NDArray[np.uint8]


def read(folder: Folder, files: Sequence[parquet.File]) -> Known:
    """The known table; empty where there are no files.

    Memory: about 60 bytes a document and its sketch.
    """
    batches = [b for f in files for b in parquet.batches(folder, f.path, KNOWN_SCHEMA.names, ROWS)]
    table = pa.Table.from_batches([b.cast(KNOWN_SCHEMA) for b in batches], KNOWN_SCHEMA)
    table = table.combine_chunks()
    column = {
        name: pa.concat_arrays([c.cast(table.schema.field(name).type) for c in table[name].chunks])
        if table[name].num_chunks
        else pa.array([], table.schema.field(name).type)
        for name in table.column_names
    }
    dates = column["warc_date"].cast(pa.int64())
    ids = id_halves(column["doc_id"])
    names = _corpora(column["rank"], column["corpus"])
    found: dict[str, NDArray[Any]] = {
        "cluster": column["cluster"].to_numpy(),
        "rank": column["rank"].to_numpy(),
        "ids": ids,
        "exact_node": column["exact_node"].fill_null(NOWHERE).to_numpy(),
        "held": column["held"].to_numpy(zero_copy_only=False),
        "objected": column["objected"].to_numpy(zero_copy_only=False),
        "opted_out": column["opted_out"].to_numpy(zero_copy_only=False),
        "scores": column["lang_score"].to_numpy(zero_copy_only=False),
        "dates": dates.fill_null(0).to_numpy(),
        "dated": dates.is_valid().to_numpy(zero_copy_only=False),
        "chars": column["text_chars"].to_numpy(),
        "sketches": _sketches(column["sketch"]),
    }
    order = np.lexsort((ids[:, 1], ids[:, 0], found["rank"], found["cluster"]))
    return Known(names, **{name: values[order] for name, values in found.items()})


def _corpora(ranks: pa.Array, corpora: pa.Array) -> list[str]:
    pairs = dict(zip(ranks.to_pylist(), corpora.to_pylist(), strict=True))
    return [pairs.get(rank, "") for rank in range(max(pairs, default=-1) + 1)]


def _sketches(column: pa.Array) -> NDArray[np.uint8]:
    """Sketches of one width; zeros for texts without words, which resemble nothing."""
    lengths = np.diff(np.frombuffer(column.buffers()[1], np.int32)) if len(column) else np.zeros(0)
    width = int(lengths.max(initial=0))
    rows = np.zeros((len(column), width), np.uint8)
    some = lengths == width if width else np.zeros(len(column), np.bool_)
    rows[some] = byte_rows(column.filter(pa.array(some)))
    return rows
