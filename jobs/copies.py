"""A document's cluster in a run, for ``corpusmill explain``: who else is in it, and who stays."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.console import plain
from pipeline import parquet, stages
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.judging import ROWS
from pipeline.schema import DECISIONS, schema
from pipeline.table_names import is_table_name

SHOWN = 10
COPIES = ("doc_id", "row", "cluster_id", "reason", "similarity")


def show(console: Console, folder: Folder, archive: str, offset: int) -> bool:
    """Print the cluster of the run's document from that place; whether there is such a document.

    Narrow columns of all documents are read. ConfigError where the run is not curated.
    """
    extracted, decided = (stages.required(folder, name) for name in ("extract", "curate"))
    documents, decisions = extracted.files["documents"], decided.files["decisions"]
    found = False
    for file, row in _places(folder, documents, archive, offset):
        own = parquet.row(folder, decisions[file].path, row, schema(DECISIONS).names)
        _fields(console, own)
        if own["cluster_size"] > 1:
            console.print(_copies(folder, documents, decisions, own))
        found = True
    return found


def _places(
    folder: Folder, documents: list[parquet.File], archive: str, offset: int
) -> Iterator[tuple[int, int]]:
    """File and row of the documents of that archive's record, by the name the run gave it.

    The offset of a table is a line.
    """
    column = "line" if is_table_name(archive) else "warc_offset"
    for number, file in enumerate(documents):
        start = 0
        for batch in parquet.batches(folder, file.path, ("warc_file", column), ROWS):
            at = pc.indices_nonzero(pc.equal(batch.column(column), offset)).to_pylist()
            for row in at:
                if f"/{archive}".endswith(f"/{batch.column('warc_file')[row]}"):
                    yield number, start + row
            start += batch.num_rows


def _fields(console: Console, own: dict[str, Any]) -> None:
    table = Table(title="In the run", title_justify="left", title_style="bold", box=None)
    table.show_header, table.pad_edge = False, False
    names = ("doc_id", "reason", "cluster_id", "cluster_size", "kept_doc_id", "kept_in")
    for name in (*names, "similarity", "also_in"):
        value = own[name]
        if value not in (None, []):
            shown = ", ".join(value) if isinstance(value, list) else value
            shown = f"{shown:.3f}" if isinstance(shown, float) else str(shown)
            table.add_row(name, Text(plain(shown)))
    if own["reason"] is None:
        table.add_row("", Text("stays"))
    console.print(table)


def _copies(
    folder: Folder,
    documents: list[parquet.File],
    decisions: list[parquet.File],
    own: dict[str, Any],
) -> Table:
    """The first members of the cluster by doc_id."""
    rows = sorted(
        (row["doc_id"], number, row)
        for number, file in enumerate(decisions)
        for row in _members(folder, file, own["cluster_id"])
    )[:SHOWN]
    more = f", the first {SHOWN}" if own["cluster_size"] > SHOWN else ""
    title = f"Copies in the cluster{more}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("doc_id", "fate", "similarity", "url"):
        table.add_column(column, overflow="fold")
    for doc_id, number, row in rows:
        page = parquet.row(folder, documents[number].path, row["row"], ("url",))
        alike = "" if row["similarity"] is None else f"{row['similarity']:.3f}"
        table.add_row(doc_id, row["reason"] or "stays", alike, Text(plain(page["url"])))
    return table


def _members(folder: Folder, file: parquet.File, cluster_id: str) -> Iterator[dict[str, Any]]:
    for batch in parquet.batches(folder, file.path, COPIES, ROWS):
        chosen = batch.filter(pc.equal(batch.column("cluster_id"), pa.scalar(cluster_id)))
        yield from chosen.to_pylist()


def required(folder: Folder) -> None:
    """ConfigError, with the remedy, unless the folder holds a curated run."""
    for name in ("extract", "curate"):
        stages.required(folder, name)
    grouped, curated = stages.required(folder, "deduplicate"), stages.required(folder, "curate")
    if curated.parts.get("deduplicate") != grouped.fingerprint:
        raise ConfigError(f"{folder.uri}: clusters changed; run `corpusmill curate` again")
