"""Line edits on rows of documents: what they leave, and the rows with the text they leave.

The documents table keeps the text as extracted; only what is published is edited, so other edits
are another curate, never another extraction.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.flags import BLANK, FLAGS
from filters.line_edits import Removed, line_edits, moved, removed, without
from filters.pii import Span
from filters.rules import Rule
from language_id.decoded import Characters, decoded
from pipeline import parquet
from pipeline.files import Folder
from pipeline.schema import SPANS
from pipeline.steps import utf8

CUTS = pa.schema([("row", pa.int32()), ("edits", SPANS)])
"""What goes from a kept document: its row in its documents file, and the spans."""
NOTHING_LEFT = Rule(
    "edits.nothing_left",
    "edited_char_count",
    1,
    None,
    "configuration: the line edits it asks for would leave no text to publish",
)
"""Judged, after all other rules, where edits are configured; its signal is counted for it."""


def edited_char_count(
    texts: pa.Array, langs: Sequence[str], steps: Sequence[str]
) -> NDArray[np.int64]:
    """Characters other than white space that the steps leave of each text, shape (texts,)."""
    characters = _characters(texts)
    return filled_chars(without(characters, line_edits(characters, langs, steps)))


def filled_chars(characters: Characters) -> NDArray[np.int64]:
    """Characters other than white space of each text, shape (texts,)."""
    blank = FLAGS[characters.codes] & BLANK
    filled = np.concatenate(([0], np.cumsum(blank == 0, dtype=np.int64)))
    return np.diff(filled[characters.offsets])


def removals(texts: pa.Array, langs: Sequence[str], steps: Sequence[str]) -> list[list[Removed]]:
    """What the steps remove from each text."""
    characters = _characters(texts)
    return removed(characters, line_edits(characters, langs, steps))


def edited(batch: pa.RecordBatch, steps: Sequence[str], chosen: pa.Array) -> pa.RecordBatch:
    """The batch with the text the steps leave where ``chosen``, and a column ``edits``.

    The spans of personal data become spans of that text. Other columns keep describing the
    original.
    """
    gone: list[Sequence[Removed]] = [()] * batch.num_rows
    rows = np.flatnonzero(chosen.to_numpy(False)).tolist() if steps else []
    if rows:
        part = batch.select(["text", "lang"]).take(pa.array(rows, pa.int64()))
        found = removals(part.column("text"), part.column("lang").to_pylist(), steps)
        for row, pieces in zip(rows, found, strict=True):
            gone[row] = pieces
    return with_edits(batch, gone)


def with_edits(batch: pa.RecordBatch, gone: Sequence[Sequence[Removed]]) -> pa.RecordBatch:
    """The batch with texts and places of personal data without what is gone, and ``edits``."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    if any(gone):
        columns |= _left(batch, gone)
    spans = [piece._asdict() for pieces in gone for piece in pieces]
    ends = np.cumsum([0, *map(len, gone)], dtype=np.int32)
    columns["edits"] = pa.ListArray.from_arrays(
        pa.array(ends), pa.array(spans, SPANS.value_type), SPANS
    )
    return pa.record_batch(list(columns.values()), list(columns))


class Cuts:
    """Spans to remove from the documents of one file, as the step before publishing stored them."""

    def __init__(self, folder: Folder, file: parquet.File) -> None:
        self._spans = pa.Table.from_batches(list(parquet.batches(folder, file.path)), CUTS)
        self._rows = self._spans["row"].to_numpy()

    def of(self, row: int, count: int) -> list[list[Removed]]:
        """What goes from each of ``count`` documents from ``row`` on."""
        first, last = np.searchsorted(self._rows, (row, row + count)).tolist()
        gone: list[list[Removed]] = [[] for _ in range(count)]
        for own in self._spans.slice(first, last - first).to_pylist():
            gone[own["row"] - row] = [Removed(**span) for span in own["edits"]]
        return gone


def _left(batch: pa.RecordBatch, gone: Sequence[Sequence[Removed]]) -> dict[str, pa.Array]:
    """Text and places of personal data without what goes; no Markdown of a text that changes."""
    texts, spans = batch.column("text").to_pylist(), batch.column("pii").to_pylist()
    for row, pieces in enumerate(gone):
        if pieces:
            starts = [0, *(piece.end for piece in pieces)]
            ends = [*(piece.start for piece in pieces), len(texts[row])]
            kept = zip(starts, ends, strict=True)
            texts[row] = "".join(texts[row][start:end] for start, end in kept)
            found = [Span(s["start"], s["end"], s["kind"]) for s in spans[row]]
            spans[row] = [span._asdict() for span in moved(found, pieces)]
    changed = pa.array([bool(pieces) for pieces in gone], pa.bool_())
    markdown = pc.if_else(changed, pa.scalar(None, pa.string()), batch.column("markdown"))
    return {
        "text": pa.array(texts, pa.string()),
        "markdown": markdown,
        "pii": pa.array(spans, SPANS),
    }


def _characters(texts: pa.Array) -> Characters:
    return decoded(*utf8(pc.coalesce(texts, pa.scalar("", pa.string()))))
