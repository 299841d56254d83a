"""Repeated text found in one process: what ``pipeline.repeated`` finds, for previews.

Memory: about 50 bytes for each line of a kept document that is long enough to be asked about. The
text is read once for every step, and once more to be cut.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import parquet, repeats, stats
from pipeline.files import Folder
from pipeline.narrow import Advance
from pipeline.repeat_config import Repeats
from pipeline.repeats import COLUMNS, Found, Numbers, Steps

Kept = Callable[[], Iterator[tuple[Numbers, pa.RecordBatch]]]
"""Kept documents batch by batch, with their row numbers; read again by each call."""


def passes(wanted: Repeats) -> int:
    """How often the documents are read."""
    if not wanted.wanted:
        return 0
    return (wanted.site_line_pages > 0) + (wanted.paragraphs != "off") + 1


def emptied(
    folder: Folder,
    documents: Sequence[parquet.File],
    kept: NDArray[np.bool_],
    steps: Steps,
    advance: Advance = lambda _: None,
) -> tuple[Numbers, pa.Table]:
    """Rows of the kept documents that the cuts leave without text, and counts of the other cuts.

    The counts: language, kind, documents, spans and characters (``EDIT_COUNTS``).
    """
    read = partial(_kept, folder, documents, kept, advance)
    found = repeated(read, steps)
    gone = [np.zeros(0, np.int64)]
    counts = []
    for numbers, batch in read():
        cut = repeats.cut(batch, steps, found)
        nothing = repeats.is_emptied(cut)
        gone.append(numbers[nothing])
        counts.append(stats.edit_counts(batch.column("lang"), repeats.spans(cut, ~nothing)))
    return np.concatenate(gone), stats.summed_edits(counts)


def repeated(read: Kept, steps: Steps) -> Found:
    """The hashes that repeat in all kept documents."""
    found = Found()
    if steps.repeats.site_line_pages:
        made = (repeats.site_rows(steps, batch, found, 0) for _, batch in read())
        found = found._replace(lines=_site_lines(made, steps.repeats.site_line_pages))
    if steps.repeats.paragraphs != "off":
        made = (repeats.paragraph_rows(steps, batch, found, 0) for _, batch in read())
        hashes, keepers = _paragraphs(made)
        found = found._replace(paragraphs=hashes, keepers=keepers)
    return found


def _kept(
    folder: Folder,
    documents: Sequence[parquet.File],
    kept: NDArray[np.bool_],
    advance: Advance,
) -> Iterator[tuple[Numbers, pa.RecordBatch]]:
    row = 0
    for file in documents:
        for batch in parquet.batches(folder, file.path, COLUMNS):
            own = kept[row : row + batch.num_rows]
            yield row + np.flatnonzero(own), batch.filter(pa.array(own))
            row += batch.num_rows
            advance(batch.num_rows)


def _site_lines(rows: Iterator[pa.RecordBatch], most_pages: int) -> Numbers:
    hashes, pages, _ = _columns(rows, repeats.SITE_ROWS)
    lines = hashes[repeats.first_of_pairs(hashes, pages)]
    own, count = np.unique(lines, return_counts=True)
    return np.asarray(own[count > most_pages])


def _paragraphs(rows: Iterator[pa.RecordBatch]) -> tuple[Numbers, Numbers]:
    hashes, _, first, copies = _columns(rows, repeats.PARAGRAPH_ROWS)
    order = np.lexsort((first, hashes))
    own, starts = np.unique(hashes[order], return_index=True)
    if not len(own):
        return own, own
    several = np.add.reduceat(copies[order], starts) > 1
    return own[several], first[order][starts][several]


def _columns(rows: Iterator[pa.RecordBatch], kind: pa.Schema) -> list[Numbers]:
    table = pa.Table.from_batches(list(rows), kind)
    return [table[name].to_numpy() for name in kind.names]
