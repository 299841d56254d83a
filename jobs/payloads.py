"""The look beforehand of ``screen.payloads = "run"``: which payloads earlier ranges have."""

import logging
from collections.abc import Sequence

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812  # PySpark's own name for it

from jobs.session import watched
from pipeline import fingerprint, payloads, spread, stages
from pipeline.config import Config
from pipeline.extraction import Task
from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.payloads import PAYLOADS, TABLE
from pipeline.screening import Addresses

log = logging.getLogger(__name__)


def look(
    spark: SparkSession,
    tasks: Sequence[Task],
    config: Config,
    folder: Folder,
    judge: Addresses | None,
    parts: fingerprint.Parts,
) -> dict[str, str]:
    """By the key of a task the file of payloads that earlier tasks have, where there are any.

    Looked for once: a run that is resumed finds what it found. ``parts``: what extraction is made
    from.
    """
    ordered = sorted(tasks, key=payloads.place)
    stage = stages.check(folder, TABLE, parts).stage
    if stage is None:
        found = watched(spark, TABLE, lambda: _shared(spark, ordered, config, folder, judge))
        numbers = {file.path: number for number, file in found.items()}
        stage = stages.Stage(TABLE, parts, {TABLE: list(found.values())}, numbers)
        stages.finish(folder, stage)
        log.info("payloads: %d ranges hold pages of earlier ones", len(found))
    return {ordered[number].key: path for path, number in stage.counts.items()}


def forget(folder: Folder) -> None:
    """Delete what was found: the extraction that asked for it is finished."""
    stages.forget(folder, TABLE)
    folder.sweep_folder(TABLE)


def _shared(
    spark: SparkSession,
    ordered: Sequence[Task],
    config: Config,
    folder: Folder,
    judge: Addresses | None,
) -> dict[int, File]:
    shared = spark.sparkContext.broadcast(judge)

    def work(numbered: tuple[int, Task]) -> spread.Batches:
        yield from payloads.of_task(*numbered, config, shared.value)

    seen = spread.each(spark, list(enumerate(ordered)), work, PAYLOADS)
    first = F.min(F.struct("file", "doc_id")).over(Window.partitionBy("payload"))
    later = seen.withColumn("first", first).where("file > first.file")
    rows = later.select("file", "payload", F.col("first.doc_id").alias("doc_id"))
    tasks = min(len(ordered), spark.sparkContext.defaultParallelism * 4)
    return spread.write_by_file(rows, folder, TABLE, PAYLOADS, "payload", tasks)
