"""Rows of documents with their personal data masked."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.pii import Span, find, is_possible, mask
from filters.regions import page_region
from pipeline.schema import SPANS


def masked(batch: pa.RecordBatch, kinds: frozenset[str]) -> dict[str, pa.Array]:
    """Text and title with placeholders, and where those of the text stand: column ``pii``.

    Other columns keep describing the original.
    """
    texts, places = _masked_texts(batch, kinds)
    sizes = np.zeros(batch.num_rows + 1, np.int32)
    sizes[[row + 1 for row in places]] = [len(spans) for spans in places.values()]
    spans = [span._asdict() for own in places.values() for span in own]
    return {
        "text": _with(batch.column("text"), texts),
        "title": _with(batch.column("title"), _masked_titles(batch, kinds) if kinds else {}),
        "pii": pa.ListArray.from_arrays(
            pa.array(np.cumsum(sizes, dtype=np.int32)), pa.array(spans, SPANS.value_type), SPANS
        ),
    }


def _masked_texts(
    batch: pa.RecordBatch, kinds: frozenset[str]
) -> tuple[dict[int, str], dict[int, list[Span]]]:
    """By row: the texts that change, and where their placeholders stand."""
    texts, places = {}, {}
    text, spans = batch.column("text"), batch.column("pii")
    for row in np.flatnonzero(pc.list_value_length(spans).fill_null(0).to_numpy()).tolist():
        found = spans[row].as_py()
        chosen = [Span(s["start"], s["end"], s["kind"]) for s in found if s["kind"] in kinds]
        if chosen:
            texts[row], places[row] = mask(text[row].as_py(), chosen)
    return texts, places


def _masked_titles(batch: pa.RecordBatch, kinds: frozenset[str]) -> dict[int, str]:
    """By row: the titles that change. A title is at most 500 characters long."""
    titles = {}
    columns = (batch.column(name).to_pylist() for name in ("title", "host", "html_lang"))
    for row, (title, host, html_lang) in enumerate(zip(*columns, strict=True)):
        if title and is_possible(title):
            spans = [s for s in find(title, page_region(host, html_lang)) if s.kind in kinds]
            if spans:
                titles[row] = mask(title, spans)[0]
    return titles


def _with(column: pa.Array, values: Mapping[int, str]) -> pa.Array:
    """The column with other values in those rows, which are in order."""
    if not values:
        return column
    which = np.zeros(len(column), np.bool_)
    which[list(values)] = True
    return pc.replace_with_mask(column, pa.array(which), pa.array(values.values(), pa.string()))
