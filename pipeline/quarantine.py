"""Records that broke the guarded child, kept as they were read, so that they can be tried again.

A page that takes too long, too much memory, or its process with it is rarely where the fault is
mended, and its archive may be gone by then. What is kept may hold personal data: the table is never
published, the next extraction replaces it, and it may be deleted at any time.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from pipeline import ledger, parquet
from pipeline.files import Folder
from pipeline.record import Record
from pipeline.schema import QUARANTINE, schema
from pipeline.table_documents import Said, screened_record

TABLE: Final = "quarantine"
REASONS: Final = frozenset({"timeout", "memory", "crash", "error"})
"""Why the child did not answer: ``sandbox.Failure``."""
MAX_HELD_BYTES: Final = 64 << 20
"""Bytes of blocks kept of one range of an archive; rows beyond have none."""
SCHEMA: Final = schema(QUARANTINE)


class Held:
    """What one range of an archive has to quarantine, in memory until the range is committed."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._bytes = 0

    def add(self, screened: Sequence[ledger.Screened], ended: Sequence[dict[str, Any]]) -> None:
        """Take the records of a batch, in order, whose ledger rows say that the child failed."""
        for (_, page), row in zip(screened, ended, strict=True):
            if page is not None and page.record is not None and row["reason"] in REASONS:
                self._bytes += len(page.record.block)
                kept = self._bytes <= MAX_HELD_BYTES
                self.rows.append(_row(page, page.record, row, kept=kept))

    def batch(self) -> pa.RecordBatch:
        """The rows as they are stored."""
        return pa.RecordBatch.from_pylist(self.rows, SCHEMA)


def _row(page: ledger.Page, record: Record, row: dict[str, Any], *, kept: bool) -> dict[str, Any]:
    return {
        "doc_id": page.columns["doc_id"],
        "url": page.columns["url"],
        "warc_file": row["warc_file"],
        "warc_offset": row["warc_offset"],
        "warc_length": row["warc_length"],
        "inner_offset": record.inner_offset,
        "record_type": record.warc_type,
        "format": record.format,
        "line_said": _said(page, row),
        "reason": row["reason"],
        "notes": row["notes"],
        "problem": record.problem,
        "truncated": record.truncated,
        "headers": [{"name": name, "value": value} for name, value in record.headers.items()],
        "block": record.block if kept else None,
    }


def _said(page: ledger.Page, row: dict[str, Any]) -> str | None:
    """What a table's line said beside the record that was made of it."""
    columns = page.columns
    if columns["line"] is None:
        return None
    said = Said(
        row["record_id"], page.header["html_lang"], columns["derived_from"], columns["rights"]
    )
    return json.dumps(said._asdict())


def rows(
    folder: Folder, files: Iterable[parquet.File], columns: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of the table, of the files that are still there."""
    for file in files:
        if folder.exists(file.path):
            for batch in parquet.batches(folder, file.path, columns, rows=1):
                yield from batch.to_pylist()


def screened(row: dict[str, Any], also: Collection[str] = ()) -> ledger.Screened:
    """The record of a row after the first look, as it was when its archive was read."""
    headers = {pair["name"]: pair["value"] for pair in row["headers"]}
    record = Record(
        row["warc_offset"], row["warc_length"], "record", row["record_type"], row["format"],
        headers, row["block"], row["truncated"], row["problem"], row["inner_offset"],
    )  # fmt: skip
    if row.get("line_said"):
        return screened_record(row["warc_file"], record, Said(**json.loads(row["line_said"])), also)
    return ledger.screen(record, row["warc_file"], also)
