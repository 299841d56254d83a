"""The bands table: what a document is compared by, a row for each, without text and address.

A corpus's band table is all that a later run needs to find copies of its documents.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from dedup.bands import band_hashes
from dedup.minhash import FAMILY, SEED, sketches, without_shingles
from filters.tables import OBJECTIONS
from pipeline import judging, parquet, spread
from pipeline.buckets import binaries, byte_rows
from pipeline.config import Language
from pipeline.crawls import scopes
from pipeline.deciding import RIGHTS_COPY
from pipeline.duplicate_config import Duplicates
from pipeline.files import Folder
from pipeline.fingerprint import Parts
from pipeline.models import language_model
from pipeline.schema import BANDS, schema

FORMAT = 1
BANDS_SCHEMA = schema(BANDS)
COPIED = ("doc_id", "text_hash", "lang_score", "warc_date", "text_chars")
COLUMNS = (*COPIED, "lang", "warc_file", "signature", *judging.OBJECTIONS)
KEPT, OBJECTED, REJECTED = "kept", "objected", "rejected"


def made_with(duplicates: Duplicates, language: Language) -> Parts:
    """What band tables must have in common to be compared.

    ``language``: as the documents' languages were found, which scopes but the global one hang on.
    """
    crawls = {"crawl_pattern": duplicates.crawl_pattern} if duplicates.scope == "crawl" else {}
    model = language_model(language)
    labels = {
        "name": model.name,
        "sha256": model.sha256,
        "preprocess": model.preprocess,
        "scripted": model.scripted,
    }
    return {
        "format": FORMAT,
        "text_hash": "lower-cased words, 128 bits",
        "shingles": {"unit": duplicates.shingle_unit, "length": duplicates.shingle_length},
        "hash_family": FAMILY,
        "seed": SEED,
        "hashes": duplicates.hashes,
        "bands": duplicates.bands,
        "rows": duplicates.rows,
        "sketch_bits": 8,
        "scope": duplicates.scope,
        **crawls,
        **({} if duplicates.scope == "global" else {"language_model": labels}),
    }


def write(
    spark: SparkSession, folder: Folder, documents: Sequence[parquet.File], duplicates: Duplicates
) -> list[parquet.File]:
    """Write the bands table: file ``i`` answers documents file ``i``, row for row. No shuffle."""

    def rows(_number: int, file: parquet.File) -> Iterator[pa.RecordBatch]:
        for batch in parquet.batches(folder, file.path, COLUMNS):
            yield of_documents(batch, duplicates)

    return spread.answered(spark, documents, folder, "bands", BANDS_SCHEMA, rows)


def export(
    spark: SparkSession,
    folder: Folder,
    bands: Sequence[parquet.File],
    decisions: Sequence[parquet.File] | None,
    target: Folder,
) -> list[parquet.File]:
    """Copy a bands table to another folder, with the fates that the decisions give."""

    def rows(number: int, file: parquet.File) -> Iterator[pa.RecordBatch]:
        yield from with_fates(folder, file, decisions[number] if decisions else None)

    return spread.answered(spark, bands, target, "bands", BANDS_SCHEMA, rows)


def of_documents(batch: pa.RecordBatch, duplicates: Duplicates) -> pa.RecordBatch:
    """Rows of documents to rows of ``BANDS``; nothing is decided about them."""
    buckets, sketch = _bands(batch.column("signature"), duplicates)
    columns = {
        "scope": scopes(batch, duplicates.scope, duplicates.crawl_pattern),
        "buckets": buckets,
        "sketch": sketch,
        "opted_out": pa.array(judging.opted_out(batch)),
        "fate": pa.nulls(batch.num_rows, pa.string()),
        **{name: batch.column(name) for name in COPIED},
    }
    return pa.record_batch([columns[f.name].cast(f.type) for f in BANDS_SCHEMA], BANDS_SCHEMA)


def _bands(column: pa.Array, duplicates: Duplicates) -> tuple[pa.Array, pa.Array]:
    some = pc.greater(pc.fill_null(pc.binary_length(column), 0), 0).to_numpy(zero_copy_only=False)
    signatures = byte_rows(column.filter(pa.array(some))).view("<u4").astype(np.uint32, copy=False)
    words = ~without_shingles(signatures) if len(signatures) else np.zeros(0, np.bool_)
    signatures = signatures[words][:, : duplicates.hashes]
    some[some] = words
    offsets = np.zeros(len(some) + 1, np.int32)
    np.cumsum(some, out=offsets[1:])
    hashed = band_hashes(signatures, duplicates.bands) if len(signatures) else np.zeros(0, np.int64)
    starts = pa.array(offsets * np.int32(duplicates.bands))
    sketch = binaries(sketches(signatures)).take(pa.array(offsets[:-1], mask=~some))
    empty = pa.scalar(b"", pa.binary())
    return pa.ListArray.from_arrays(starts, pa.array(hashed.ravel())), sketch.fill_null(empty)


def with_fates(
    folder: Folder, bands: parquet.File, decisions: parquet.File | None
) -> Iterator[pa.RecordBatch]:
    """Rows of a bands file, with the fates its file of decisions gives them, where there is one."""
    columns = ("doc_id", "reason", "failed_rules")
    found = (
        pa.Table.from_batches(list(parquet.batches(folder, decisions.path, columns)))
        if decisions
        else None
    )
    start = 0
    for batch in parquet.batches(folder, bands.path, BANDS_SCHEMA.names):
        if found is not None:
            part = found.slice(start, batch.num_rows).combine_chunks()
            if not part["doc_id"].combine_chunks().equals(batch.column("doc_id")):
                raise ValueError(f"{decisions.path if decisions else ''}: not of {bands.path}")
            place = batch.schema.get_field_index("fate")
            batch = batch.set_column(place, "fate", fates(part))  # noqa: PLW2901
        start += batch.num_rows
        yield batch.cast(BANDS_SCHEMA)


def fates(decisions: pa.Table) -> pa.Array:
    """kept, objected or rejected for decisions (reason, failed_rules); an objection comes first."""
    reason, failed = (decisions[name].combine_chunks() for name in ("reason", "failed_rules"))
    said = pc.is_in(failed.flatten(), pa.array(sorted(OBJECTIONS)))
    objected = pc.equal(reason, RIGHTS_COPY).fill_null(False).to_numpy(zero_copy_only=False).copy()
    objected[pc.list_parent_indices(failed).filter(said).to_numpy()] = True
    gone = pc.if_else(pa.array(objected), OBJECTED, REJECTED)
    return pc.if_else(pc.is_null(reason), KEPT, gone)
