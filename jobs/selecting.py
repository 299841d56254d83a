"""``corpusmill extract --index``: the records an index and a condition choose, as tasks."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import SparkSession

from jobs.session import watched
from pipeline import selected, selection
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.index import IndexFile
from pipeline.inputs import InputFile

log = logging.getLogger(__name__)

NAMELESS = "index_row_without_record"


class Chosen(NamedTuple):
    """An index of records, and the SQL condition on its columns; None chooses all."""

    source: str
    where: str | None = None


def indexed_inputs(files: Sequence[IndexFile]) -> list[InputFile]:
    """The files of the index as inputs of the run."""
    return [
        InputFile(file.folder.path(file.path), file.path, file.bytes, file.version, None)
        for file in files
    ]


def picked(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    chosen: Chosen,
    files: Sequence[IndexFile],
) -> selection.Selection:
    """The chosen records; ConfigError where no record fits the condition."""
    most = config.input.range_mib << 20
    found = watched(
        spark, "select", lambda: selection.select(spark, files, chosen.where, folder, most)
    )
    records = sum(piece.records for piece in found.pieces)
    if not records:
        rows = sum(file.rows for file in files)
        fit = f"none of the {rows:,} rows fits --where {chosen.where!r}"
        raise ConfigError(f"{chosen.source}: {fit if chosen.where else 'names no record'}")
    size = sum(piece.bytes for piece in found.pieces)
    log.info("select: %d records, %d bytes of their archives", records, size)
    if found.nameless:
        log.warning("select: %d rows of the index name no record", found.nameless)
    return found


def chosen_tasks(found: selection.Selection, config: Config, folder: Folder) -> list[selected.Task]:
    """One task a piece, the largest first."""
    prefix = config.input.path_prefix
    base = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
    tasks = [selected.Task(piece, folder, base) for piece in found.pieces]
    return sorted(tasks, key=lambda task: (-task.piece.bytes, task.key))
