"""Shards written by processes of one machine: without a JVM, and the same bytes as by Spark.

One process after another packs documents files into files on the local disk, each row for the task
that writes its shard (``pipeline.packing``); then the tasks are written, the largest first. Text is
on the disk once and passes memory twice, in pieces of some ten megabytes.
"""

import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext, suppress
from itertools import groupby
from multiprocessing import active_children, connection, get_context, parent_process
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline import packing, parquet, spread
from pipeline.runs import local_folder
from pipeline.shards import MOVED, SORT, WRITTEN, Publishing

MOST_BYTES = 4 << 30
"""Documents files of so many bytes are moved so; on the disk their rows take two to three times
as many."""
TASK_BYTES = 128 << 20
"""Bytes of documents files packed into one file."""
FEW_BYTES = 16 << 20
"""Documents files of fewer bytes are not worth the start of a process."""
READ_ROWS, EDIT_ROWS = 4000, 1000
"""Documents read at once, where nothing is edited or some are; never more than a row group."""

KILLED = (
    "a process that wrote shards was killed, most likely for want of memory; the same command with "
    "--master local[1] uses one process"
)

Advance = Callable[[int], None]
Calls = Callable[[Callable[..., Any], Iterable[tuple[Any, ...]]], Iterator[Any]]
"""Results, in any order, of a function of the job called with each of some arguments."""


class Piece(NamedTuple):
    """Where a task's part of some rows lies: from ``start`` to ``end`` in a file."""

    task: int
    path: str
    start: int
    end: int


def written(
    job: Publishing, processes: int, advance: Advance = lambda _: None
) -> list[dict[str, Any]]:
    """Write the shards; rows of ``WRITTEN``, one for each, in order.

    One process, or few rows, are this process's own work. ``advance`` is told of every row twice:
    when it is packed, and when it is written. Errors of the processes are raised here; RuntimeError
    where one was killed.
    """
    if sum(file.bytes for file in job.documents) < FEW_BYTES:
        processes = 1
    with (
        TemporaryDirectory(prefix="corpusmill-", dir=local_folder()) as spool,
        _pool(job, processes) if processes > 1 else nullcontext(_here(job)) as calls,
    ):
        files = _bundled(job.documents, processes)
        pieces: dict[int, list[Piece]] = defaultdict(list)
        for rows, own in calls(_pack, [(f, f"{spool}/{i}") for i, f in enumerate(files)]):
            advance(rows)
            for piece in own:
                pieces[piece.task].append(piece)
        found: list[dict[str, Any]] = []
        largest = sorted(pieces.values(), key=_bytes, reverse=True)
        for batch in calls(_write, [(own,) for own in largest]):
            advance(sum(batch.column("rows").to_pylist()))
            found += batch.to_pylist()
    return sorted(found, key=itemgetter("shard"))


def _bundled(documents: Sequence[parquet.File], processes: int) -> list[list[int]]:
    """Numbers of the files that are packed together."""
    tasks = spread.bundles([file.bytes for file in documents], TASK_BYTES, processes)
    pairs = zip(tasks, range(len(documents)), strict=True)
    return [[number for _, number in own] for _, own in groupby(pairs, key=itemgetter(0))]


def _bytes(pieces: Sequence[Piece]) -> int:
    return sum(piece.end - piece.start for piece in pieces)


def _pack(job: Publishing, files: Sequence[int], path: str) -> tuple[int, list[Piece]]:
    """Pack the rows of some documents files into one local file; their number, and the pieces."""
    pieces, count = [], 0

    def rows() -> packing.Batches:
        nonlocal count
        at_once = EDIT_ROWS if job.steps or job.cuts else READ_ROWS
        for number in files:
            name = job.documents[number].path
            batches = parquet.batches(job.folder, name, job.columns, at_once)
            for batch in job.rows(number, batches):
                count += batch.num_rows
                yield batch

    with pa.OSFile(path, "wb") as out, pa.ipc.new_stream(out, MOVED) as stream:
        for packs in packing.packs(rows(), SORT, job.layout.tasks):
            for task, own in packs:
                stream.write_batch(own)
                end = out.tell()
                pieces.append(Piece(task, path, end - pa.ipc.get_record_batch_size(own), end))
    return count, pieces


def _write(job: Publishing, pieces: Sequence[Piece]) -> pa.RecordBatch:
    """Write the shards of a task; rows of ``WRITTEN``."""
    parts = packing.Parts([], [])
    by_path: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for piece in pieces:
        by_path[piece.path].append((piece.start, piece.end))
    for path, places in by_path.items():
        with Path(path).open("rb") as file:
            pages, batches = packing.mapped(file, places, MOVED)
        parts.pages.extend(pages)
        parts.batches.extend(batches)
    return pa.Table.from_batches(job.shards(parts), WRITTEN).combine_chunks().to_batches()[0]


def _here(job: Publishing) -> Calls:
    def calls(work: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        return (work(job, *own) for own in arguments)

    return calls


@contextmanager
def _pool(job: Publishing, processes: int) -> Iterator[Calls]:
    """Processes that know the job; after an error none is left."""

    def calls(work: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        futures = [pool.submit(_of_the_job, work, own) for own in arguments]
        return (future.result() for future in as_completed(futures))

    # A fork would copy the locks of this process's threads.
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (job,)) as pool:
        try:
            yield calls
        except BrokenProcessPool:
            raise RuntimeError(KILLED) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in active_children():
                child.terminate()
            raise


_JOB: list[Publishing] = []
"""The job of this process, if it is one of those that ``_pool`` starts."""


def _start(job: Publishing) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this one decides
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    pa.set_cpu_count(1)
    _JOB[:] = [job]


def _end_with(parent: int) -> None:
    """End this process when the one that started it has."""
    with suppress(OSError):
        connection.wait([parent])
    os._exit(1)


def _of_the_job(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return work(_JOB[0], *arguments)
