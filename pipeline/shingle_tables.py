"""The shingles table of exported band tables: what the true check compares, without the texts.

A run needs none, as its sets are made again from its texts. Whoever has a set can tell whether a
run of words, or of characters, is in the text; its order is lost.
"""

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import SparkSession

from dedup.shingling import Shingling
from pipeline import parquet, spread
from pipeline.files import Folder
from pipeline.schema import SHINGLES, schema
from pipeline.shingle_sets import DOCUMENTS_AT_ONCE, text_sets

SHINGLES_SCHEMA = schema(SHINGLES)


def export(
    spark: SparkSession,
    folder: Folder,
    documents: Sequence[parquet.File],
    target: Folder,
    shingling: Shingling,
) -> list[parquet.File]:
    """Write the sets of documents to another folder: file ``i`` answers documents file ``i``.

    8 bytes a different shingle: about as many as a text of words has, and several times those of
    one compared by characters.
    """

    def rows(_number: int, file: parquet.File) -> spread.Batches:
        for batch in parquet.batches(folder, file.path, ("doc_id", "text"), DOCUMENTS_AT_ONCE):
            columns = [batch.column("doc_id"), text_sets(batch.column("text"), shingling)]
            yield pa.record_batch(columns, SHINGLES_SCHEMA)

    return spread.answered(spark, documents, target, "shingles", SHINGLES_SCHEMA, rows)
