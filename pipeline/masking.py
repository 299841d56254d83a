"""Rows of documents with their personal data masked."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.pii import Span, find, is_possible, mask
from filters.regions import page_region
from pipeline.schema import SPANS

_NO_DIGITS = r"\x00-/:-?A-\x{65F}\x{2000}-\x{20CF}"
_DIGIT, _NONE = f"[^{_NO_DIGITS}]", f"[{_NO_DIGITS}]"
"""What may be a digit, and what may not: RE2 knows the digits of another Unicode than Python's
``re``, so whole blocks are taken for them, less those that European titles are written in."""
_POSSIBLE: Final = (
    rf"[@＠]|{_DIGIT}(?:{_NONE}{{0,3}}{_DIGIT}){{5}}"
    r"|[0-9]\.[0-9]{1,3}\.[0-9]|[23][0-9A-Fa-f]{3}:"
    r"|[0-9]{2}(?:[ \x{a0}\x{202f}-]?[0-9A-Za-z]){11}"
)
"""Found in every title ``is_possible`` is true of, and in few others."""


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
    suspect = pc.match_substring_regex(batch.column("title"), _POSSIBLE).fill_null(False)
    rows = np.flatnonzero(suspect.to_numpy(zero_copy_only=False))
    few = batch.select(["title", "host", "html_lang"]).take(pa.array(rows, pa.int64()))
    columns = (few.column(name).to_pylist() for name in few.schema.names)
    for row, title, host, html_lang in zip(rows.tolist(), *columns, strict=True):
        if is_possible(title):
            spans = [s for s in find(title, page_region(host, html_lang)) if s.kind in kinds]
            if spans:
                titles[row] = mask(title, spans)[0]
    return titles


def _with(column: pa.Array, values: Mapping[int, str]) -> pa.Array:
    """The column with other values in those rows, which are in order.

    ``pc.replace_with_mask`` moves the rows between them one by one, this moves them at once.
    """
    if not values:
        return column
    pieces, start = [], 0
    for row, value in values.items():
        pieces += [column.slice(start, row - start), pa.array([value], column.type)]
        start = row + 1
    return pa.concat_arrays([*pieces, column.slice(start)])
