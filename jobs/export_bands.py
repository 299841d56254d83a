"""``corpusmill bands export``: a corpus's band tables in a folder of their own."""

from typing import Any, cast

from pyspark.sql import SparkSession

from dedup.shingling import Shingling
from jobs.session import watched
from pipeline import band_tables, corpora, shingle_tables, stages
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.parquet import File


def check(folder: Folder, target: Folder, *, shingles: bool = False) -> None:
    """ConfigError where there is nothing to export, or ``target`` is a run's; nothing is touched.

    ``shingles`` need the run's texts.
    """
    corpora.tables(folder)
    if shingles:
        corpora.texts_of(folder)
    if target.exists(stages.record_name("deduplicate")):
        raise ConfigError(f"{target.uri}: a run wrote here; export to another folder")


def run(
    spark: SparkSession, folder: Folder, target: Folder, *, shingles: bool = False
) -> tuple[list[File], bool]:
    """The band tables written to ``target``, and whether fates are in them.

    With ``shingles`` also what the true check compares. ConfigError as ``check``.
    """
    check(folder, target, shingles=shingles)
    files, decided, fingerprint = corpora.tables(folder)
    with_what = cast(dict[str, Any], stages.required(folder, "deduplicate").parts["bands"])
    texts = corpora.texts_of(folder) if shingles else None
    made = watched(
        spark, "export", lambda: band_tables.export(spark, folder, files, decided, target)
    )
    sets = None
    if texts is not None:
        shingling = Shingling(**with_what["shingles"])
        sets = watched(
            spark,
            "export shingles",
            lambda: shingle_tables.export(spark, folder, texts, target, shingling),
        )
    corpora.finish_export(target, made, with_what, fingerprint, sets)
    corpora.sweep_export(target, [*made, *(sets or [])])
    return made, decided is not None
