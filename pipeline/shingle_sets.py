"""Sets of shingles made again from stored text, for the documents a check asks for."""

import uuid
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

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
PLACES = pa.schema([("node", pa.int64()), ("file", pa.int32())])
NODES = pa.schema([("node", pa.int64())])
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
) -> DataFrame:
    """The shingles of documents, each set sorted and without repetition.

    ``nodes`` is found in the documents' ids, then a list of the nodes in each of the ``files`` is
    written to ``scratch``, and only files with a list are read, and only listed documents shingled.
    Which file has which list is all that reaches the driver.

    Columns: in (node: long, distinct), out (node: long, shingles: binary, uint64 little-endian).
    """
    placed = spread.rows_of(spark, folder, files, _places, ["doc_id"], PLACES)
    lists = (
        placed.join(shuffled(nodes.select("node")), on="node", how="inner")
        .select("node", "file")
        .repartition("file")
        .sortWithinPartitions("file", "node")
        .mapInArrow(partial(_listed, scratch=scratch), spread.ddl(LISTS))
        .collect()
    )
    paths = {row["file"]: row["path"] for row in lists}

    def work(file: int, batches: spread.Batches) -> spread.Batches:
        if file in paths:
            yield from _sets(batches, _nodes(scratch, paths[file]), shingling)

    return spread.rows_of(spark, folder, files, work, ["doc_id", "text"], SETS)


def _places(file: int, batches: spread.Batches) -> spread.Batches:
    for batch in batches:
        numbers = np.full(batch.num_rows, file, np.int32)
        nodes = pa.array(node_of(batch.column("doc_id")))
        yield pa.record_batch([nodes, pa.array(numbers)], PLACES)


def _listed(batches: spread.Batches, scratch: Folder) -> spread.Batches:
    """Nodes, sorted by file, written as one Parquet file for each file; its number and path."""
    for file, parts in groupby(spread.runs(batches, "file"), key=itemgetter(0)):
        path = f"wanted/{uuid.uuid4().hex[:12]}.parquet"
        with parquet.Writer(scratch, path, NODES) as out:
            for _, rows in parts:
                out.write(rows.select(["node"]).cast(NODES))
        yield pa.record_batch([[file], [path]], schema=LISTS)


def _nodes(scratch: Folder, path: str) -> NDArray[np.int64]:
    found = [b.column("node").to_numpy() for b in parquet.batches(scratch, path, rows=1 << 20)]
    return np.concatenate(found)


def _sets(
    batches: spread.Batches, wanted: NDArray[np.int64], shingling: Shingling
) -> spread.Batches:
    for batch in batches:
        nodes = node_of(batch.column("doc_id"))
        kept = np.flatnonzero(np.isin(nodes, wanted))
        for start in range(0, len(kept), DOCUMENTS_AT_ONCE):
            rows = kept[start : start + DOCUMENTS_AT_ONCE]
            texts = batch.column("text").take(pa.array(rows))
            yield pa.record_batch([pa.array(nodes[rows]), text_sets(texts, shingling)], SETS)


def text_sets(texts: pa.Array, shingling: Shingling) -> pa.Array:
    """Binaries of the shingle hashes of each text, as its signature was made of them."""
    characters = decoded(*utf8(texts))
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    return binaries_of(*distinct(*shingles_of(characters, tokens, lower, shingling)))
