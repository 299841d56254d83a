"""Reading single records out of archives: requests for just these bytes, near ones together."""

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from pipeline import ledger, parquet
from pipeline.archives import records
from pipeline.errors import ArchiveError
from pipeline.files import Folder
from pipeline.members import Bytes, HeldBytes
from pipeline.record import Limits
from pipeline.storage import StorageOptions, open_source

log = logging.getLogger(__name__)

NEAR_BYTES = 8 << 10
"""Bytes between two records that are read rather than asked around: the request and metadata
records that stand there in a crawl; a request costs more than they do."""
AT_ONCE_BYTES = 8 << 20


class Place(NamedTuple):
    """Where a record is."""

    name: str
    offset: int
    length: int

    @property
    def end(self) -> int:
        """First byte behind it."""
        return self.offset + self.length


class Piece(NamedTuple):
    """Records of ``selection`` that one task reads: ``records`` rows of a file from ``start``.

    ``key`` is the same for the same records; ``bytes`` is what they take in their archives.
    """

    path: str
    start: int
    records: int
    bytes: int
    key: str


class Task(NamedTuple):
    """A piece of a selection, where its table is, and what goes before the archives' names."""

    piece: Piece
    folder: Folder
    base: str

    @property
    def key(self) -> str:
        """Name of its commit record: the same for the same records."""
        return self.piece.key


class _Part:
    """Bytes [start, end) of a source as a source."""

    def __init__(self, source: Bytes, start: int, end: int) -> None:
        self._source, self._start, self.size = source, start, end - start

    def read_at(self, offset: int, n: int) -> bytes:
        """Return up to ``n`` bytes from ``offset``."""
        return self._source.read_at(self._start + offset, max(min(n, self.size - offset), 0))


def screened_places(
    task: Task, options: StorageOptions, limits: Limits, also: Collection[str] = ()
) -> Iterator[ledger.Screened]:
    """The chosen records after the first look, by archive and place.

    Every byte of every chosen record is in one row, also where its archive is not there, ends
    before it, or holds something else at that place.
    """
    exactly = replace(options, read_ahead=False)
    for name, own in groupby(_places(task), key=lambda place: place.name):
        yield from _of_archive(task.base + name, list(own), exactly, limits, also)


def _places(task: Task) -> Iterator[Place]:
    piece, at = task.piece, 0
    for batch in parquet.batches(task.folder, piece.path, rows=10_000):
        first, last = piece.start - at, piece.start + piece.records - at
        at += batch.num_rows
        for row in batch.slice(max(first, 0), max(last, 0) - max(first, 0)).to_pylist():
            yield Place(row["warc_file"], row["warc_offset"], row["warc_length"])


def _of_archive(
    uri: str,
    places: list[Place],
    options: StorageOptions,
    limits: Limits,
    also: Collection[str],
) -> Iterator[ledger.Screened]:
    left, read = list(reversed(places)), 0
    try:
        with closing(open_source(uri, options)) as source:
            for together in near(places):
                for place, bytes_of in _fetched(source, together):
                    read = 0
                    for screened in _screened(place, bytes_of, limits, also):
                        yield screened
                        read += screened.row["warc_length"]
                    left.pop()
    except ArchiveError as error:
        log.warning("%s: %d chosen records cannot be read: %s", uri, len(left), error.reason)
        for place in reversed(left):
            yield _lost(place, error.reason, read if place is left[-1] else 0)


def near(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Places of one archive, in order, in groups that are read with one request each."""
    group: list[Place] = []
    for place in places:
        end = max((other.end for other in group), default=0)
        far = place.offset - end > NEAR_BYTES
        if group and (far or max(place.end, end) - group[0].offset > AT_ONCE_BYTES):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _fetched(source: Bytes, places: list[Place]) -> Iterator[tuple[Place, Bytes]]:
    start, end = places[0].offset, min(max(place.end for place in places), source.size)
    if len(places) == 1 and places[0].length > AT_ONCE_BYTES:
        yield places[0], _Part(source, start, max(end, start))
        return
    held = source.read_at(start, max(end - start, 0))
    for place in places:
        yield place, HeldBytes(held[place.offset - start : place.end - start])


def _screened(
    place: Place, source: Bytes, limits: Limits, also: Collection[str]
) -> Iterator[ledger.Screened]:
    """The rows of one chosen record: itself, or what stands in its place."""
    if source.size:
        for record in records(source, limits=limits):
            moved = record._replace(offset=record.offset + place.offset)
            yield ledger.screen(moved, place.name, also)
    if source.size < place.length:
        yield _lost(place, "beyond_end", source.size)


def _lost(place: Place, reason: str, read: int = 0) -> ledger.Screened:
    row = ledger.file_row(place.name, reason, place.offset + read, place.length - read)
    return ledger.Screened(row, None)
