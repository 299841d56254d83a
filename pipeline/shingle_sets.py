"""Sets of shingles for the documents a check asks for: made again from stored text, or stored."""

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from dedup.shingling import Shingling, distinct, shingles_of
from language_id.decoded import decoded
from language_id.words import token_hashes, tokenize
from pipeline import parquet, spread
from pipeline.components import shuffled
from pipeline.files import Folder
from pipeline.jaccard import binaries_of
from pipeline.judging import node_of
from pipeline.steps import utf8

SETS = pa.schema([("node", pa.int64()), ("shingles", pa.binary())])
PLACES = pa.schema([("own", pa.int64()), ("file", pa.int32())])
WANTED = pa.schema([("own", pa.int64()), ("node", pa.int64())])
LISTS = pa.schema([("file", pa.int32()), ("path", pa.string())])
DOCUMENTS_AT_ONCE = 64
"""Documents whose sets make one batch: a set takes 8 bytes a word, or a character."""


def shingle_sets(
    spark: SparkSession,
    folder: Folder,
    files: Sequence[parquet.File],
    scratch: Folder,
    nodes: DataFrame,
    shingling: Shingling,
    column: Literal["text", "shingles"] = "text",
) -> DataFrame:
    """The shingles of documents, each set sorted and without repetition.

    ``nodes`` is found in the documents' ids, then a list of the nodes in each of the ``files`` is
    written to ``scratch``, and only files with a list are read, and only listed documents shingled.
    Which file has which list is all that reaches the driver. ``column`` says whether the files hold
    texts or the sets themselves (``pipeline.shingle_tables``).

    Columns: in (node: long, distinct, and optionally own: long, the node that the document's id
    gives, where it goes by another), out (node: long, shingles: binary, uint64 little-endian).
    """
    placed = spread.rows_of(spark, folder, files, _places, ["doc_id"], PLACES)
    own = F.col("own" if "own" in nodes.columns else "node").alias("own")
    lists = (
        placed.join(shuffled(nodes.select(own, "node")), on="own", how="inner")
        .select("own", "node", "file")
        .repartition("file")
        .sortWithinPartitions("file", "own")
        .mapInArrow(partial(_listed, scratch=scratch), spread.ddl(LISTS))
        .collect()
    )
    paths = {row["file"]: row["path"] for row in lists}

    def work(file: int, batches: spread.Batches) -> spread.Batches:
        if file in paths:
            own, others = _wanted(scratch, paths[file])
            yield from _sets(batches, own, others, column, sets_of)

    sets_of = partial(text_sets, shingling=shingling) if column == "text" else stored_sets
    return spread.rows_of(spark, folder, files, work, ["doc_id", column], SETS)


def _places(file: int, batches: spread.Batches) -> spread.Batches:
    for batch in batches:
        numbers = np.full(batch.num_rows, file, np.int32)
        nodes = pa.array(node_of(batch.column("doc_id")))
        yield pa.record_batch([nodes, pa.array(numbers)], PLACES)


def _listed(batches: spread.Batches, scratch: Folder) -> spread.Batches:
    """``WANTED``, sorted by file, written as one Parquet file for each; its number and path."""
    for file, parts in groupby(spread.runs(batches, "file"), key=itemgetter(0)):
        path = f"wanted/{uuid.uuid4().hex[:12]}.parquet"
        with parquet.Writer(scratch, path, WANTED) as out:
            for _, rows in parts:
                out.write(rows.select(WANTED.names).cast(WANTED))
        yield pa.record_batch([[file], [path]], schema=LISTS)


def _wanted(scratch: Folder, path: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes that the ids give, sorted, and those that the documents go by."""
    found = pa.Table.from_batches(list(parquet.batches(scratch, path, rows=1 << 20)), WANTED)
    return found["own"].to_numpy(), found["node"].to_numpy()


def _sets(
    batches: spread.Batches,
    own: NDArray[np.int64],
    nodes: NDArray[np.int64],
    column: str,
    sets_of: Callable[[pa.Array], pa.Array],
) -> spread.Batches:
    for batch in batches:
        found = node_of(batch.column("doc_id"))
        kept = np.flatnonzero(np.isin(found, own))
        for start in range(0, len(kept), DOCUMENTS_AT_ONCE):
            rows = kept[start : start + DOCUMENTS_AT_ONCE]
            sets = sets_of(batch.column(column).take(pa.array(rows)))
            yield pa.record_batch([pa.array(nodes[np.searchsorted(own, found[rows])]), sets], SETS)


def stored_sets(column: pa.Array) -> pa.Array:
    """Sets as they are stored."""
    return column.cast(pa.binary())


def text_sets(texts: pa.Array, shingling: Shingling) -> pa.Array:
    """Binaries of the shingle hashes of each text, as its signature was made of them."""
    characters = decoded(*utf8(texts))
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    return binaries_of(*distinct(*shingles_of(characters, tokens, lower, shingling)))
