"""Repeated text in batches of kept documents: what is counted, and what is cut. No Spark here.

Three steps, each over the text that the one before left: lines of a site, line edits, paragraphs.
Paragraphs come last so that the copy that stays is published: whatever could take it away has been.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.addresses import address_hash
from filters.line_edits import followed_by, line_edits, removed, without
from filters.line_edits_kernel import Edits
from filters.repeats import EXEMPT, PARAGRAPH, SITE_LINE, Pieces, pieces_of, without_pieces
from filters.url_names import key_hash
from language_id.decoded import Characters, decoded
from pipeline import parquet
from pipeline.edits import filled_chars
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.repeat_config import Repeats
from pipeline.schema import SPANS
from pipeline.steps import utf8

COLUMNS = ("doc_id", "url", "host", "lang", "text")
"""What the steps look at."""
SITE_ROWS = pa.schema([("hash", pa.int64()), ("page", pa.int64()), ("file", pa.int32())])
PARAGRAPH_ROWS = pa.schema(
    [("hash", pa.int64()), ("file", pa.int32()), ("first", pa.int64()), ("copies", pa.int64())]
)
VERDICTS = pa.schema([("doc_id", pa.string()), ("reason", pa.string())])
Numbers = NDArray[np.int64]
NONE = np.zeros(0, np.int64)


class Steps(NamedTuple):
    """What is cut, in which order: repeats as configured, and line edits between them."""

    repeats: Repeats
    edits: tuple[str, ...] = ()


class Found(NamedTuple):
    """Hashes to look for in a documents file (or in all), each array sorted as ``lines`` is.

    ``lines``: of lines that go; ``paragraphs``: of those that go from all documents but the one
    whose node is at the same place in ``keepers``. 8 bytes a line, 16 a paragraph.
    """

    lines: Numbers = NONE
    paragraphs: Numbers = NONE
    keepers: Numbers = NONE


class Cut(NamedTuple):
    """Texts of a batch, what goes from each, and what is left."""

    characters: Characters
    edits: Edits
    left: Characters


def site_rows(steps: Steps, batch: pa.RecordBatch, _: Found, file: int) -> pa.RecordBatch:
    """Every line of a site's page once, with the page: rows of ``SITE_ROWS``.

    Columns: in ``COLUMNS``. A page is an address, so fetches of one count once; documents without
    a host have no site.
    """
    pieces, hashes = _site_lines(_characters(batch), batch, steps)
    asked = hashes != 0
    pages = np.array([address_hash(u or "") for u in batch.column("url").to_pylist()], np.uint64)
    lines, own = hashes[asked], pages.view(np.int64)[pieces.documents[asked]]
    first = first_of_pairs(lines, own)
    columns = [lines[first], own[first], _file(file, len(first))]
    return pa.record_batch([pa.array(column) for column in columns], SITE_ROWS)


def paragraph_rows(steps: Steps, batch: pa.RecordBatch, found: Found, file: int) -> pa.RecordBatch:
    """Every paragraph of a batch once: its smallest node and copies, rows of ``PARAGRAPH_ROWS``.

    Columns: in ``COLUMNS``. ``found``: the lines that go before.
    """
    pieces = _paragraphs(_before_paragraphs(batch, steps, found).left, steps)
    asked = pieces.hashes != EXEMPT
    hashes = pieces.hashes[asked].view(np.int64)
    nodes = node_of(batch.column("doc_id"))[pieces.documents[asked]]
    order = np.lexsort((nodes, hashes))
    own, first, copies = np.unique(hashes[order], return_index=True, return_counts=True)
    columns = [own, _file(file, len(own)), nodes[order][first], copies]
    return pa.record_batch([pa.array(column) for column in columns], PARAGRAPH_ROWS)


def cut(batch: pa.RecordBatch, steps: Steps, found: Found) -> Cut:
    """What all steps remove from each document. Columns: in ``COLUMNS``."""
    before = _before_paragraphs(batch, steps, found)
    if not len(found.paragraphs):
        return before
    pieces = _paragraphs(before.left, steps)
    nodes = node_of(batch.column("doc_id"))
    return _followed(
        before, without_pieces(before.left, pieces, _copies(pieces, nodes, found), PARAGRAPH)
    )


def spans(made: Cut, chosen: NDArray[np.bool_]) -> pa.Array:
    """What is removed from the chosen documents, in their own code points: a column ``edits``."""
    found = removed(made.characters, made.edits)
    pieces = [own if yes else [] for own, yes in zip(found, chosen.tolist(), strict=True)]
    return pa.array([[piece._asdict() for piece in own] for own in pieces], SPANS)


def is_emptied(made: Cut) -> NDArray[np.bool_]:
    """Which documents lose something and are left without a character to read."""
    return np.asarray((np.diff(made.edits.doc_offsets) > 0) & (filled_chars(made.left) == 0))


def kept_rows(
    folder: Folder, decisions: parquet.File, batches: Iterator[pa.RecordBatch]
) -> Iterator[tuple[Numbers, pa.RecordBatch]]:
    """Kept documents of a documents file, with their row numbers, from the decisions about it."""
    read = parquet.batches(folder, decisions.path, VERDICTS.names)
    verdicts = pa.Table.from_batches(list(read), VERDICTS)
    row = 0
    for batch in batches:
        part = verdicts.slice(row, batch.num_rows).combine_chunks()
        if not part["doc_id"].combine_chunks().equals(batch.column("doc_id")):
            raise ValueError(f"decisions {decisions.path} are not those of its documents")
        kept = pc.is_null(part["reason"]).combine_chunks()
        yield row + np.flatnonzero(kept.to_numpy(False)), batch.filter(kept)
        row += batch.num_rows


def _before_paragraphs(batch: pa.RecordBatch, steps: Steps, found: Found) -> Cut:
    """What site lines and line edits remove."""
    characters = _characters(batch)
    made = Cut(characters, line_edits(characters, (), ()), characters)
    if len(found.lines):
        pieces, hashes = _site_lines(characters, batch, steps)
        gone = _is_in(hashes, found.lines) & (hashes != 0)
        made = _followed(made, without_pieces(characters, pieces, gone, SITE_LINE))
    if not steps.edits:
        return made
    return _followed(made, line_edits(made.left, batch.column("lang").to_pylist(), steps.edits))


def _followed(made: Cut, later: Edits) -> Cut:
    edits = followed_by(made.characters, made.edits, made.left, later)
    return Cut(made.characters, edits, without(made.left, later))


def _characters(batch: pa.RecordBatch) -> Characters:
    return decoded(*utf8(pc.coalesce(batch.column("text"), pa.scalar("", pa.string()))))


def _site_lines(
    characters: Characters, batch: pa.RecordBatch, steps: Steps
) -> tuple[Pieces, Numbers]:
    """Lines, and hashes of them with their host; 0 where a line is none of a site's."""
    minimum = steps.repeats.site_line_min_chars
    pieces = pieces_of(characters, blocks=False, minimum_chars=minimum)
    hosts = batch.column("host").to_pylist()
    salts = np.array([key_hash(h) if h else 0 for h in hosts], np.uint64)
    own = salts[pieces.documents]
    asked = (pieces.hashes != EXEMPT) & (own != 0)
    return pieces, np.where(asked, pieces.hashes ^ own, np.uint64(0)).view(np.int64)


def _paragraphs(characters: Characters, steps: Steps) -> Pieces:
    blocks = steps.repeats.paragraphs == "blocks"
    minimum = steps.repeats.paragraph_min_chars
    return pieces_of(characters, blocks=blocks, minimum_chars=minimum)


def _copies(pieces: Pieces, nodes: Numbers, found: Found) -> NDArray[np.bool_]:
    """Pieces that go: all that are listed, but the first in the document that keeps each."""
    hashes = pieces.hashes.view(np.int64)
    gone = _is_in(hashes, found.paragraphs) & (pieces.hashes != EXEMPT)
    listed = np.flatnonzero(gone)
    keepers = found.keepers[np.searchsorted(found.paragraphs, hashes[listed])]
    own = listed[nodes[pieces.documents[listed]] == keepers]
    gone[own[first_of_pairs(pieces.documents[own], hashes[own])]] = False
    return np.asarray(gone)


def first_of_pairs(left: Numbers, right: Numbers) -> Numbers:
    """Where each pair stands first, in the order of the pairs."""
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    other = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return np.asarray(order[np.concatenate([[True], other])[: len(order)]])


def _is_in(values: Numbers, listed: Numbers) -> NDArray[np.bool_]:
    if not len(listed):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(listed, values), len(listed) - 1)
    return np.asarray(listed[places] == values)


def _file(number: int, count: int) -> NDArray[np.int32]:
    return np.full(count, number, np.int32)
