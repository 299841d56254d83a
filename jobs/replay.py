"""``corpusmill explain DIR DOC_ID``: a quarantined record in the sandbox again, no archive needed.

The limits and engine are the run's own unless a preset or file is named, so that what happened
then should happen now.
"""

import time
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs import explain
from jobs.console import plain
from jobs.options import settled
from pipeline import extraction, parquet, quarantine, stages
from pipeline.config import Config
from pipeline.config import Text as TextConfig
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.inputs import is_archive_name
from pipeline.storage import scheme_of
from pipeline.table_names import is_table_name

LISTED = ("doc_id", "reason", "notes", "warc_file", "warc_offset", "url")


def replayed(
    place: str, doc_id: str | None, config: Config, console: Console, *, own: bool
) -> bool:
    """Whether ``place`` is a run's folder; then its quarantine was listed, or a record replayed.

    ``own``: the configuration was asked for. Raises ConfigError for a ``doc_id`` without a run.
    """
    if doc_id is None and not _may_be_run(place):
        return False
    folder = settled(place, config)
    if not folder.exists(stages.record_name("extract")):
        if doc_id is not None:
            raise ConfigError(f"{place}: no run wrote here; `corpusmill mill` does")
        return False
    if doc_id is None:
        _list(folder, console)
    else:
        _replay(config if own else _as_run(config, folder), folder, doc_id, console)
    return True


def _may_be_run(place: str) -> bool:
    return scheme_of(place) in ("", "file", "s3") and not is_archive_name(place)


def _as_run(config: Config, folder: Folder) -> Config:
    """The configuration with the text settings and limits the run was extracted with."""
    recorded = cast(dict[str, Any], stages.required(folder, "extract").parts["config"])
    if "text" not in recorded:
        return config
    return config.model_copy(update={"text": TextConfig.model_validate(recorded["text"])})


def _list(folder: Folder, console: Console) -> None:
    """Print which records are in quarantine, and why."""
    table = Table(box=None, pad_edge=False)
    for column in ("doc_id", "reason", "archive", "offset", "url"):
        table.add_column(column, overflow="fold")
    for row in quarantine.rows(folder, _files(folder), LISTED):
        why = ", ".join([row["reason"], *row["notes"]])
        place = (row["warc_file"], str(row["warc_offset"]), row["url"])
        table.add_row(row["doc_id"], plain(why), *(Text(plain(value)) for value in place))
    if table.row_count:
        console.print(table)
    else:
        console.print("Nothing is in quarantine.")


def _replay(config: Config, folder: Folder, doc_id: str, console: Console) -> None:
    """Replay one record and print what happens; ConfigError where it is not in quarantine."""
    row = _row(folder, doc_id)
    if row["block"] is None:
        raise ConfigError(
            f"{doc_id}: its range of {row['warc_file']} broke the sandbox too often for all its "
            f"records to be kept; `corpusmill explain {row['warc_file']} --offset "
            f"{_place(row)}` reads the archive"
        )
    why = ", ".join([row["reason"], *(n for n in row["notes"])])
    console.print(Text(f"In the run: failed by {plain(why)}"))
    started = time.monotonic()
    also = extraction.also_read(config.text)
    explain.one(quarantine.screened(row, also), config, console)
    console.print(f"Replayed in {time.monotonic() - started:.1f} s.", highlight=False)


def _files(folder: Folder) -> list[parquet.File]:
    return stages.required(folder, "extract").files.get(quarantine.TABLE, [])


def _row(folder: Folder, doc_id: str) -> dict[str, Any]:
    files = _files(folder)
    for row in quarantine.rows(folder, files, ("doc_id",)):
        if row["doc_id"] == doc_id:
            break
    else:
        raise ConfigError(_elsewhere(folder, doc_id))
    return next(row for row in quarantine.rows(folder, files) if row["doc_id"] == doc_id)


def _place(row: dict[str, Any]) -> int:
    """Where ``explain`` finds the record: its offset, or a table's line."""
    table = is_table_name(row["warc_file"])
    return cast(int, row["inner_offset"] if table else row["warc_offset"])


def _elsewhere(folder: Folder, doc_id: str) -> str:
    """Where a document is that is not in quarantine."""
    places = ("doc_id", "warc_file", "warc_offset", "line")
    for file in stages.required(folder, "extract").files["documents"]:
        for batch in parquet.batches(folder, file.path, places):
            found = batch.filter(pc.equal(batch.column("doc_id"), pa.scalar(doc_id))).to_pylist()
            for row in found:
                at = row["line"] or row["warc_offset"]
                return (
                    f"{doc_id}: a document, not in quarantine; `corpusmill explain "
                    f"{row['warc_file']} --offset {at}` shows its page's way"
                )
    return f"{folder.uri}: no {doc_id} in quarantine; `corpusmill explain {folder.uri}` lists it"
