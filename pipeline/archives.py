"""WARC and ARC files to records, with every byte of the file accounted for.

The healthy way is short: inflate a member in one call, find the end of its header, check that the
block ends where the header says. Whatever fails that is read again by the careful way
(``careful``), which bounds memory, checks every claim and goes on behind damage, and from the next
member on the short way is taken again. A range of a file owns the members that start in it; so any
division of a file into ranges gives the same rows.
"""

import re
from collections.abc import Iterator

from pipeline import careful, warc
from pipeline.gzip_members import GZIP
from pipeline.headers import first_values
from pipeline.lz4_frames import LZ4
from pipeline.members import (
    Bytes,
    Codec,
    find_sync,
    is_member,
    is_record_start,
    is_sync,
    skippable_end,
)
from pipeline.record import HARMLESS, PADDING, REASONS, Limits, Record, gap
from pipeline.windows import MemberWindow, Patience, PlainWindow, Window
from pipeline.zstd_frames import MAGIC as ZSTD_MAGIC
from pipeline.zstd_frames import zstd_codec

__all__ = ["HARMLESS", "REASONS", "Limits", "Record", "codec_of", "records"]

_CHUNK_BYTES = 4 << 20
_SCAN_BYTES = 1 << 20
_ANY_START = re.compile(
    rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|(?<=\n)WARC/\d|(?<=\n)https?://"
)


def records(
    source: Bytes, start: int = 0, end: int | None = None, limits: Limits | None = None
) -> Iterator[Record]:
    """Yield the rows of ``source`` that start in bytes [start, end), in file order.

    Over ranges that cover the file the lengths of all rows sum to its size. Damage is a row with
    a ``problem``, never an exception; an exception (``ArchiveError``) means the bytes themselves
    could not be had. Memory: about three times ``Limits.max_block_bytes`` at the worst, 8 MiB on
    the healthy way. Files that cannot be entered in the middle (plain, lz4, one member for all
    records) are read from their start whatever the range is.
    """
    limits = limits or Limits()
    end = source.size if end is None else min(end, source.size)
    if source.size == 0 and start == 0:
        yield gap(0, 0, "empty_file")
        return
    if start >= end:
        return
    codec = codec_of(source)
    if isinstance(codec, Codec):
        rows = _compressed(source, codec, start, end, limits)
    elif codec == "plain":
        rows = (row for row in _plain(source, end, limits) if row.offset >= start)
    else:
        rows = iter([gap(0, source.size, "not_an_archive")] if start == 0 else [])
    for row in rows:
        if row.kind == "gap" and row.length == source.size and row.problem in _NOTHING_FOUND:
            yield row._replace(problem="not_an_archive")
        else:
            yield row


_NOTHING_FOUND = frozenset({"padding", "garbage_between_members", "garbage_between_records"})


def codec_of(source: Bytes) -> Codec | str:
    """Return the codec of ``source``, "plain", or "unknown" if no record is found.

    By content, never by name. A file with a damaged start is searched for its first member or
    record, which takes one pass over what is damaged.
    """
    after = 0
    while (skipped := skippable_end(source, after)) is not None:
        after = skipped
    head = source.read_at(after, 8192)
    if head[:4] == ZSTD_MAGIC:
        return zstd_codec(source)
    for codec in (GZIP, LZ4):
        if head.startswith(codec.magic):
            return codec
    if is_record_start(head.lstrip(PADDING)):
        return "plain"
    return _first_found(source)


def _first_found(source: Bytes) -> Codec | str:
    codecs = {codec.magic: codec for codec in (GZIP, LZ4)}
    position = 0
    while position < source.size:
        chunk = source.read_at(position, _SCAN_BYTES)
        for match in _ANY_START.finditer(chunk):
            at, magic = position + match.start(), match.group()
            codec = zstd_codec(source) if magic == ZSTD_MAGIC else codecs.get(magic)
            if codec is not None and is_sync(source, codec, at):
                return codec
            if codec is None and is_record_start(source.read_at(at, 8192)):
                return "plain"
        if len(chunk) < _SCAN_BYTES:
            break
        position += len(chunk) - 16
    return "unknown"


def _plain(source: Bytes, end: int, limits: Limits) -> Iterator[Record]:
    """Rows of an uncompressed file that start before ``end``."""
    for row in _tiled(PlainWindow(source, 0), 0, limits):
        if row.offset >= end:
            return
        yield row


def _tiled(window: Window, start: int, limits: Limits) -> Iterator[Record]:
    """Yield the rows of ``window``, each reaching to the next, from ``start`` on without a hole."""
    held = None
    while (row := careful.next_row(window, limits)) is not None:
        if held is not None:
            yield held._replace(length=row.offset - held.offset)
        elif row.offset > start:
            yield gap(start, row.offset - start, "padding")
        held = row
    stop, ending = window.end_offset, window.problem
    if held is None:
        yield gap(start, stop - start, ending or "padding")
    elif held.kind == "gap":
        yield held._replace(length=stop - held.offset, problem=ending or held.problem)
    else:
        yield held._replace(length=stop - held.offset, problem=held.problem or ending)


def _stumbled(
    source: Bytes, codec: Codec, position: int, limits: Limits, patience: Patience
) -> Iterator[Record]:
    """Rows from ``position`` on to the next sync point, or a little before."""
    if is_member(source, codec, position):
        window = MemberWindow(source, codec, position, limits, patience)
        yield from _tiled(window, position, limits)
    elif (frame_end := skippable_end(source, position)) is not None:
        yield gap(position, frame_end - position, "skippable_frame")
    else:
        stop = find_sync(source, codec, position + 1, source.size)
        padding = _is_padding(source, position, stop)
        yield gap(position, stop - position, "padding" if padding else "garbage_between_members")


def _is_padding(source: Bytes, start: int, stop: int) -> bool:
    for at in range(start, stop, _SCAN_BYTES):
        if source.read_at(at, min(_SCAN_BYTES, stop - at)).strip(PADDING):
            return False
    return True


def _compressed(
    source: Bytes, codec: Codec, start: int, end: int, limits: Limits
) -> Iterator[Record]:
    """Rows of members that start in [start, end), and of damage up to the next member."""
    position = start and find_sync(source, codec, start, end)
    if start and position == end:
        return
    patience = Patience(source.size)
    healthy = _Healthy(source, codec, limits)
    while position < source.size:
        row = healthy.record(position) if position < end else None
        if row is not None:
            yield row
            position = row.offset + row.length
            continue
        if position >= end and is_sync(source, codec, position):
            return
        for row in _stumbled(source, codec, position, limits, patience):
            yield row
            position = row.offset + row.length


class _Healthy:
    """Members that hold one healthy WARC record each, out of a chunk of the file."""

    def __init__(self, source: Bytes, codec: Codec, limits: Limits) -> None:
        self._source, self._codec, self._limits = source, codec, limits
        self._base, self._chunk, self._view = 0, b"", memoryview(b"")

    def record(self, position: int) -> Record | None:
        """Return the record of the member at ``position``; None unless it is beyond doubt."""
        magic, chunk, at = self._codec.magic, self._chunk, position - self._base
        following = chunk.find(magic, at + len(magic)) if 0 <= at < len(chunk) else -1
        if following < 0:
            if not chunk or self._base + len(chunk) < self._source.size or at < 0:
                at, chunk = 0, self._load(position)
                following = chunk.find(magic, len(magic))
            if following < 0:
                if self._base + len(chunk) < self._source.size:
                    return None  # larger than a chunk
                following = len(chunk)
        most = self._limits.max_block_bytes
        content = self._codec.whole(self._view[at:following], most)
        if content is None:
            # A magic number may also stand inside a member, by chance.
            following = chunk.find(magic, following + len(magic))
            content = self._codec.whole(self._view[at:following], most) if following > 0 else None
        if content is None:
            return None
        return _only_record(content, position, following - at, self._limits)

    def _load(self, position: int) -> bytes:
        self._base, self._chunk = position, self._source.read_at(position, _CHUNK_BYTES)
        self._view = memoryview(self._chunk)
        return self._chunk


def _only_record(content: bytes, offset: int, length: int, limits: Limits) -> Record | None:
    """Return the record ``content`` consists of; None unless it is beyond doubt."""
    line_end = content.find(b"\r\n", 5, 12)
    if content[:5] != b"WARC/" or content[5:line_end] not in warc.VERSIONS:
        return None
    head_end = content.find(b"\r\n\r\n", line_end, limits.max_header_bytes)
    headers = first_values(content[line_end:head_end]) if head_end > 0 else {}
    claimed = warc.claimed_length(headers.get("content-length", ""))
    block_end = len(content) - 4
    if claimed != block_end - head_end - 4 or not content.endswith(b"\r\n\r\n"):
        return None
    return Record(
        offset,
        length,
        "record",
        headers.get("warc-type", "").lower(),
        "warc",
        headers,
        content[head_end + 4 : block_end],
        False,
        None,
    )
