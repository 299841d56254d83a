"""How similar documents are to the copies that stay, in Spark: ``pipeline.likeness`` for more.

Only signatures of documents that resemble another that stays travel, once, to that copy's. There
they are a stream that begins with the copy's own, so a copy of a million pages costs no memory.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from dedup.minhash import similarity, sketch_similarity, sketches
from pipeline import spread
from pipeline.buckets import bucket_starts, byte_rows
from pipeline.components import shuffled

ALIKE = pa.schema([("doc_id", pa.string()), ("alike", pa.float32())])
_KEY = ("kept_in", "kept_doc_id")


def with_similarity(decided: DataFrame, signatures: DataFrame, known: DataFrame) -> DataFrame:
    """Decisions with the similarity of each document to the copy that stays.

    ``decided`` is read twice: give it from a table. Columns: in those of ``decisions.decided``,
    (doc_id: string, signature: binary) and ``KNOWN``; out the first without ``exact``, similarity.
    """
    measured = _streamed(_pairs(decided), signatures, known)
    itself = (F.col("kept_doc_id") == F.col("doc_id")) & F.col("kept_in").isNull()
    one = F.when(F.col("kept_doc_id").isNotNull() & (F.col("exact") | itself), F.lit(1.0))
    return (
        decided.join(shuffled(measured), on="doc_id", how="left")
        .withColumn("similarity", F.coalesce(one.cast("float"), F.col("alike")))
        .drop("exact", "alike")
    )


def _pairs(decided: DataFrame) -> DataFrame:
    """Documents whose similarity must be measured, with the copy that stays."""
    another = (F.col("kept_doc_id") != F.col("doc_id")) | F.col("kept_in").isNotNull()
    return decided.where(F.col("kept_doc_id").isNotNull() & another & ~F.col("exact")).select(
        "doc_id", _corpus().alias("kept_in"), "kept_doc_id"
    )


def _corpus() -> Column:
    return F.coalesce(F.col("kept_in"), F.lit(""))


def _streamed(pairs: DataFrame, signatures: DataFrame, known: DataFrame) -> DataFrame:
    """Columns: in (doc_id, kept_in, kept_doc_id), out ``ALIKE``."""
    own = pairs.where(F.col("kept_in") == "").select(F.col("kept_doc_id").alias("doc_id"))
    copies = own.distinct().select(
        "doc_id", F.lit("").alias("kept_in"), F.col("doc_id").alias("kept_doc_id")
    )
    wanted = pairs.withColumn("first", F.lit(1)).unionByName(copies.withColumn("first", F.lit(0)))
    here = signatures.join(shuffled(wanted), on="doc_id", how="inner")
    there = (
        known.where("held")
        .select(
            "doc_id",
            F.col("corpus").alias("kept_in"),
            F.col("doc_id").alias("kept_doc_id"),
            F.lit(0).alias("first"),
            F.col("sketch").alias("signature"),
        )
        .dropDuplicates(["kept_in", "kept_doc_id"])
    )
    every = here.unionByName(there).repartition(*_KEY)
    return every.sortWithinPartitions(*_KEY, "first", "doc_id").mapInArrow(
        _compared, spread.ddl(ALIKE)
    )


def _compared(batches: spread.Batches) -> spread.Batches:
    """Each document's similarity to the copy its rows of the stream begin with."""
    copy, last = b"", None
    for batch in batches:
        if not batch.num_rows:
            continue
        starts, last = bucket_starts(batch, _KEY, last)
        copies = batch.column("first").to_numpy() == 0
        before = pa.array([copy], pa.binary())
        every = pa.concat_arrays([before, batch.column("signature").cast(pa.binary())])
        # where the copy of each row stands in that: 0 for the batch before's, -1 for none
        place = np.arange(1, batch.num_rows + 1)
        latest = np.maximum.accumulate(np.where(starts | copies, place, 0))
        own = np.where((latest == 0) | copies[latest - 1], latest, -1)
        rows = pa.array(np.flatnonzero(~copies))
        beside = every.take(pa.array(own[~copies], mask=own[~copies] < 0))
        found = shares(batch.column("signature").take(rows), beside)
        yield pa.record_batch([batch.column("doc_id").take(rows), found], ALIKE)
        copy = (every[int(own[-1])].as_py() or b"") if own[-1] >= 0 else b""


def shares(signatures: pa.Array, copies: pa.Array) -> pa.Array:
    """Similarity of each signature to the signature or sketch beside it; null where one is empty.

    Binaries: MinHash values as uint32 little-endian, sketches of a byte a value.
    """
    sizes = [pc.fill_null(pc.binary_length(c), 0).to_numpy() for c in (signatures, copies)]
    found = np.full(len(signatures), np.nan, np.float32)
    for width in np.unique(sizes[0][sizes[0] > 0]).tolist():
        for own_width, alike in ((width, similarity), (width // 4, _to_sketch)):
            rows = np.flatnonzero((sizes[0] == width) & (sizes[1] == own_width))
            left, right = (byte_rows(c.take(pa.array(rows))) for c in (signatures, copies))
            if len(rows):
                right = right.view("<u4") if own_width == width else right
                found[rows] = alike(left.view("<u4"), right)
    return pa.array(found, from_pandas=True)


def _to_sketch(signature: NDArray[np.uint32], sketch: NDArray[np.uint8]) -> NDArray[np.float64]:
    return sketch_similarity(sketches(signature), sketch)
