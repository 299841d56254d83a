"""How similar documents are to the copies that stay, in Spark: ``pipeline.likeness`` for more.

Only signatures of documents that resemble another that stays travel, once, to that copy's. There
they are a stream that begins with the copy's own, so a copy of a million pages costs no memory.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from dedup.minhash import similarity, sketch_similarity, sketches
from pipeline import spread

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
        decided.join(measured, on="doc_id", how="left")
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
    here = wanted.join(signatures, on="doc_id", how="inner")
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
    copy, copy_key = b"", None
    for batch in batches:
        ids, found = [], []
        columns = (*_KEY, "first", "doc_id", "signature")
        rows = zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
        for corpus, kept, first, doc_id, value in rows:
            if first == 0:
                copy, copy_key = value or b"", (corpus, kept)
            else:
                ids.append(doc_id)
                found.append(share(value or b"", copy if copy_key == (corpus, kept) else b""))
        yield pa.record_batch([pa.array(ids, pa.string()), pa.array(found, pa.float32())], ALIKE)


def share(signature: bytes, copy: bytes) -> float | None:
    """Similarity by two signatures, or by a signature and a sketch; None where one has no words."""
    one: NDArray[np.uint32] = np.frombuffer(signature, "<u4").astype(np.uint32)
    if not signature or not copy:
        return None
    if len(copy) == len(signature):
        return float(similarity(one, np.frombuffer(copy, "<u4")))
    if len(copy) == len(one):
        return float(sketch_similarity(sketches(one), np.frombuffer(copy, np.uint8)))
    return None
