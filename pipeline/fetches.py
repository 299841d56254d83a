"""The newest fetch of every address: which fetches it takes the place of, in one process.

Only fetches that pass the rules count, so a page that became an error page keeps its last sound
text. Among those the newest stays, dated ones before others, the smallest ``doc_id`` of equal ones.
It is chosen before the copies of clusters are: an older fetch is no cluster's best copy, and the
newest one may still be the duplicate of another page, to which the older ones then point too.
An owner's objection seen in a fetch that is no older than the newest of these reaches them all.
``pipeline.fetches_spark`` does the same.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.addresses import address_hash
from pipeline import judging, parquet
from pipeline.files import Folder
from pipeline.narrow import Rows

REASON = "duplicate.url"
COLUMNS = ("doc_id", "url")
"""What an address is made from."""
NEVER = 2**63 - 1
"""A date after all others, so that what has none is the oldest."""


def addresses(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """64 bits of each document's address; a document without one shares it with no other.

    Columns: in ``COLUMNS``.
    """
    ids, urls = (batch.column(name).to_pylist() for name in COLUMNS)
    known = [address_hash(url or f"doc_id:{doc_id}") for doc_id, url in zip(ids, urls, strict=True)]
    return np.array(known, np.uint64).view(np.int64)


def read(folder: Folder, documents: Sequence[parquet.File]) -> NDArray[np.int64]:
    """Addresses of all rows, in the order of files and rows."""

    def part(file: parquet.File) -> list[NDArray[np.int64]]:
        batches = parquet.batches(folder, file.path, COLUMNS, judging.ROWS)
        return [addresses(batch) for batch in batches]

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        found = [own for parts in pool.map(part, documents) for own in parts]
    return np.concatenate([np.zeros(0, np.int64), *found])


def objected(
    address: NDArray[np.int64],
    rows: Rows,
    passes: NDArray[np.bool_],
    objecting: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Rows that pass though the owner objects: in a fetch no older than the newest that passes.

    An older objection was withdrawn. One without a date may be the latest word, and counts.
    """
    _, page = np.unique(address, return_inverse=True)
    count = int(page.max(initial=-1)) + 1
    newest, last = (np.full(count, -NEVER, np.int64) for _ in range(2))
    dated = passes & rows.dated
    np.maximum.at(newest, page[dated], rows.dates[dated])
    said = np.where(rows.dated, rows.dates, NEVER)[objecting]
    np.maximum.at(last, page[objecting], said)
    asked = np.zeros(count, np.bool_)
    asked[page[objecting]] = True
    return np.asarray(passes & (asked & (last >= newest))[page])


def newer(address: NDArray[np.int64], rows: Rows, passes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the row of the fetch that takes its place, -1 where none does."""
    own = np.flatnonzero(passes)
    age = np.where(rows.dated[own], -rows.dates[own], NEVER)
    order = own[np.lexsort((rows.ids[own, 1], rows.ids[own, 0], age, address[own]))]
    starts = np.flatnonzero(np.diff(address[order]) != 0) + 1
    starts = np.concatenate([np.zeros(1, np.int64), starts])[: max(1, len(order))]
    first = np.repeat(order[starts], np.diff(starts, append=len(order))) if len(order) else order
    found = np.full(len(passes), -1, np.int64)
    found[order] = np.where(first == order, -1, first)
    return found
